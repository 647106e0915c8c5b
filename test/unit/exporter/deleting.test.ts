/** The deletion of a month's bodies: who decides, what goes, what stays, and what the log says afterwards. */
import { beforeEach, describe, expect, test } from 'vitest'
import { deleteMonths } from '../../../functions/exporter/delete.ts'
import { openArchive, parseArchiveKey } from '../../../functions/log/archive.ts'
import { readTree } from '../../../functions/log/proofs.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import { type Store, StoreUnavailable } from '../../../shared/ports/store.ts'
import { epochAt, startOfEpoch } from '../../../shared/watermark/epoch.ts'
import { testSecrets } from '../../world/log-view.ts'
import { start } from '../functions/governance/grant-world.ts'
import {
  codeOf,
  dayMs,
  hourMs,
  type KeptWorld,
  keptWorld,
  month,
  retentionMs,
  storeWith,
} from './kept-world.ts'

const epoch = epochAt(start)
const begins = startOfEpoch(epoch)

let world: KeptWorld
beforeEach(async () => {
  world = await keptWorld()
})

const ask = (of: string, who = 'dana') => world.call(who, 'deleteLogMonth', { body: { month: of } })
const archives = (): readonly string[] =>
  [...world.objects.all.keys()].filter(key => key.startsWith(`body/${epoch}/`))
const staged = (): readonly string[] =>
  [...world.objects.all.keys()].filter(key => key.startsWith('staging/'))
const ofTree = (): ReadonlyMap<string, string> =>
  new Map(
    [...world.objects.all]
      .filter(([key]) => key.startsWith('log/'))
      .map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]),
  )

/** Of calls of January, some of February, and so much later that January may go. */
async function aMonthThatMayGo({ calls = 6 } = {}): Promise<readonly string[]> {
  const eids: string[] = []
  for (let n = 0; n < calls; n++) {
    eids.push(await world.callOf(n % 2 === 0 ? 'cedar' : 'prairie'))
    await world.sequence()
    world.pass(hourMs)
  }
  world.pass(20 * dayMs)
  await world.callOf('cedar')
  await world.sequence()
  world.pass(retentionMs + 20 * dayMs)
  return eids
}

const monthsDeleted = async (): Promise<readonly string[]> => {
  const all = await world.entriesFrom(world.now() - 3 * dayMs, 5)
  return [...all.values()].map(({ body }) => body).filter(body => body.includes('"kind":"month_deleted"'))
}

describe('the decision', () => {
  test('is one of developer and office; one signature changes nothing', async () => {
    const eids = await aMonthThatMayGo()
    for (const who of ['pat', 'uma', 'audrey', 'olga'])
      expect([who, codeOf(await ask(month, who))]).toEqual([who, 'role_missing'])
    expect(codeOf(await ask(month))).toBe('proposed')
    await world.run()
    expect(await world.entryAt(eids[0] ?? '')).toBeDefined()
    expect(archives().length).toBeGreaterThan(0)
  })

  test('is refused for what is younger than it is kept, up to the second day behind it', async () => {
    await aMonthThatMayGo()
    const from = startOfEpoch(epoch + 1) + retentionMs + 2 * dayMs
    world.pass(from - 1 - world.now())
    expect(codeOf(await ask(month))).toBe('state_forbids')
    world.pass(1)
    expect(codeOf(await ask(month))).toBe('proposed')
  })

  test('is never of this month or the last one, however short things are kept', async () => {
    const governance = await keptWorldOf(0)
    for (const [passed, code] of [
      [0, 'state_forbids'],
      [31, 'state_forbids'],
      [60, 'proposed'],
    ] as const) {
      governance.pass(start + passed * dayMs - governance.now())
      expect([passed, codeOf(await governance.call('dana', 'deleteLogMonth', { body: { month } }))]).toEqual([
        passed,
        code,
      ])
    }
  })

  test('is refused where nobody says for how long things are kept, of nothing, and a second time', async () => {
    await aMonthThatMayGo()
    expect(codeOf(await ask('2020-02'))).toBe('state_forbids')
    const unsaid = await world.decide('dana', 'log.delete', 'x-01')
    expect(unsaid).toMatchObject({ code: 'body_malformed' })
    await world.deleteMonth()
    expect(codeOf(await ask(month))).toBe('state_forbids')
  })
})

