/** Whoever reads the log is in it: before they have their answer, and once for each of their questions. */
import { hash } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { findEntries, getEntry, proveEntry } from '../../../../functions/api/entries.ts'
import type { ShownEntry } from '../../../../functions/log/show.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { type Store, StoreUnavailable } from '../../../../shared/ports/store.ts'
import { person, type ReadWorld, readWorld, storeWith, workload } from './read-world.ts'

let world: ReadWorld
let eid: string
beforeEach(async () => {
  world = await readWorld()
  eid = await world.call()
  await world.sequence()
  world.pass(30_000)
})

const minute = 60_000
const pat = person('pat')
const questions = {
  record: asking => getEntry(asking, eid),
  list: asking => findEntries(asking, {}),
  search: asking => findEntries(asking, { q: 'type:access' }),
  proof: asking => proveEntry(asking, eid),
} as const satisfies Record<string, (asking: ReturnType<ReadWorld['asking']>) => Promise<object | Refusal>>
const operations = Object.keys(questions) as (keyof typeof questions)[]

const ask = (operation: keyof typeof questions, who = pat, over?: Store) =>
  questions[operation](world.asking(who, over))
async function items(who = pat, query: Parameters<typeof findEntries>[1] = {}) {
  const page = await findEntries(world.asking(who), query)
  if (page instanceof Refusal) throw new Error(page.facts.detail)
  return (page as { readonly items: readonly ShownEntry[] }).items.map(one => one.eid)
}

describe.each(operations)('a %s', operation => {
  test('is recorded when its answer is there', async () => {
    expect(JSON.stringify(await ask(operation))).toContain(eid)
    expect((await world.readings()).map(({ unmapped }) => unmapped.operation)).toEqual([operation])
  })

  test('that cannot be recorded shows nothing, neither where the answer of the store was lost', async () => {
    for (const first of [async () => undefined, world.store.write.bind(world.store)]) {
      const write = async (op: Parameters<Store['write']>[0]) => {
        if (op.key.table !== 'entries') return world.store.write(op)
        await first(op)
        throw new StoreUnavailable('out')
      }
      const over = storeWith(world.store, { write: write as Store['write'] })
      await expect(ask(operation, pat, over)).rejects.toThrow(StoreUnavailable)
    }
  })

  test('that shows nothing for want of a slot is none', async () => {
    for (const id of ['one', 'two', 'three', 'four'])
      expect(await ask('record', person(id, 'cedar'))).toSatisfy(
        answer => id === 'one' || (answer as Refusal).code === 'reader_slots_exhausted',
      )
    const before = await world.readings()
    expect(before).toHaveLength(1)
    expect(await ask(operation)).toMatchObject({ code: 'reader_slots_exhausted' })
    expect(await world.readings()).toEqual(before)
  })

  test('of what is not theirs is none, and shows nothing', async () => {
    const answer = await ask(operation, person('rita', 'prairie'))
    expect(JSON.stringify(answer)).not.toContain(eid)
    const recorded = operation === 'list' || operation === 'search' ? [0] : []
    expect((await world.readings('prairie')).map(({ unmapped }) => unmapped.count)).toEqual(recorded)
    expect(await world.readings('cedar')).toEqual([])
  })
})

describe('it tells', () => {
  test('who read, what they asked, and which entries they were shown', async () => {
    await ask('record')
    await ask('search')
    const [record, search] = await world.readings()
    const who = { uid: 'person_pat', name: 'pat', type: 'person', org: { uid: 'cedar' } }
    const outcome = `${eid}.outcome`
    expect(record).toMatchObject({
      actor: { user: who },
      entity: { type: 'log_entries', uid: '2 entries' },
      unmapped: { count: 2, of: hash('sha256', `${eid}\n${outcome}`, 'base64url') },
    })
    expect(record?.unmapped).not.toHaveProperty('query')
    expect(search).toMatchObject({
      actor: { user: who },
      // The commitment of the month is in the tree as well, before them.
      unmapped: {
        query: 'type:access',
        size: 3,
        count: 2,
        of: hash('sha256', `${outcome}\n${eid}`, 'base64url'),
      },
    })
    expect(search?.unmapped.request).not.toBe(record?.unmapped.request)
  })

  test('of a single entry which it was, and of a proof the tree that it is in', async () => {
    await ask('proof')
    expect(await world.readings()).toMatchObject([
      { entity: { uid: eid }, unmapped: { operation: 'proof', size: 3, count: 1 } },
    ])
  })

  test('of a workload which client it was', async () => {
    await ask('record', workload('batch'))
    expect(await world.readings()).toMatchObject([
      { actor: { user: { uid: 'client_batch', name: 'batch', type: 'workload', org: { uid: 'cedar' } } } },
    ])
  })
})

