import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { keys } from '../../../shared/domain/keys.ts'
import {
  dayOf,
  freshMeter,
  type Limits,
  lastingObstacle,
  type Meter,
  obstacle,
  renew,
  reserve,
  reserved,
  reservedNow,
  settle,
} from '../../../shared/domain/meter.ts'
import type { Store } from '../../../shared/ports/store.ts'

const dayMs = 86_400_000
const noon = 20_000 * dayMs + dayMs / 2
const lease = 30_000
const limits: Limits = { total: 1_000, perDay: 600, rpm: 60, burst: 10, streams: 3 }

let store: Store
beforeEach(() => {
  store = openSqliteStore(':memory:', [])
})

async function meterWith(over: Partial<Limits> = {}, now = noon): Promise<Meter> {
  const meter = freshMeter('m', { ...limits, ...over }, now)
  await store.write({ kind: 'put', key: keys.meter('m'), item: meter })
  return meter
}

const stored = async (): Promise<Meter> => {
  const [meter] = await store.get([keys.meter('m')])
  if (!meter) throw new Error('the meter is gone')
  return meter
}

const write = async (op: ReturnType<typeof reserve> | undefined) => {
  if (op === undefined || 'code' in op) throw new Error(`there is nothing to write: ${op?.code}`)
  return store.write(op)
}

describe('a reservation', () => {
  test('takes its tokens, names its place in the order, and says what remained', async () => {
    const meter = await meterWith()
    expect((await write(reserve(meter, 'a', 100, noon, lease))).ok).toBe(true)
    const after = await stored()
    expect(after).toMatchObject({ remaining: 900, dayUsed: 100, seq: 1, used: 0 })
    expect(after.leases).toEqual({ a: { r: 100, day: dayOf(noon), exp: noon + lease } })
    expect(reserved(after, 'a')).toEqual({ meter: 'm', seq: 1, reserved: 100, remaining: 900 })
  })

  test('made twice, as after a lost answer, counts once', async () => {
    const meter = await meterWith()
    await write(reserve(meter, 'a', 100, noon, lease))
    expect((await write(reserve(meter, 'a', 100, noon, lease))).ok).toBe(true)
    expect(await stored()).toMatchObject({ remaining: 900, dayUsed: 100, seq: 1 })
  })

  test('is refused on a revision that has passed, even where the limits would admit it', async () => {
    const meter = await meterWith()
    await store.write({ kind: 'update', key: keys.meter('m'), change: { add: [[['rev'], 1]] } })
    const written = await write(reserve(meter, 'a', 1, noon, lease))
    expect(written).toMatchObject({ ok: false, item: { rev: 2, remaining: 1_000 } })
  })

  test.each([
    ['the state', 'meter_closed', { state: 'closed' as const }, 1],
    ['the total', 'budget_exhausted', { remaining: 99 }, 100],
    ['the day', 'day_exhausted', { dayUsed: 501 }, 100],
    ['the streams', 'streams_exhausted', { leases: { x: hold, y: hold, z: hold } }, 1],
    ['the rate', 'rate_limited', { tat: (noon + 9_001) * 1000 }, 1],
  ])('is held back by %s, and the store agrees with the explanation', async (_, code, over, r) => {
    const seen = await meterWith()
    const meter = { ...seen, ...over }
    await store.write({ kind: 'put', key: keys.meter('m'), item: meter })
    expect(obstacle(meter, r, noon)?.code).toBe(code)
    expect(reserve(meter, 'a', r, noon, lease)).toMatchObject({ code })
    expect((await write(reserve(seen, 'a', r, noon, lease))).ok).toBe(false)
  })

  test('that is larger than a limit could never be admitted', async () => {
    expect(obstacle(await meterWith(), 601, noon)?.code).toBe('request_exceeds_limit')
    expect(obstacle(await meterWith({ total: 500 }), 501, noon)?.code).toBe('request_exceeds_limit')
  })

  test('on a new day starts a new day, and a clock that lags stays on the day of the meter', async () => {
    const evening = noon + dayMs / 2 - 1
    await write(reserve(await meterWith({}, evening), 'a', 600, evening, lease))
    const full = await stored()
    expect(obstacle(full, 100, evening)).toEqual({ code: 'day_exhausted', retryAfter: 1 })
    await write(reserve(full, 'b', 100, evening + 1, lease))
    const next = await stored()
    expect(next).toMatchObject({ day: dayOf(noon) + 1, dayUsed: 100 })
    await write(reserve(next, 'c', 100, evening, lease))
    expect(await stored()).toMatchObject({ day: dayOf(noon) + 1, dayUsed: 200 })
  })

  test('by a gate whose view is of the day before fails, and succeeds from the item returned', async () => {
    const evening = noon + dayMs / 2 - 1
    const seen = await meterWith({}, evening)
    await write(reserve(seen, 'a', 100, evening + 1, lease))
    const written = await write(reserve(seen, 'b', 100, evening, lease))
    expect(written.ok).toBe(false)
    await write(reserve(written.item ?? seen, 'b', 100, evening, lease))
    expect(await stored()).toMatchObject({ dayUsed: 200 })
  })
})

