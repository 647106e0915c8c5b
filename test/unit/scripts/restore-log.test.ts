/** After a restore of its table the log goes on from what is published, and loses nothing that is in the tree. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stagingKey } from '../../../functions/sequencer/staged.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { outcomeId } from '../../../shared/entries/id.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { openRestoreWorld, type RestoreWorld, retentionMs } from './restore-log-world.ts'

let world: RestoreWorld
beforeEach(async () => {
  world = await openRestoreWorld()
})
afterEach(() => world.close())

const intent = { kind: 'intent', reserve: 10, meters: ['meter_1'], request: 'r-1' }
const hourMs = 3_600_000

/** Leaves of which the table knows, and then more; the table is put back. */
async function fallBehind(): Promise<{
  readonly early: readonly string[]
  readonly late: readonly string[]
}> {
  const early = await world.write(5)
  await world.sequence()
  const copy = world.copy()
  world.pass(hourMs)
  const late = await world.write(300)
  await world.sequence()
  world.restore(copy)
  return { early, late }
}

/** Only what the table has of itself: not until when, and not the record of the restore. */
const told = (row: string): string => row.replace(/,"exp":\d+/, '')

describe('a table that is behind', () => {
  test('halts the log; restored, its items are as they were, and the next leaf follows on the last', async () => {
    await world.write(5)
    await world.sequence()
    const copy = world.copy()
    const waiting = world.store
    world.pass(hourMs)
    const [open = '', ended = ''] = await world.write(2, intent)
    await world.writeAs(outcomeId(ended), { kind: 'outcome', charge: 7, meters: [], request: 'r-1' })
    await waiting.write({ kind: 'update', key: keys.entry(ended), change: { remove: [['open']] } })
    await world.write(300)
    await world.sequence()
    const before = await world.published()
    const rows = world.rows().filter(row => !/^(log|epoch#\d+) /.test(row))
    world.restore(copy)
    expect(await world.sequence()).toMatchObject({ halted: true })
    const [later = ''] = await world.write(1)

    const { found, eid } = await world.putBack()
    expect(found.counts).toEqual({ nothing: 6, leave: 0, put: 303, place: 0, replace: 0, refuse: 0 })
    const after = world.rows().filter(row => !/^(log|epoch#\d+) /.test(row) && !row.includes(later))
    const shards = (row: string) => row.replace(/"open":"open#\d+"/, '"open":"open"')
    const same = (row: string) =>
      JSON.stringify(sorted(JSON.parse(shards(told(row)).slice(row.indexOf('{')))))
    expect(after.filter(row => !row.startsWith(eid)).map(same)).toEqual(rows.map(same))
    expect(await world.entry(open)).toMatchObject({
      open: expect.stringMatching(/^open#/),
      meters: ['meter_1'],
    })
    expect(await world.entry(ended)).not.toHaveProperty('open')
    expect(JSON.parse((await world.entry(eid))?.body ?? '')).toMatchObject({
      actor: { user: { name: 'bob' } },
      unmapped: { kind: 'log_restored', from: 6, to: 309, put_back: 303, displaced: 0 },
    })

    expect(await world.sequence()).toMatchObject({ size: 311, appended: 2 })
    const grown = await world.published()
    expect(grown.faults).toEqual([])
    expect(grown.leaves.slice(0, 309)).toEqual(before.leaves)
    expect([(await world.entry(later))?.i, (await world.entry(eid))?.i].sort()).toEqual([309, 310])
  })

  test('gives what waits in it the place that it has in the tree', async () => {
    const waiting = await world.write(3)
    const copy = world.copy()
    await world.sequence()
    world.restore(copy)
    const { found } = await world.putBack()
    expect(found.counts).toMatchObject({ put: 1, place: 3 })
    for (const eid of waiting) {
      const entry = await world.entry(eid)
      expect(entry).toMatchObject({ i: expect.any(Number), exp: expect.any(Number) })
      expect(entry).not.toHaveProperty('pending')
    }
    expect((await world.published()).leaves).toHaveLength(4)
    expect(await world.sequence()).toMatchObject({ size: 5, appended: 1 })
  })

  test('gives up what was made under an id that the tree has: the first counts, and the log tells of the other', async () => {
    const [call = ''] = await world.write(1, intent)
    await world.sequence()
    const copy = world.copy()
    await world.writeAs(outcomeId(call), { kind: 'outcome', charge: 7, meters: [] })
    await world.sequence()
    world.restore(copy)
    await world.writeAs(outcomeId(call), { kind: 'outcome', charge: 10, ending: 'estimated', meters: [] })
    const made = await world.entry(outcomeId(call))
    const { eid } = await world.putBack()
    expect(await world.entry(outcomeId(call))).toMatchObject({ charge: 7, i: 2 })
    expect(JSON.parse((await world.entry(eid))?.body ?? '').unmapped).toMatchObject({
      displaced: 1,
      of: [{ entry: outcomeId(call), digest: made?.digest, charge: 10 }],
    })
  })

  test('of which nothing is left comes back whole, with the readers that its months were made for', async () => {
    const empty = world.copy()
    await world.write(700)
    await world.sequence()
    const rows = world.rows().length
    const { leaves } = await world.published()
    world.restore(empty)
    // Somebody read meanwhile, and the month was begun anew, for other readers.
    const epoch = epochAt(Date.UTC(2026, 10, 27))
    await world.beginEpoch(epoch, 16)
    expect((await world.store.get([keys.logEpoch(epoch)]))[0]).toMatchObject({ slots: 16 })
    const { found } = await world.putBack()
    expect(found).toMatchObject({ from: 0, counts: { put: 701 }, epochs: [{ epoch, slots: 4 }] })
    expect(world.rows()).toHaveLength(rows + 1)
    await world.sequence()
    const grown = await world.published()
    expect([grown.faults, grown.leaves.slice(0, 701)]).toEqual([[], leaves])
  })

  test('is at a version then that none of the lost states can have had', async () => {
    await world.write(1)
    await world.sequence()
    const copy = world.copy()
    for (let n = 0; n < 5; n++) {
      await world.write(1)
      await world.sequence()
    }
    const lost = (await world.state())?.rev ?? 0
    world.restore(copy)
    expect((await world.state())?.rev).toBeLessThan(lost)
    await world.putBack()
    expect((await world.state())?.rev).toBeGreaterThan(lost)
  })

  test('is restored once: a second time there is nothing to do, and nothing changes', async () => {
    await fallBehind()
    await world.putBack()
    const rows = world.rows()
    expect(await world.look()).toEqual({ nothing: 'The table is at 306, as is what is published.' })
    expect(world.rows()).toEqual(rows)
  })

  test('is restored by a second run where the first was broken off at any of its writes', async () => {
    await fallBehind()
    for (let writes = 0; ; writes += 97) {
      let left = writes
      const { store } = world
      const dying = { ...store, write: dies(store.write), transact: dies(store.transact) }
      function dies<A extends unknown[], R>(act: (...args: A) => Promise<R>) {
        return async (...args: A): Promise<R> => {
          if (left-- <= 0) throw new Error('killed')
          return act(...args)
        }
      }
      const { putBack } = await import('../../../scripts/restore-log/put-back.ts')
      const found = await world.look()
      if ('nothing' in found) throw new Error(found.nothing)
      const random = { bytes: (n: number) => new Uint8Array(n).fill(writes % 251) }
      const done = await putBack({ ...world.deps(), store: dying, random }, found, { operator: 'bob' }).catch(
        (error: Error) => error.message,
      )
      if (done !== 'killed') break
    }
    expect(await world.state()).toMatchObject({ size: 306 })
    expect(await world.sequence()).toMatchObject({ size: 307, appended: 1 })
    expect((await world.published()).faults).toEqual([])
  })

  test('leaves what is older than everything is kept, but for what a preservation order covers', async () => {
    const empty = world.copy()
    const [old = ''] = await world.write(1, { kind: 'refusal', organisation: 'cedar' })
    const [kept = ''] = await world.write(1, { kind: 'refusal', organisation: 'prairie' })
    await world.sequence()
    world.restore(empty)
    await world.store.write({
      kind: 'put',
      key: keys.standingOrders,
      item: { orders: { preservation_1: { q: 'code:kept', at: 0 } }, rev: 1 },
    })
    world.pass(retentionMs + 24 * hourMs)
    const { found } = await world.putBack()
    expect(found.counts).toMatchObject({ put: 0, leave: 3 })
    expect([await world.entry(old), await world.entry(kept)]).toEqual([undefined, undefined])
  })

  test('keeps what an order covers without an end, whatever its age', async () => {
    const empty = world.copy()
    await world.write(1, { kind: 'refusal', code: 'other' })
    const [kept = ''] = await world.write(1, { kind: 'refusal', code: 'hold_active' })
    await world.sequence()
    world.restore(empty)
    await world.store.write({
      kind: 'put',
      key: keys.standingOrders,
      item: { orders: { preservation_1: { q: 'code:hold_active', at: 0 } }, rev: 1 },
    })
    world.pass(retentionMs + 24 * hourMs)
    const { found } = await world.putBack()
    expect(found.counts).toMatchObject({ put: 1, leave: 2 })
    expect(await world.entry(kept)).toMatchObject({ i: expect.any(Number) })
    expect(await world.entry(kept)).not.toHaveProperty('exp')
  })

  test('needs no archive of a month that was deleted, and does need every other', async () => {
    const empty = world.copy()
    await world.write(2)
    await world.sequence()
    world.restore(empty)
    for (const key of world.objects.all.keys())
      if (/^(body|staging)\//.test(key)) await world.objects.remove(key)
    await expect(world.look()).rejects.toThrow('no archive holds the entry at the place 0')
    world.pass(retentionMs + 60 * 24 * hourMs)
    expect(await world.look()).toMatchObject({ gone: 3, counts: { put: 0 } })
  })
})

describe('a commit that was on its way', () => {
  test.each([0, 1, 3])('is taken, however much of it was there (%i objects)', async applied => {
    await world.write(5)
    await world.sequence()
    const copy = world.copy()
    await world.write(2)
    await world.sequence()
    const [late = ''] = await world.write(1)
    await world.killedSequence(applied)
    world.restore(copy)
    const { found } = await world.putBack()
    expect(found.target).toMatchObject({ size: 9, published: { size: 8 }, staged: { begun: applied > 0 } })
    expect((await world.published()).leaves).toHaveLength(8)
    expect(await world.entry(late)).toMatchObject({ i: 8 })
    expect(await world.sequence()).toMatchObject({ size: 10, appended: 1 })
    const grown = await world.published()
    expect([grown.faults, grown.leaves.length]).toEqual([[], 10])
  })

  test('is taken where the table is at what is published, if something of it is there already', async () => {
    await world.write(5)
    await world.sequence()
    const copy = world.copy()
    const [lost = ''] = await world.write(1)
    await world.killedSequence(2)
    world.restore(copy)
    await world.putBack()
    expect(await world.entry(lost)).toMatchObject({ i: 6 })
    await world.sequence()
    expect(await world.published()).toMatchObject({ faults: [], leaves: { length: 8 } })
  })

  test('that lost is passed over for the one of which something is there', async () => {
    await world.write(250)
    await world.sequence()
    const copy = world.copy()
    // Another prepares on the same tree, and its state is lost: its objects are never put.
    await world.write(9)
    await world.killedSequence(0)
    world.restore(copy)
    const second = world.copy()
    const [won = ''] = await world.write(8)
    await world.killedSequence(3)
    world.restore(second)
    const { found } = await world.putBack()
    expect(found.target).toMatchObject({
      size: 259,
      passedOver: [expect.stringMatching(/^staging\/251-260-/)],
    })
    expect(await world.entry(won)).toMatchObject({ i: expect.any(Number) })
    await world.sequence()
    expect((await world.published()).faults).toEqual([])
  })

  test('of which something is there is taken before a larger one that contradicts nothing', async () => {
    await world.write(5)
    await world.sequence()
    const copy = world.copy()
    await world.write(3)
    await world.killedSequence(0)
    world.restore(copy)
    const second = world.copy()
    await world.write(2)
    await world.killedSequence(1)
    world.restore(second)
    const { found } = await world.putBack()
    expect(found.target).toMatchObject({
      size: 8,
      staged: { begun: true },
      passedOver: [expect.stringMatching(/^staging\/6-9-/)],
    })
  })

  test('is passed over where its signature or its name is another', async () => {
    await fallBehind()
    await world.write(4)
    const [real] = [...world.objects.all.keys()].filter(key => key.startsWith('staging/6-'))
    const bytes = world.objects.all.get(real ?? '') ?? new Uint8Array()
    await world.objects.put(stagingKey(306, 310, 'ab'), bytes, { ifAbsent: true })
    await world.objects.put(stagingKey(306, 311, 'ab'), Buffer.from('{"objects":[]}\n'), { ifAbsent: true })
    const { found } = await world.putBack()
    expect(found.target).toMatchObject({ size: 306, passedOver: { length: 2 } })
    expect(found.target).not.toHaveProperty('staged')
  })
})

describe('refused with the reason, and nothing changed:', () => {
  const refused = async (): Promise<string> => {
    const rows = world.rows()
    const message = await world.putBack().then(
      () => 'it was not refused',
      (error: Error) => error.message,
    )
    expect(world.rows().join() === rows.join()).toBe(true)
    return message
  }
  const spoil = async (key: string, at = 0): Promise<void> => {
    const bytes = Uint8Array.from(world.objects.all.get(key) ?? [])
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await world.objects.remove(key)
    await world.objects.put(key, bytes, { ifAbsent: true })
  }
  const only = (pattern: RegExp): string => [...world.objects.all.keys()].find(key => pattern.test(key)) ?? ''

  test('a tile, a leaf, an archive or the checkpoint with another byte', async () => {
    await fallBehind()
    const keys = ['log/tile/0/000', 'log/tile/1/000.p/1', 'log/tile/entries/000', only(/^body\/.*\/6-305$/)]
    const told: string[] = []
    for (const key of [...keys, 'log/checkpoint']) {
      await spoil(key, 3)
      told.push(await refused())
      await spoil(key, 3)
    }
    expect(told).toEqual([
      'tile/0/000 has other hashes than its leaves come to.',
      'tile/1/000.p/1 has other hashes than its leaves come to.',
      'the leaves do not come to the signed root of a tree of 6.',
      expect.stringMatching(/^body\/.* was not sealed by this deployment/),
      expect.stringContaining("is not this log's"),
    ])
    await world.putBack()
    expect(await world.state()).toMatchObject({ size: 306 })
  })

  test('a tile that is missing, and an archive that no known commit has brought', async () => {
    await fallBehind()
    const tile = world.objects.all.get('log/tile/0/000') ?? new Uint8Array()
    await world.objects.remove('log/tile/0/000')
    expect(await refused()).toBe('tile/0/000 is not there.')
    await world.objects.put('log/tile/0/000', tile, { ifAbsent: true })
    const epoch = epochAt(Date.UTC(2026, 10, 27))
    await world.objects.put(`body/${epoch}/1/306-308`, tile, { ifAbsent: true })
    expect(await refused()).toContain('holds places beyond 306')
  })

  test('an archive that is sealed well and is of another entry than the leaf', async () => {
    const { sealArchive } = await import('../../../functions/log/archive.ts')
    const { openArchive } = await import('../../../functions/log/archive.ts')
    await fallBehind()
    const { secrets } = world.deps()
    const key = only(/^body\/.*\/6-305$/)
    const epoch = Number(key.split('/')[1])
    const lines = await openArchive(secrets, epoch, world.objects.all.get(key) ?? new Uint8Array())
    const [first, second, ...rest] = lines
    if (first === undefined || second === undefined) throw new Error('there are two')
    const swapped = [{ ...first, eid: second.eid }, { ...second, eid: first.eid }, ...rest]
    await world.objects.remove(key)
    await world.objects.put(key, await sealArchive(secrets, epoch, swapped), { ifAbsent: true })
    expect(await refused()).toContain('the leaf at 6 is not that of')
  })

  test('a table of another tree, an entry with another place, or a log that is halted for another reason', async () => {
    const { late } = await fallBehind()
    const state = await world.state()
    const put = (item: object) => world.store.write({ kind: 'put', key: keys.logState, item })
    await put({ ...state, halted: { why: 'missing', at: 1, detail: 'a tile' } })
    expect(await refused()).toBe('the log is halted for another reason, missing: a tile')
    await put({ ...state, size: 5 })
    expect(await refused()).toBe('the leaves do not come to the signed root of a tree of 5.')
    await put({ ...state })
    await world.writeAs(late[0] ?? '', { kind: 'refusal' })
    await world.store.write({
      kind: 'update',
      key: keys.entry(late[0] ?? ''),
      change: { set: [[['i'], 3]] },
    })
    expect(await refused()).toMatch(/has place 3 in the table, and \d+ in the tree/)
  })

  test('a state that another has changed since it was looked at', async () => {
    await fallBehind()
    const { putBack } = await import('../../../scripts/restore-log/put-back.ts')
    const found = await world.look()
    if ('nothing' in found) throw new Error(found.nothing)
    await world.sequence()
    const random = { bytes: (n: number) => new Uint8Array(n) }
    await expect(putBack({ ...world.deps(), random }, found, { operator: 'bob' })).rejects.toThrow(
      'was changed meanwhile',
    )
    expect(await world.state()).toMatchObject({ size: 6, halted: { why: 'behind' } })
  })
})

test('nothing is done where nothing was published, or the table is where it should be', async () => {
  expect(await world.look()).toEqual({ nothing: 'No tree was ever published.' })
  await world.write(3)
  await world.sequence()
  expect(await world.look()).toEqual({ nothing: 'The table is at 4, as is what is published.' })
  await world.write(1)
  await world.killedSequence(1)
  expect(await world.look()).toEqual({
    nothing: 'The table is at 5, beyond what is published: the sequencer finishes that.',
  })
})

const sorted = (item: object): object =>
  Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
