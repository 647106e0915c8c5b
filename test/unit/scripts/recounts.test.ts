/** Recounting a log against its meters: what is counted, what is ended, and when nothing is touched. */
import { beforeEach, describe, expect, test } from 'vitest'
import { outcomePut } from '../../../functions/settlement.ts'
import { abandonedMs } from '../../../functions/sweeper/app.ts'
import { recountMeters } from '../../../scripts/recounts.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { freshMeter, type Meter, reserve, reserved } from '../../../shared/domain/meter.ts'
import { type CallFacts, intentEntry, type OutcomeFacts } from '../../../shared/entries/call.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { quiet } from '../../world/embedded.ts'
import { entriesOf, told } from '../../world/entries.ts'

const noon = 20_000 * 86_400_000 + 43_200_000
const limits = { total: 1_000_000, rpm: 6_000, burst: 1_000, streams: 64 }
const facts: Omit<CallFacts, 'organisation'> = {
  request: 'r',
  address: '127.0.0.1',
  protocol: 'openai',
  operation: 'chat.completions',
  client: 'client_1',
  tokenId: 'token_1',
  key: 'k',
  model: 'aurora',
  grant: 'g',
  agreement: { id: 'a', digest: 'd' },
  purpose: 'p',
  clauses: [],
}

let now: number
let made: number
let store: Store
beforeEach(async () => {
  now = noon
  made = 0
  store = openSqliteStore(':memory:', Object.values(indexes))
  for (const id of ['cedar', 'prairie'])
    await put('organisation', id, { id, name: id, kind: 'partner', state: 'active' })
  await grant('cedar', ['m'])
  await grant('prairie', ['n', 'pool'])
  for (const id of ['m', 'n', 'pool'])
    await store.write({ kind: 'put', key: keys.meter(id), item: freshMeter(id, limits, now) })
})

const put = (record: 'organisation' | 'grant', id: string, item: object) =>
  store.write({
    kind: 'put',
    key: { table: 'registry', pk: `${record}#${id}`, sk: '-' },
    item: { ...item, record, owner: id, listed: `${record}#${id}` },
  })

const grant = (organisation: string, meters: readonly string[]) =>
  put('grant', organisation, { id: organisation, organisation, meters })

const run = (over: Partial<Parameters<typeof recountMeters>[1]> = {}, on = store) =>
  recountMeters(
    {
      store: on,
      clock: { now: () => now, sleep: async () => undefined },
      random: { bytes: n => new Uint8Array(n).fill(++made) },
      telemetry: quiet,
    },
    { operator: 'ada', reason: 'restored', dryRun: false, ...over },
  )

async function intent(organisation: string, meters: readonly string[]) {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(12, ++made)
  const named = intentEntry({ ...facts, organisation }, { reserve: 100, meters }, now, bytes)
  await store.write(putEntry(named))
  return named
}

async function call(
  organisation: string,
  meters: readonly string[],
  outcome: Partial<OutcomeFacts> = {},
): Promise<string> {
  const { eid, entry } = await intent(organisation, meters)
  const told = meters.map(meter => ({ meter, seq: made, reserved: 100, remaining: 0 }))
  await store.write(
    outcomePut(eid, entry, { ending: 'completed', charge: 10, meters: told, ...outcome }, now),
  )
  return eid
}

const meter = async (id: string): Promise<Meter> => {
  const [found] = await store.get([keys.meter(id)])
  if (!found) throw new Error(`no meter ${id}`)
  return found
}

/** A lease of `id` on each of its intent's meters, from now on. */
async function lease(eid: string, ...meters: string[]): Promise<void> {
  for (const id of meters) {
    const op = reserve(await meter(id), eid, 100, now, 30_000)
    if ('code' in op) throw new Error(op.code)
    expect((await store.write(op)).ok).toBe(true)
  }
}