test('of a further page of a list is told that it is one, and not where it begins: a cursor is sealed', async () => {
  const first = (await findEntries(world.asking(pat), { limit: '1', order: 'asc' })) as {
    readonly next: string
  }
  const after = first.next
  await findEntries(world.asking(pat), { limit: '1', order: 'asc', after })
  const queries = (await world.readings()).map(({ unmapped }) => JSON.parse(unmapped.query ?? ''))
  expect(queries).toHaveLength(2)
  expect(queries).toContainEqual({ limit: '1', order: 'asc', after: true })
  expect(JSON.stringify(queries)).not.toContain(after)
})

describe('of a person', () => {
  test.each(['record', 'search', 'proof'] as const)(
    'each %s is one, however often it is the same',
    async operation => {
      for (let i = 0; i < 3; i++) await ask(operation)
      const readings = await world.readings()
      expect(readings).toHaveLength(3)
      expect(new Set(readings.map(one => one.unmapped.request)).size).toBe(3)
    },
  )

  test('a list that says the same again is one a minute: of whoever follows the log', async () => {
    world.pass(minute - (world.now() % minute))
    for (let i = 0; i < 59; i++) {
      await ask('list')
      world.pass(1_000)
    }
    expect(await world.readings()).toHaveLength(1)
    world.pass(1_000)
    await ask('list')
    expect(await world.readings()).toHaveLength(2)
  })

  test('a list with another answer, another question, or for somebody else is another', async () => {
    world.pass(minute - (world.now() % minute))
    const count = async () => (await world.readings()).length
    await ask('list')
    await findEntries(world.asking(pat), { limit: '1' })
    expect(await count()).toBe(2)
    await world.call()
    await ask('list')
    expect(await count()).toBe(3)
    await ask('list')
    await ask('list', person('rita', 'prairie'))
    expect([await count(), (await world.readings('prairie')).length]).toEqual([3, 1])
  })
})

describe('of a workload', () => {
  test.each(operations)('the same %s is one a minute, and so it is of each client', async operation => {
    world.pass(minute - (world.now() % minute))
    for (let i = 0; i < 3; i++) {
      for (const id of ['batch', 'nightly']) await ask(operation, workload(id))
      world.pass(10_000)
    }
    expect(await world.readings()).toHaveLength(2)
    world.pass(minute)
    await ask(operation, workload('batch'))
    expect(await world.readings()).toHaveLength(3)
  })

  test('that reads one entry after another is one for each', async () => {
    const other = await world.call()
    for (const one of [eid, other, eid]) await getEntry(world.asking(workload('batch')), one)
    expect((await world.readings()).map(({ unmapped }) => unmapped.of).toSorted()).toEqual(
      [eid, other].map(one => hash('sha256', `${one}\n${one}.outcome`, 'base64url')).toSorted(),
    )
  })
})

describe('readings', () => {
  const shown = () => [eid, `${eid}.outcome`].toSorted()

  test('are in no list and no search of whoever does not ask for them, however many there are', async () => {
    for (let i = 0; i < 5; i++) await ask('record')
    await world.sequence()
    expect((await items(pat, { limit: '100' })).toSorted()).toEqual(shown())
    expect((await items(pat, { q: 'time:>=-1d' })).toSorted()).toEqual(shown())
  })

  test('are found by type:read, each by its id as well; reading them is recorded too', async () => {
    await ask('record')
    await world.sequence()
    const [reading] = await world.readings()
    expect(await items(pat, { q: 'type:read' })).toEqual([reading?.eid])
    expect(await getEntry(world.asking(pat), reading?.eid ?? '')).toMatchObject({
      body: { unmapped: { kind: 'log_read', operation: 'record' } },
      correlated: [],
    })
    expect(await world.readings()).toHaveLength(3)
    expect(await items(pat, { q: 'type:read' })).toEqual([reading?.eid])
  })

  test('are those of one’s own organisation: nobody else learns who reads', async () => {
    await ask('record')
    const [reading] = await world.readings()
    const answer = await getEntry(world.asking(person('rita', 'prairie')), reading?.eid ?? '')
    expect(answer).toMatchObject({ code: 'entry_unknown' })
  })

  test('get their place in the tree as every entry does', async () => {
    await ask('record')
    await world.sequence()
    const [reading] = await world.readings()
    expect(await proveEntry(world.asking(pat), reading?.eid ?? '')).toMatchObject({ view: { index: 3 } })
  })
})

test('what has no place in the tree yet is read, and not proved: when to ask again is said', async () => {
  const fresh = await world.call()
  expect(await getEntry(world.asking(pat), fresh)).toMatchObject({ eid: fresh, view: { index: null } })
  const answer = await proveEntry(world.asking(pat), fresh)
  expect(answer).toMatchObject({ code: 'not_in_tree_yet', facts: { retryAfter: 2 } })
  expect(await world.readings()).toHaveLength(1)
})
