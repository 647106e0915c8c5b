import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { keys } from '../../../shared/domain/keys.ts'
import {
  dayOf,
  freshMeter,
  type Limits,
  type Meter,
  reserve,
  reserved,
  settle,
} from '../../../shared/domain/meter.ts'
import { addCall, type Count, type EndedCall, nothing, recount } from '../../../shared/domain/recount.ts'
import type { Store, Update } from '../../../shared/ports/store.ts'

const dayMs = 86_400_000
const noon = 20_000 * dayMs + dayMs / 2
const lease = 30_000
const limits: Limits = { total: 10_000, perDay: 5_000, rpm: 60_000, burst: 1_000, streams: 64 }

const countsOf = (calls: readonly EndedCall[], now: number): Map<string, Count> => {
  const counts = new Map<string, Count>()
  for (const call of calls) addCall(counts, call, dayOf(now))
  return counts
}

async function stored(store: Store): Promise<Meter> {
  const [meter] = await store.get([keys.meter('m')])
  if (!meter) throw new Error('the meter is gone')
  return meter
}

async function write(store: Store, op: Update<Meter> | undefined): Promise<boolean> {
  if (op === undefined) throw new Error('there is nothing to write')
  return (await store.write(op)).ok
}

describe('counting', () => {
  const told = (meter: string, seq: number) => ({ meter, seq, reserved: 100, remaining: 0 })
  const call = { at: noon, charge: 30, meters: ['m', 'pool'], told: [told('m', 7), told('pool', 3)] }

  test('charges every meter that the intent names, told or not', () => {
    expect(countsOf([call, { ...call, told: [] }], noon)).toEqual(
      new Map([
        ['m', { used: 60, today: 60, seq: 7 }],
        ['pool', { used: 60, today: 60, seq: 3 }],
      ]),
    )
  })

  test('takes a call that cost nothing for a place in the order only', () => {
    const free = { ...call, charge: 0, told: [told('m', 9)] }
    expect(countsOf([free], noon)).toEqual(new Map([['m', { used: 0, today: 0, seq: 9 }]]))
  })

  test('counts for today what was reserved today', () => {
    const evening = { ...call, at: noon - dayMs / 2 - 1 }
    const morning = { ...call, at: noon - dayMs / 2 }
    expect(countsOf([evening, morning], noon).get('m')).toEqual({ used: 60, today: 30, seq: 7 })
  })
})

describe('a recount', () => {
  const meter: Meter = { ...freshMeter('m', limits, noon), used: 40, remaining: 9_960, dayUsed: 30, seq: 5 }
  const count: Count = { used: 40, today: 30, seq: 5 }

  test('leaves a meter alone that agrees, on the day or after it', () => {
    expect(recount(meter, count, noon)).toBeUndefined()
    expect(recount(meter, { ...count, today: 0 }, noon + dayMs)).toBeUndefined()
    expect(recount({ ...meter, seq: 6, tat: noon * 2000 }, count, noon)).toBeUndefined()
  })

  test.each([
    ['used', { used: 41 }],
    ['remaining', { remaining: 9_959 }],
    ['the day’s tokens', { dayUsed: 31 }],
    ['a day to come', { day: dayOf(noon) + 1 }],
    ['the order', { seq: 4 }],
    ['a lease', { leases: { a: { r: 100, day: dayOf(noon), exp: 0 } } }],
    ['a lease’s place', { seqs: { a: 1 } }],
  ])('puts right %s', async (_, wrong) => {
    const store = openSqliteStore(':memory:', [])
    await store.write({ kind: 'put', key: keys.meter('m'), item: { ...meter, ...wrong } })
    expect(await write(store, recount(await stored(store), count, noon)?.update)).toBe(true)
    expect(await stored(store)).toEqual({ ...meter, rev: 2, pk: 'meter#m', sk: '-' })
  })

  test('ends a day that has not come, in which nothing would be refused for the day that has', () => {
    const ahead = { ...meter, day: dayOf(noon) + 1, dayUsed: 0 }
    expect(recount(ahead, { ...count, today: 0 }, noon)?.update.change.set).toContainEqual([
      ['day'],
      dayOf(noon),
    ])
  })

  test('says what was and what is', () => {
    const wrong = { ...meter, used: 0, leases: { a: { r: 100, day: 1, exp: 0 } }, seq: 9 }
    expect(recount(wrong, count, noon)).toMatchObject({
      before: { used: 0, remaining: 9_960, today: 30, reserved: 100, seq: 9 },
      after: { used: 40, remaining: 9_960, today: 30, reserved: 0, seq: 9 },
    })
  })

  test('leaves what decisions and bills have set as it is', async () => {
    const store = openSqliteStore(':memory:', [])
    const closed = { state: 'closed', closed: 'overrun', overruns: { a: 5 }, shared: 'pool' } as const
    await store.write({ kind: 'put', key: keys.meter('m'), item: { ...meter, ...closed, used: 0 } })
    await write(store, recount(await stored(store), count, noon)?.update)
    expect(await stored(store)).toMatchObject({ ...closed, limits, used: 40 })
  })

  test('takes a rate that is ahead back to now, and leaves one that is behind', async () => {
    for (const [tat, expected] of [
      [noon * 2000, noon * 1000],
      [5, 5],
    ] as const) {
      const store = openSqliteStore(':memory:', [])
      await store.write({ kind: 'put', key: keys.meter('m'), item: { ...meter, tat, used: 0 } })
      await write(store, recount(await stored(store), count, noon)?.update)
      expect((await stored(store)).tat).toBe(expected)
    }
  })

  test.each(['rev', 'seq'] as const)('does nothing where the %s has changed since', async name => {
    const store = openSqliteStore(':memory:', [])
    await store.write({ kind: 'put', key: keys.meter('m'), item: { ...meter, used: 0 } })
    const due = recount(await stored(store), count, noon)
    await store.write({ kind: 'update', key: keys.meter('m'), change: { add: [[[name], 1]] } })
    expect(await write(store, due?.update)).toBe(false)
    expect((await stored(store)).used).toBe(0)
  })

  test('ends reservations and settlements that were made from an older view', async () => {
    const store = openSqliteStore(':memory:', [])
    await store.write({ kind: 'put', key: keys.meter('m'), item: meter })
    const first = reserve(meter, 'a', 100, noon, lease)
    if ('code' in first) throw new Error(first.code)
    await write(store, first)
    const seen = await stored(store)
    const late = reserve(seen, 'b', 100, noon, lease)
    if ('code' in late) throw new Error(late.code)
    await write(store, recount(seen, { ...count, used: 90, today: 80 }, noon)?.update)
    expect(await write(store, late)).toBe(false)
    // It counts as done, as what the outcome charged is in the count already.
    expect(await write(store, settle(seen, 'a', 50))).toBe(true)
    expect(await stored(store)).toMatchObject({ used: 90, remaining: 9_910, leases: {} })
  })
})