describe('what is counted', () => {
  test('every outcome of every organisation, on each meter of its intent', async () => {
    await call('cedar', ['m'])
    await call('prairie', ['n', 'pool'])
    await call('cedar', ['m', 'pool'], { charge: 5 })
    await call('prairie', ['n', 'pool'], { ending: 'refused', charge: 0, meters: [] })
    expect(await run()).toMatchObject({ ended: [], agreeing: [], failed: [] })
    expect(await meter('m')).toMatchObject({ used: 15, remaining: 999_985, dayUsed: 15, rev: 2, seq: 3 })
    expect(await meter('n')).toMatchObject({ used: 10, dayUsed: 10, seq: 2 })
    expect(await meter('pool')).toMatchObject({ used: 15, dayUsed: 15, seq: 3 })
    expect(await run()).toMatchObject({ changed: [], agreeing: ['m', 'n', 'pool'] })
  })

  test('in a log of many pages, wherever a page ends between an intent and its outcome', async () => {
    // In front of the pairs, so that each page of the second ends within one.
    const refusal = { body: '{}', digest: 'd', exact: { time: '0' }, organisation: 'prairie', day: 'day#0' }
    await store.write({ kind: 'put', key: keys.entry('entry_0'), item: refusal })
    for (let calls = 0; calls < 120; calls++) {
      await call('cedar', ['m'])
      await call('prairie', ['n', 'pool'])
    }
    await run()
    expect(await meter('m')).toMatchObject({ used: 1_200 })
    expect(await meter('n')).toMatchObject({ used: 1_200 })
    expect(await meter('pool')).toMatchObject({ used: 1_200 })
  })

  test('an outcome that the index does not list yet', async () => {
    await call('cedar', ['m'])
    const lagging: Store = {
      ...store,
      query: async query => {
        const page = await store.query(query)
        return { ...page, keys: page.keys.filter(({ pk }) => !pk.endsWith('.outcome')) }
      },
    }
    expect(await run({}, lagging)).toMatchObject({ ended: [], failed: [] })
    expect(await meter('m')).toMatchObject({ used: 10 })
  })

  test('on a meter that no grant names any more', async () => {
    await call('cedar', ['m'])
    await grant('cedar', ['pool'])
    expect(await run()).toMatchObject({ changed: [{ id: 'm' }], agreeing: ['pool', 'n'] })
    expect(await meter('m')).toMatchObject({ used: 10 })
  })

  test('on the day of its reservation: what was charged yesterday is not of today', async () => {
    await call('cedar', ['m'])
    now += 86_400_000
    await call('cedar', ['m'], { charge: 7 })
    await run()
    expect(await meter('m')).toMatchObject({ used: 17, day: 20_001, dayUsed: 7 })
  })
})

describe('a call that nobody ended', () => {
  test('gets its outcome first: charged what it reserved, as far as its leases stand told of', async () => {
    const { eid } = await intent('prairie', ['n', 'pool'])
    await lease(eid, 'n')
    now += abandonedMs + 1
    expect((await run()).ended).toEqual([{ eid, charge: 100 }])
    const [entry, outcome] = await store.get([keys.entry(eid), keys.entry(`${eid}.outcome`)])
    expect(entry).not.toHaveProperty('open')
    expect(outcome && told(outcome)).toMatchObject({
      ending: 'estimated',
      charge: 100,
      meters: [{ meter: 'n', seq: 1, reserved: 100 }],
    })
    expect(outcome?.charge).toBe(100)
    for (const id of ['n', 'pool']) expect(await meter(id)).toMatchObject({ used: 100, leases: {} })
    expect(await run()).toMatchObject({ ended: [], changed: [] })
  })

  test('is charged by an outcome that came to stand meanwhile', async () => {
    const { eid, entry } = await intent('cedar', ['m'])
    now += abandonedMs + 1
    const late = outcomePut(eid, entry, { ending: 'completed', charge: 3, meters: [] }, now)
    const racing: Store = {
      ...store,
      write: async op => {
        if (op.key.pk === `${eid}.outcome`) await store.write(late)
        return store.write(op)
      },
    }
    expect((await run({}, racing)).ended).toEqual([{ eid, charge: 3 }])
    expect(await meter('m')).toMatchObject({ used: 3 })
  })
})

