/** What ends calls that nobody ended, on a store that keeps its word and on one that does not. */

import { beforeEach, describe, expect, test } from 'vitest'
import { endCall } from '../../../functions/gate/call.ts'
import { reserveOn } from '../../../functions/gate/reserve.ts'
import { abandonedMs, sweep } from '../../../functions/sweeper/app.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { freshMeter, type Meter, reserve } from '../../../shared/domain/meter.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { type CallFacts, intentEntry } from '../../../shared/entries/call.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { type Store, StoreUnavailable } from '../../../shared/ports/store.ts'
import { replaceWrite } from '../../in-order.ts'

const lease = 30_000
const limits = { total: 1_000, rpm: 6_000, burst: 100, streams: 64 }
const call: CallFacts = {
  request: 'r',
  address: '127.0.0.1',
  protocol: 'openai',
  operation: 'chat.completions',
  organisation: 'cedar',
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
let store: Store
const errors: string[] = []
const deps = () => ({
  store,
  clock: {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms
    },
  },
  telemetry: {
    count: () => undefined,
    alarm: () => undefined,
    error: (text: string) => void errors.push(text),
  },
})

beforeEach(() => {
  now = 1_800_000_000_000
  store = openSqliteStore(':memory:', Object.values(indexes))
  errors.length = 0
})

async function grant(id: string, meters: readonly string[]): Promise<void> {
  const record = { id, meters, record: 'grant', owner: 'cedar', listed: `grant#${id}` }
  await store.write({ kind: 'put', key: keys.grant(id), item: record as never })
  for (const meter of meters)
    await store.write({ kind: 'put', key: keys.meter(meter), item: freshMeter(meter, limits, now) })
}

const meter = async (id: string): Promise<Meter> => {
  const [found] = await store.get([keys.meter(id)])
  if (!found) throw new Error(`no meter ${id}`)
  return found
}

async function intent(seed: number, meters: readonly string[]) {
  const made = intentEntry(call, { reserve: 100, meters }, now, new Uint8Array(16).fill(seed))
  await store.write(putEntry(made))
  return made
}

async function reserved(eid: string, id: string): Promise<Meter> {
  const op = reserve(await meter(id), eid, 100, now, lease)
  if ('code' in op) throw new Error(op.code)
  await store.write(op)
  return meter(id)
}

const outcome = async (eid: string) => {
  const [entry] = await store.get([keys.entry(`${eid}.outcome`)])
  return entry && { charge: entry.charge, ending: JSON.parse(entry.body).unmapped.ending }
}

/** An answer that was lost may have left a lease on any meter of the plan. */
describe('a call that was refused while it reserved', () => {
  const refused = {
    ending: 'refused',
    charge: 0,
    refusal: refuse('store_unavailable', 'The meter could not be changed.'),
  } as const

  test('is taken off every meter of its plan, as the store has it', async () => {
    await grant('g', ['m', 'pool'])
    const made = await intent(1, ['m', 'pool'])
    for (const id of ['m', 'pool']) await reserved(made.eid, id)
    await endCall(deps(), { ...made, intent: made.entry, told: [] }, refused)
    for (const id of ['m', 'pool'])
      expect(await meter(id)).toMatchObject({ used: 0, remaining: 1_000, leases: {} })
    expect(errors).toEqual([])
  })

  test('keeps its mark where the meters cannot be read, and is swept by it', async () => {
    await grant('g', [])
    await store.write({ kind: 'put', key: keys.meter('pool'), item: freshMeter('pool', limits, now) })
    const made = await intent(1, ['pool'])
    await reserved(made.eid, 'pool')
    const down = { ...deps(), store: { ...store, get: () => Promise.reject(new StoreUnavailable('down')) } }
    await endCall(down, { ...made, intent: made.entry, told: [] }, refused)
    expect(errors).toEqual(['a call was left to its lease'])
    now += lease + 1
    expect(await sweep(deps())).toMatchObject({ closed: 1 })
    expect(await meter('pool')).toMatchObject({ used: 0, remaining: 1_000, leases: {} })
  })
})