/** One that keeps nothing for longer than `ms`, with a call in it. */
async function keptWorldOf(ms: number): Promise<KeptWorld> {
  const other = await keptWorld({ retentionMs: ms })
  await other.callOf('cedar')
  await other.sequence()
  return other
}

describe('what goes and what stays', () => {
  test('bodies go from the table, from archives and from what commits had staged; other months stay', async () => {
    const eids = await aMonthThatMayGo()
    const february = [...(await world.entriesFrom(startOfEpoch(epoch + 1), 28)).keys()]
    const later = [...world.objects.all.keys()].filter(key => key.startsWith(`body/${epoch + 1}/`))
    await world.deleteMonth()
    await world.run()
    expect(world.errors).toEqual([])
    for (const eid of eids) expect(await world.entryAt(eid)).toBeUndefined()
    const left = await world.entriesFrom(begins, 31)
    expect([...left.values()].map(({ body }) => JSON.parse(body).unmapped.kind)).toEqual(['epoch_commitment'])
    expect(archives()).toEqual([])
    const [state] = await world.store.get([keys.logState])
    expect(
      staged()
        .filter(key => key !== state?.staged)
        .filter(key => Number(key.split('-')[1]) <= 13),
    ).toEqual([])
    expect(february.length).toBeGreaterThan(0)
    for (const eid of february) expect(await world.entryAt(eid)).toBeDefined()
    expect(later.length).toBeGreaterThan(0)
    for (const key of later) expect(world.objects.all.has(key)).toBe(true)
  })

  test('no leaf is touched: every object of the tree, and a proof of what was deleted, is what it was', async () => {
    const [eid = ''] = await aMonthThatMayGo()
    const { i = -1 } = (await world.entryAt(eid)) ?? {}
    const proof = await (await readTree(world.objects))?.prove(i)
    const before = ofTree()
    await world.deleteMonth()
    await world.run()
    expect(ofTree()).toEqual(before)
    expect(proof).toBeDefined()
    expect(await (await readTree(world.objects))?.prove(i)).toBe(proof)
    await world.sequence()
    const [state] = await world.store.get([keys.logState])
    expect(state?.halted).toBeUndefined()
  })

  test('what an order covers stays, with its archive whole, until the order is lifted', async () => {
    const eids = await aMonthThatMayGo()
    const id = await world.place('nora', 'partner:cedar')
    await world.deleteMonth()
    await world.run()
    const there = await Promise.all(eids.map(async eid => (await world.entryAt(eid)) !== undefined))
    expect(there).toEqual(eids.map((_, n) => n % 2 === 0))
    expect(archives().length).toBe(3)
    for (const key of archives()) {
      const lines = await openArchive(
        testSecrets,
        parseArchiveKey(key)?.epoch ?? 0,
        world.objects.all.get(key) ?? new Uint8Array(),
      )
      expect(lines.some(line => line.organisation === 'cedar')).toBe(true)
    }
    const kept = await world.get(keys.logDeletion(month))
    expect(kept).toMatchObject({ state: 'deleting', work: { kept: { entries: 6, archives: 3 } } })
    expect(await monthsDeleted()).toEqual([])

    await world.lift(id)
    world.pass(dayMs)
    await world.run()
    expect(world.errors).toEqual([])
    // One more is that of the month's first hour, in which its key was committed to.
    for (const eid of eids) expect(await world.entryAt(eid)).toBeUndefined()
    expect(archives()).toEqual([])
    expect(await world.get(keys.logDeletion(month))).toMatchObject({
      state: 'done',
      work: { removed: { entries: 12, archives: 7 }, kept: { entries: 0, archives: 0 } },
    })
    const [told = '{}'] = await monthsDeleted()
    expect(JSON.parse(told).unmapped).toMatchObject({
      month,
      entries: 12,
      developers: ['halcyon'],
      governments: ['ofr'],
    })
    expect((await monthsDeleted()).length).toBe(1)
  })

  test('the bundle that the state of the log names stays, until another commit has followed', async () => {
    await world.callOf('cedar')
    await world.sequence()
    const [state] = await world.store.get([keys.logState])
    world.pass(retentionMs + 40 * dayMs)
    await world.deleteMonth()
    await world.run()
    expect(staged()).toEqual([state?.staged])
    expect(await world.get(keys.logDeletion(month))).toMatchObject({ state: 'deleting' })
    await world.sequence()
    world.pass(dayMs)
    await world.run()
    expect(staged()).not.toContain(state?.staged)
    expect(await world.get(keys.logDeletion(month))).toMatchObject({ state: 'done' })
  })

  test('what is not in the tree yet stays', async () => {
    const late = world.intentOf('cedar')
    await aMonthThatMayGo({ calls: 2 })
    await world.putIntent(late)
    await world.deleteMonth()
    await world.run()
    expect(await world.entryAt(late.eid)).toBeDefined()
    expect(await world.get(keys.logDeletion(month))).toMatchObject({ state: 'deleting' })
    await world.sequence()
    await world.callOf('cedar')
    await world.sequence()
    world.pass(dayMs)
    await world.run()
    expect(await world.entryAt(late.eid)).toBeUndefined()
    expect(await world.get(keys.logDeletion(month))).toMatchObject({ state: 'done' })
  })

  test('what a lock keeps stays, and is looked at again a day later', async () => {
    await aMonthThatMayGo()
    await world.deleteMonth()
    const [locked = ''] = archives()
    const remove: RemovableObjects['remove'] = async key =>
      key === locked ? { ok: false } : world.objects.remove(key)
    await world.run({ objects: { ...world.objects, remove } })
    expect(archives()).toEqual([locked])
    expect(await world.get(keys.logDeletion(month))).toMatchObject({
      state: 'deleting',
      work: { kept: { archives: 1 } },
    })
    await world.run()
    expect(archives()).toEqual([locked])
    world.pass(dayMs)
    await world.run()
    expect(archives()).toEqual([])
  })

  test('an exporter that keeps things for longer than the decision thought deletes nothing', async () => {
    const [eid = ''] = await aMonthThatMayGo()
    await world.deleteMonth()
    await world.run({ retentionMs: 400 * dayMs })
    expect(world.errors.join()).toContain('younger than everything is kept')
    expect(await world.entryAt(eid)).toBeDefined()
  })
})