describe('nothing is touched', () => {
  const everything = () => Promise.all(['m', 'n', 'pool'].map(meter))

  test('while an intent without an outcome is too young, whatever else there is to do', async () => {
    await intent('cedar', ['m'])
    await call('cedar', ['m'])
    now += abandonedMs - 1_000
    const young = await intent('prairie', ['n', 'pool'])
    now += 1_000
    const before = await everything()
    const until = new Date(now - 1_000 + abandonedMs).toISOString()
    await expect(run()).rejects.toThrow(`close the gate and run it again after ${until}.`)
    expect(await everything()).toEqual(before)
    for (const { entry } of await entriesOf(store, 'cedar'))
      if (entry.meters) expect(told(entry).kind).toBe('intent')
    expect((await entriesOf(store, 'cedar')).filter(({ entry }) => entry.open)).toHaveLength(2)
    expect((await store.get([keys.entry(young.eid)]))[0]?.open).toBeDefined()
    now += abandonedMs
    expect((await run()).ended).toHaveLength(2)
  })

  test('while a reservation is kept alive', async () => {
    const { eid } = await intent('cedar', ['m'])
    now += abandonedMs + 1
    await lease(eid, 'm')
    await expect(run()).rejects.toThrow('close the gate')
    expect(await meter('m')).toMatchObject({ used: 0, leases: { [eid]: { r: 100 } } })
  })

  test('where an outcome has lost its intent: such a log counts for nothing', async () => {
    const eid = await call('cedar', ['m'])
    await store.write({ kind: 'remove', key: keys.entry(eid) })
    await expect(run()).rejects.toThrow(`the intent of ${eid}.outcome is missing.`)
    expect(await meter('m')).toMatchObject({ used: 0, rev: 1 })
  })

  test('by a dry run, which says what would be done', async () => {
    await call('cedar', ['m'])
    const { eid } = await intent('prairie', ['n', 'pool'])
    now += abandonedMs + 1
    const before = await everything()
    const planned = await run({ dryRun: true })
    expect(planned.ended).toEqual([{ eid, charge: 100 }])
    expect(await everything()).toEqual(before)
    expect(await store.get([keys.entry(`${eid}.outcome`)])).toEqual([undefined])
    expect((await entriesOf(store, 'cedar')).map(({ entry }) => told(entry).kind)).not.toContain('recount')
    expect(await run()).toEqual(planned)
  })
})

describe('a meter that cannot be recounted is told, and the others are recounted', () => {
  test('one that is not there', async () => {
    await call('cedar', ['m', 'gone'])
    expect((await run()).failed).toEqual(['there is no meter gone; its outcomes come to 10 tokens.'])
    expect(await meter('m')).toMatchObject({ used: 10 })
  })

  test('one that was reserved on while the log was read', async () => {
    await call('cedar', ['m'])
    await call('prairie', ['n', 'pool'])
    let first = true
    const busy: Store = {
      ...store,
      query: async query => {
        const page = await store.query(query)
        if (query.index === indexes.byOrganisation && first) {
          first = false
          await lease('entry_late', 'm')
        }
        return page
      },
    }
    expect((await run({}, busy)).failed).toEqual(['the meter m was changed meanwhile; is the gate closed?'])
    expect(await meter('m')).toMatchObject({ used: 0, leases: { entry_late: { r: 100 } } })
    expect(reserved(await meter('m'), 'entry_late')).toMatchObject({ seq: 1 })
    expect(await meter('n')).toMatchObject({ used: 10 })
  })
})

test('each change has its entry, an organisation’s own where the meter is no one else’s too', async () => {
  await grant('cedar', ['m', 'pool'])
  await call('cedar', ['m', 'pool'])
  const transacted: string[] = []
  const watched: Store = {
    ...store,
    transact: ops => {
      transacted.push(ops.map(({ key }) => key.table).join(' '))
      return store.transact(ops)
    },
  }
  await run({}, watched)
  expect(transacted).toEqual(['meters entries', 'meters entries'])
  const recounts = (await entriesOf(store, 'cedar')).filter(({ entry }) => told(entry).kind === 'recount')
  expect(recounts.map(({ entry }) => JSON.parse(entry.body))).toEqual([
    expect.objectContaining({
      class_uid: 3004,
      actor: { user: { name: 'ada' }, app_name: 'recount' },
      entity: { type: 'meter', uid: 'm' },
      comment: 'restored',
      unmapped: {
        kind: 'recount',
        meter: 'm',
        before: { used: 0, remaining: 1_000_000, today: 0, reserved: 0, seq: 0 },
        after: { used: 10, remaining: 999_990, today: 10, reserved: 0, seq: 1 },
      },
    }),
  ])
})