describe('the sweeper', () => {
  test('ends a lease that has expired, by its whole reservation, and closes the intent', async () => {
    await grant('g', ['m'])
    const { eid } = await intent(1, ['m'])
    await reserved(eid, 'm')
    expect(await sweep(deps())).toMatchObject({ meters: 1, purged: 0, closed: 0 })
    now += lease + 1
    expect(await sweep(deps())).toMatchObject({ purged: 1, closed: 1 })
    expect(await outcome(eid)).toEqual({ charge: 100, ending: 'estimated' })
    expect(await meter('m')).toMatchObject({ used: 100, remaining: 900, leases: {} })
    expect(await sweep(deps())).toMatchObject({ purged: 0, closed: 0, abandoned: 0 })
  })

  test('tells of every meter that held the lease', async () => {
    await grant('g', ['m', 'pool'])
    const { eid } = await intent(1, ['m', 'pool'])
    await reserved(eid, 'm')
    await reserved(eid, 'pool')
    now += lease + 1
    await sweep(deps())
    const [entry] = await store.get([keys.entry(`${eid}.outcome`)])
    const told = entry && JSON.parse(entry.body).unmapped.meters
    expect(told.map((one: { meter: string }) => one.meter)).toEqual(['m', 'pool'])
    for (const id of ['m', 'pool']) expect(await meter(id)).toMatchObject({ used: 100, leases: {} })
  })

  test('charges nothing for a call that died between two reserves: the model was never asked', async () => {
    await grant('g', ['m', 'pool'])
    const { eid } = await intent(1, ['m', 'pool'])
    await reserved(eid, 'm')
    now += lease + 1
    expect(await sweep(deps())).toMatchObject({ purged: 1, closed: 1 })
    expect(await outcome(eid)).toEqual({ charge: 0, ending: 'abandoned' })
    for (const id of ['m', 'pool'])
      expect(await meter(id)).toMatchObject({ used: 0, remaining: 1_000, leases: {} })
  })

  test('gives back whole what a late duplicate of a reserve took after its call was settled', async () => {
    await grant('g', ['m'])
    const made = await intent(1, ['m'])
    const seen = await reserved(made.eid, 'm')
    const told = [{ meter: 'm', seq: 1, reserved: 100, remaining: 900 }]
    await endCall(
      deps(),
      { ...made, intent: made.entry, meters: [seen], told },
      { ending: 'completed', charge: 7 },
    )
    await reserved(made.eid, 'm')
    now += lease + 1
    await sweep(deps())
    expect(await meter('m')).toMatchObject({ used: 7, remaining: 993, leases: {} })
  })

  test('charges a call once, though reserve and settlement reach the store twice and the answer is lost', async () => {
    await grant('g', ['m'])
    const made = await intent(1, ['m'])
    const seen = await reserved(made.eid, 'm')
    const told = [{ meter: 'm', seq: 1, reserved: 100, remaining: 900 }]
    const { write } = store
    let repeated = false
    store = replaceWrite(store, async op => {
      const written = await write(op)
      if (op.key.table !== 'meters' || repeated) return written
      repeated = true
      await reserved(made.eid, 'm')
      return write(op)
    })
    const ending = { ending: 'completed', charge: 7 } as const
    await endCall(deps(), { ...made, intent: made.entry, meters: [seen], told }, ending)
    expect(repeated).toBe(true)
    expect(await meter('m')).toMatchObject({ used: 7, remaining: 993, leases: {} })
  })

  test('settles by the outcome that stands, whatever the lease held', async () => {
    await grant('g', ['m'])
    const made = await intent(1, ['m'])
    await reserved(made.eid, 'm')
    await endCall(
      deps(),
      { ...made, intent: made.entry, meters: [], told: [] },
      { ending: 'completed', charge: 7 },
    )
    now += lease + 1
    await sweep(deps())
    expect(await meter('m')).toMatchObject({ used: 7, remaining: 993, leases: {} })
  })

  test('abandons an intent without a lease once no call can be that old, and not before', async () => {
    await grant('g', ['m'])
    const { eid } = await intent(1, ['m'])
    now += abandonedMs - 10_000
    await sweep(deps())
    expect(await outcome(eid)).toBeUndefined()
    now += 20_001
    expect(await sweep(deps())).toMatchObject({ abandoned: 1 })
    expect(await outcome(eid)).toEqual({ charge: 0, ending: 'abandoned' })
    expect(await meter('m')).toMatchObject({ used: 0, remaining: 1_000 })
  })

  test('finds a lease on a meter that no grant names any more', async () => {
    await grant('g', ['m'])
    const { eid } = await intent(1, ['m'])
    await reserved(eid, 'm')
    await store.write({ kind: 'update', key: keys.grant('g'), change: { set: [[['meters'], []]] } })
    now += abandonedMs + 10_001
    await sweep(deps())
    expect(await meter('m')).toMatchObject({ used: 100, leases: {} })
    expect(await outcome(eid)).toEqual({ charge: 100, ending: 'estimated' })
  })

  test('goes through more grants and meters than one read holds', async () => {
    for (let i = 0; i < 120; i++) await grant(`g${i}`, [`a${i}`, `b${i}`])
    const { eid } = await intent(1, ['b119'])
    await reserved(eid, 'b119')
    now += lease + 1
    expect(await sweep(deps())).toMatchObject({ meters: 240, purged: 1, closed: 1 })
  })

  test('is not stopped by an item that it cannot sweep', async () => {
    await grant('a', ['broken'])
    await grant('b', ['m'])
    await reserved('entry_without_an_intent', 'broken')
    const { eid } = await intent(1, ['m'])
    await reserved(eid, 'm')
    now += lease + 1
    expect(await sweep(deps())).toMatchObject({ purged: 1, closed: 1 })
    expect(errors).toEqual(['one item could not be swept'])
  })

  test('twice at once is harmless', async () => {
    await grant('g', ['m'])
    const { eid } = await intent(1, ['m'])
    await reserved(eid, 'm')
    now += lease + 1
    await Promise.all([sweep(deps()), sweep(deps()), sweep(deps())])
    expect(await meter('m')).toMatchObject({ used: 100, remaining: 900, leases: {} })
  })
})