const hold = { r: 1, day: dayOf(noon), exp: noon + lease }

describe('the request rate', () => {
  test('admits a burst, then one an interval', async () => {
    await meterWith({ streams: 64, total: 1_000_000, perDay: 1_000_000 })
    const admitted = async (now: number, tries: number): Promise<number> => {
      let count = 0
      for (let i = 0; i < tries; i++) {
        const meter = await stored()
        if (obstacle(meter, 1, now)) continue
        if ((await write(reserve(meter, `${now}-${i}`, 1, now, lease))).ok) count += 1
      }
      return count
    }
    expect(await admitted(noon, 15)).toBe(10)
    expect(await admitted(noon + 999, 5)).toBe(0)
    expect(await admitted(noon + 1_000, 5)).toBe(1)
    expect(await admitted(noon + 4_000, 5)).toBe(3)
  })

  test('is judged at one time by all attempts of a request: one wrong guess, however late the next is made', async () => {
    const seen = await meterWith({ rpm: 60_000, burst: 100 })
    await write(reserve(seen, 'a', 1, noon, lease, noon))
    const written = await write(reserve(seen, 'b', 1, noon + 50, lease, noon))
    expect(written.ok).toBe(false)
    expect((await write(reserve(written.item ?? seen, 'b', 1, noon + 100, lease, noon))).ok).toBe(true)
    expect(await stored()).toMatchObject({ tat: (noon + 2) * 1000 })
  })

  test('says when the next request can succeed', async () => {
    const meter = { ...(await meterWith()), tat: (noon + 12_000) * 1000 }
    expect(obstacle(meter, 1, noon)).toEqual({ code: 'rate_limited', retryAfter: 3 })
  })
})

describe('a settlement', () => {
  test('gives back what was not charged, to the budget and to the day', async () => {
    await write(reserve(await meterWith(), 'a', 100, noon, lease))
    await write(settle(await stored(), 'a', 30))
    expect(await stored()).toMatchObject({
      remaining: 970,
      used: 30,
      dayUsed: 30,
      leases: {},
      seqs: {},
      lefts: {},
    })
  })

  test('on a later day gives nothing back to that day', async () => {
    await write(reserve(await meterWith(), 'a', 100, noon, lease))
    await write(reserve(await stored(), 'b', 50, noon + dayMs, lease))
    await write(settle(await stored(), 'a', 30))
    expect(await stored()).toMatchObject({ remaining: 920, used: 30, dayUsed: 50 })
  })

  test('takes effect once', async () => {
    await write(reserve(await meterWith(), 'a', 100, noon, lease))
    const meter = await stored()
    expect((await write(settle(meter, 'a', 30))).ok).toBe(true)
    expect((await write(settle(meter, 'a', 30))).ok).toBe(true)
    expect(await stored()).toMatchObject({ remaining: 970, used: 30 })
  })

  test('ends the lease that it saw, and not one that a repeated request took after it', async () => {
    await write(reserve(await meterWith(), 'a', 100, noon, lease))
    const late = settle(await stored(), 'a', 30)
    await write(late)
    await write(reserve(await stored(), 'a', 100, noon, lease))
    expect((await write(late)).ok).toBe(false)
    expect(await stored()).toMatchObject({ remaining: 870, used: 30, leases: { a: { r: 100 } } })
  })

  test('by expiry leaves a lease alone that was renewed', async () => {
    await write(reserve(await meterWith(), 'a', 100, noon, lease))
    const seen = await stored()
    await store.write(renew('m', 'a', noon + 2 * lease))
    expect((await write(settle(seen, 'a', 100, noon + lease))).ok).toBe(false)
    expect(reservedNow(await stored())).toBe(100)
  })

  test('above the reservation charges in full and closes the meter', async () => {
    await write(reserve(await meterWith(), 'a', 100, noon, lease))
    await write(settle(await stored(), 'a', 2_000))
    expect(await stored()).toMatchObject({
      state: 'closed',
      closed: 'overrun',
      rev: 2,
      used: 2_000,
      remaining: -1_000,
    })
  })
})