const step = fc.oneof(
  fc.record({ do: fc.constant('reserve' as const), r: fc.integer({ min: 1, max: 900 }) }),
  fc.record({
    do: fc.constant('settle' as const),
    which: fc.nat(9),
    // Beyond 1, a provider bills more than was reserved.
    part: fc.double({ min: 0, max: 1.2, noNaN: true }),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: dayMs }) }),
)
const figure = fc.integer({ min: -20_000, max: 20_000 })
const wreck = fc.record(
  {
    used: figure,
    remaining: figure,
    dayUsed: figure,
    day: fc.integer({ min: 19_990, max: 20_100 }),
    tat: fc.integer({ min: 0, max: noon * 2000 }),
    seq: fc.nat(20),
    leases: fc.constantFrom({}, { x: { r: 5, day: 20_000, exp: noon } }),
    seqs: fc.constantFrom({}, { x: 1 }),
    lefts: fc.constantFrom({}, { x: 1 }),
  },
  { requiredKeys: [] },
)

test('whatever happened to a meter, a recount restores what its calls have made of it', async () => {
  let written = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), wreck, async (steps, wrong) => {
      const store = openSqliteStore(':memory:', [])
      await store.write({ kind: 'put', key: keys.meter('m'), item: freshMeter('m', limits, noon) })
      let now = noon
      const under = new Map<string, Omit<EndedCall, 'charge'>>()
      const ended: EndedCall[] = []
      const end = async (id: string, charge: number): Promise<void> => {
        const call = under.get(id)
        if (call === undefined) return
        await write(store, settle(await stored(store), id, charge))
        under.delete(id)
        ended.push({ ...call, charge })
      }
      for (const [i, one] of steps.entries()) {
        const meter = await stored(store)
        const [id = '', { r } = { r: 0 }] =
          Object.entries(meter.leases)[one.do === 'settle' ? one.which : -1] ?? []
        if (one.do === 'wait') now += one.ms
        if (one.do === 'settle') await end(id, Math.floor(r * one.part))
        if (one.do !== 'reserve') continue
        const op = reserve(meter, `l${i}`, one.r, now, lease)
        if ('code' in op) continue
        expect(await write(store, op)).toBe(true)
        const told = reserved(await stored(store), `l${i}`)
        under.set(`l${i}`, { at: now, meters: ['m'], told: told ? [told] : [] })
      }
      for (const [id, { r }] of Object.entries((await stored(store)).leases)) await end(id, r)

      const right = await stored(store)
      const counts = countsOf(ended, now)
      expect(recount(right, counts.get('m') ?? nothing, now)).toBeUndefined()

      const highest = Math.max(right.seq, wrong.seq ?? 0)
      await store.write({ kind: 'put', key: keys.meter('m'), item: { ...right, ...wrong } })
      const due = recount(await stored(store), counts.get('m') ?? nothing, now)
      if (due) expect(await write(store, due.update)).toBe(true)
      if (due) written += 1
      const after = await stored(store)
      const dayUsed = right.day === dayOf(now) ? right.dayUsed : 0
      expect(after).toMatchObject({ used: right.used, remaining: right.remaining, leases: {}, seqs: {} })
      expect(after.day === dayOf(now) ? after.dayUsed : 0).toBe(dayUsed)
      expect(after.day).toBeLessThanOrEqual(dayOf(now))
      expect(after.seq).toBe(highest)
      expect(recount(after, counts.get('m') ?? nothing, now)).toBeUndefined()
    }),
    { numRuns: 200 },
  )
  expect(written).toBeGreaterThan(100)
})