describe('a reservation', () => {
  const on = (deadline: number) => ({ eid: 'entry_1', r: 100, deadline, clause: 'c' })

  test('whose answer comes after the deadline is refused, though its lease may stand', async () => {
    await grant('g', ['m'])
    const seen = await meter('m')
    const slow = deps()
    slow.store = {
      ...store,
      write: async op => {
        const written = await store.write(op)
        now += 6_000
        return written
      },
    }
    const answer = await reserveOn(slow, seen, on(now + 2_000), 3_000)
    expect(answer).toBeInstanceOf(Refusal)
    expect(Object.keys((await meter('m')).leases)).toEqual(['entry_1'])
  })

  test('is not refused by the rate because a later one came first', async () => {
    await grant('g', ['m'])
    await store.write({
      kind: 'update',
      key: keys.meter('m'),
      change: {
        set: [
          [['limits'], { ...limits, rpm: 60_000, burst: 1 }],
          [['tat'], (now + 1) * 1000],
        ],
      },
    })
    const seen = await meter('m')
    expect(await reserveOn(deps(), seen, on(now + 20_000), lease)).toMatchObject({ code: 'rate_limited' })
    const later = deps()
    let looks = 0
    later.clock = { ...later.clock, now: () => (looks++ === 0 ? now : now + 5) }
    expect(await reserveOn(later, seen, on(now + 20_000), lease)).toMatchObject({ told: { reserved: 100 } })
  })

  test('that leases which have expired hold back purges them, and is made', async () => {
    await grant('g', ['m'])
    const { eid } = await intent(1, ['m'])
    await store.write({ kind: 'update', key: keys.meter('m'), change: { set: [[['limits', 'streams'], 1]] } })
    await reserved(eid, 'm')
    const seen = await meter('m')
    expect(await reserveOn(deps(), seen, on(now + 20_000), lease)).toMatchObject({
      code: 'streams_exhausted',
    })
    now += lease + 1
    expect(await reserveOn(deps(), seen, on(now + 20_000), lease)).toMatchObject({
      told: { reserved: 100, seq: 2 },
    })
    expect(await outcome(eid)).toEqual({ charge: 100, ending: 'estimated' })
  })
})

test('calls that expired leases hold back purge no more of them than they need, each another', async () => {
  await grant('g', ['m'])
  await store.write({
    kind: 'put',
    key: keys.meter('m'),
    item: freshMeter('m', { ...limits, total: 10_000, streams: 32 }, now),
  })
  for (let seed = 0; seed < 32; seed++) await reserved((await intent(seed, ['m'])).eid, 'm')
  now += lease + 1
  const seen = await meter('m')
  const settling: string[] = []
  const { write } = store
  store = {
    ...store,
    write: op => {
      if (op.kind === 'update')
        settling.push(...(op.change.remove ?? []).flatMap(([map, id]) => (map === 'leases' && id) || []))
      return write(op)
    },
  }
  const denied = [await intent(100, ['m']), await intent(110, ['m']), await intent(127, ['m'])]
  const made = await Promise.all(
    denied.map(({ eid }) =>
      reserveOn(deps(), seen, { eid, r: 100, deadline: now + 20_000, clause: 'c' }, lease),
    ),
  )
  expect(made.some(one => one instanceof Refusal)).toBe(false)
  expect(settling).toHaveLength(3)
  expect(new Set(settling).size).toBe(3)
  expect(Object.keys((await meter('m')).leases)).toHaveLength(32)
})

test('an outage of a moment does not cost a call its whole reservation', async () => {
  await grant('g', ['m'])
  const made = await intent(1, ['m'])
  const seen = await reserved(made.eid, 'm')
  let outages = 3
  const flaky = deps()
  flaky.store = replaceWrite(store, async op => {
    if (outages-- > 0) throw new StoreUnavailable('down')
    return store.write(op)
  })
  await endCall(
    flaky,
    { ...made, intent: made.entry, meters: [seen], told: [] },
    { ending: 'completed', charge: 7 },
  )
  expect(await meter('m')).toMatchObject({ used: 7, remaining: 993, leases: {} })
  expect(errors).toEqual([])
})