test('where an order cannot be read, nothing is deleted', async () => {
  const [eid = ''] = await aMonthThatMayGo()
  const id = await world.place('dana', 'partner:cedar')
  await world.store.write({
    kind: 'update',
    key: keys.standingOrders,
    change: { set: [[['orders', id, 'q'], 'colour:red']] },
  })
  await world.deleteMonth()
  await world.run()
  expect(await world.entryAt(eid)).toBeDefined()
  expect(archives().length).toBeGreaterThan(0)
  expect(world.errors.join()).toContain('a deletion did not come further')
})

describe('races and crashes', () => {
  test('an order that is placed between the look and the removal is obeyed', async () => {
    const eids = await aMonthThatMayGo()
    await world.deleteMonth()
    let placed = false
    const store = storeWith(world.store, {
      async transact(ops) {
        if (!placed && ops.some(op => op.kind === 'remove')) {
          placed = true
          await world.place('nora', 'partner:cedar')
        }
        return world.store.transact(ops)
      },
    })
    await world.run({ store })
    expect(placed).toBe(true)
    const there = await Promise.all(eids.map(async eid => (await world.entryAt(eid)) !== undefined))
    expect(there).toEqual(eids.map((_, n) => n % 2 === 0))
    expect(archives().length).toBe(3)
  })

  test('and so is one that is placed while archives are judged', async () => {
    await aMonthThatMayGo()
    await world.deleteMonth()
    let placed = false
    const get: RemovableObjects['get'] = async key => {
      const found = await world.objects.get(key)
      if (!placed && key.startsWith(`body/${epoch}/`)) {
        placed = true
        await world.place('nora', 'partner:cedar')
      }
      return found
    }
    await world.run({ objects: { ...world.objects, get } })
    expect(placed).toBe(true)
    expect(archives().length).toBe(3)
  })

  test('several exporters delete once, and count once', async () => {
    await aMonthThatMayGo({ calls: 130 })
    await world.deleteMonth()
    for (let n = 0; n < 5; n++) await Promise.all([world.run(), world.run(), world.run()])
    expect(world.errors).toEqual([])
    expect(await world.get(keys.logDeletion(month))).toMatchObject({
      state: 'done',
      work: { removed: { entries: 260, archives: 131 } },
    })
    expect((await monthsDeleted()).length).toBe(1)
    expect(archives()).toEqual([])
  })

  test('wherever one dies, the next one ends it: nothing is left, and it is told once', async () => {
    await aMonthThatMayGo()
    await world.deleteMonth()
    for (let dies = 1; dies < 14; dies++) {
      let calls = 0
      const died = new StoreUnavailable('the process died')
      const before = <T>(work: () => Promise<T>): Promise<T> =>
        ++calls >= dies ? Promise.reject(died) : work()
      // Every second one dies behind what it did, and before it learns of it.
      const behind = async <T>(work: () => Promise<T>): Promise<T> => {
        const done = await work()
        if (++calls >= dies) throw died
        return done
      }
      const at = dies % 2 === 0 ? behind : before
      const store = storeWith(world.store, {
        write: (op => at(() => world.store.write(op))) as Store['write'],
        transact: ops => at(() => world.store.transact(ops)),
      })
      const remove: RemovableObjects['remove'] = key => at(() => world.objects.remove(key))
      await deleteMonths(
        { ...world.deps, store, objects: { ...world.objects, remove } },
        world.now() + hourMs,
      ).catch(() => undefined)
    }
    await world.run()
    expect(archives()).toEqual([])
    expect(await world.get(keys.logDeletion(month))).toMatchObject({
      state: 'done',
      work: { removed: { entries: 12 } },
    })
    expect((await monthsDeleted()).length).toBe(1)
  })
})