test('a lease that was purged cannot be renewed', async () => {
  await meterWith()
  expect((await store.write(renew('m', 'a', noon + lease))).ok).toBe(false)
})

test('leases that have expired do not refuse a call that has room without them', async () => {
  const meter = {
    ...(await meterWith({ streams: 1 })),
    remaining: 0,
    leases: { a: { ...hold, r: 1_000, exp: noon - 1 } },
  }
  expect(obstacle(meter, 100, noon)).toBeDefined()
  expect(lastingObstacle(meter, 100, noon)).toBeUndefined()
  expect(lastingObstacle(meter, 100, noon - 2)).toBeDefined()
})

const step = fc.oneof(
  fc.record({ do: fc.constant('reserve' as const), r: fc.integer({ min: 1, max: 400 }) }),
  fc.record({
    do: fc.constant('settle' as const),
    which: fc.nat(5),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ do: fc.constant('again' as const), which: fc.nat(5) }),
  fc.record({ do: fc.constant('expire' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: dayMs }) }),
  fc.record({ do: fc.constant('lower' as const), perDay: fc.integer({ min: 200, max: 900 }) }),
)

test('whatever happens, no limit is passed, nothing is lost, and every token stands somewhere', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      store = openSqliteStore(':memory:', [])
      await meterWith({ rpm: 6_000, burst: 100 })
      let now = noon
      let charged = 0
      const settled: { id: string; charge: number; meter: Meter }[] = []
      for (const [i, one] of steps.entries()) {
        const meter = await stored()
        const open = Object.entries(meter.leases)
        if (one.do === 'wait') now += one.ms
        if (one.do === 'lower')
          await store.write({
            kind: 'update',
            key: keys.meter('m'),
            change: { set: [[['limits', 'perDay'], one.perDay]], add: [[['rev'], 1]] },
          })
        if (one.do === 'reserve') {
          const op = reserve(meter, `l${i}`, one.r, now, lease)
          if (!('code' in op)) expect((await store.write(op)).ok).toBe(true)
        }
        if (one.do === 'settle' && open.length > 0) {
          const [id, { r }] = open[one.which % open.length] ?? ['', hold]
          const charge = Math.floor(r * one.part)
          await write(settle(meter, id, charge))
          charged += charge
          settled.push({ id, charge, meter })
        }
        const past = settled[one.do === 'again' ? one.which : -1]
        if (past) await write(settle(past.meter, past.id, past.charge))
        if (one.do === 'expire')
          for (const [id, { r, exp }] of open.filter(([, { exp }]) => exp < now)) {
            await write(settle(await stored(), id, r, exp))
            charged += r
          }
        const after = await stored()
        expect(after.remaining + after.used + reservedNow(after)).toBe(limits.total)
        expect(after.used).toBe(charged)
        expect(after.remaining).toBeGreaterThanOrEqual(0)
        expect(after.dayUsed).toBeGreaterThanOrEqual(0)
        expect(Object.keys(after.leases).length).toBeLessThanOrEqual(limits.streams)
        expect(Object.keys(after.seqs)).toEqual(Object.keys(after.leases))
      }
    }),
    { numRuns: 200 },
  )
})