describe('afterwards', () => {
  test('an entry of that month says that it was deleted and by what, whether there ever was one', async () => {
    const [eid = ''] = await aMonthThatMayGo()
    const id = await world.place('nora', `entry:${eid}`)
    await world.deleteMonth()
    await world.run()
    const { entry } = await world.get(keys.logDeletion(month))
    const read = async (who: string, of: string) => {
      const answer = await world.call(who, 'getEntry', { path: { eid: of } })
      return answer instanceof Refusal ? [answer.code, answer.kind.status, answer.facts.detail] : 'there'
    }
    const gone = ['entry_deleted', 410, expect.stringContaining(entry)]
    for (const who of ['dana', 'nora', 'pat', 'rita']) {
      expect(await read(who, `${eid}.outcome`)).toEqual(gone)
      expect(await read(who, world.nobodys(begins + dayMs))).toEqual(gone)
    }
    // One that is kept is there for those who see it; to others it is told in the same words.
    expect(await read('dana', eid)).toBe('there')
    expect(await read('rita', eid)).toEqual(gone)
    expect(await read('dana', world.nobodys(world.now()))).toEqual(['entry_unknown', 404, expect.anything()])
    expect(id).not.toBe('')
  })

  test('a search finds none of them', async () => {
    await aMonthThatMayGo()
    const q = `type:access time:${new Date(begins).toISOString()}..${new Date(begins + 31 * dayMs - 1).toISOString()}`
    const found = async () => {
      const answer = await world.call('dana', 'listEntries', { query: { q, limit: '100' } })
      return (answer as { body: { items: readonly object[] } }).body.items.length
    }
    expect(await found()).toBe(12)
    await world.deleteMonth()
    await world.run()
    expect(await found()).toBe(0)
  })

  test('that a month was deleted is shown to all; what is kept of it, to those who decide', async () => {
    await aMonthThatMayGo()
    await world.place('nora', 'partner:cedar')
    await world.deleteMonth()
    await world.run()
    const shown = async (who: string) => {
      const answer = await world.call(who, 'listLogDeletions')
      return (answer as { body: { items: readonly { month: string; work: object | null }[] } }).body.items
    }
    expect(await shown('dana')).toMatchObject([{ month, work: { kept: { entries: 6 } } }])
    for (const who of ['pat', 'audrey'])
      expect([who, await shown(who)]).toMatchObject([who, [{ month, work: null }]])
  })
})
