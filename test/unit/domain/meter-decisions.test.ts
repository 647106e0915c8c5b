import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changed } from '../../../shared/adapters/change.ts'
import { satisfies as meets } from '../../../shared/adapters/condition.ts'
import {
  freshMeter,
  type Limits,
  type Meter,
  reopen,
  reserve,
  reservedNow,
  settle,
} from '../../../shared/domain/meter.ts'
import { aboveCeiling, changeLimits, closeMeter, openMeter } from '../../../shared/domain/meter-decisions.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Update } from '../../../shared/ports/store.ts'

const now = 1_800_000_000_000
const limits: Limits = { total: 1_000, rpm: 60_000, burst: 1_000, streams: 64 }
const fresh = (change: Partial<Meter> = {}): Meter => ({ ...freshMeter('m', limits, now), ...change })

/** As the store does it: the write takes place if its condition holds on what is stored. */
const written = (meter: Meter, update: Update | undefined): Meter =>
  update?.if !== undefined && meets({ pk: 'm', ...meter }, update.if)
    ? (changed(meter as never, update.change) as unknown as Meter)
    : meter

const total = (meter: Meter): number => meter.remaining + meter.used + reservedNow(meter)

describe('people change a meter', () => {
  test('closing takes the mark of an overrun away, and opening puts it back while nobody has looked', () => {
    const overrun = fresh({ state: 'closed', closed: 'overrun', overruns: { a: 5 } })
    const closed = written(overrun, closeMeter(overrun))
    expect([closed.state, closed.closed, closed.rev]).toEqual(['closed', undefined, 2])
    const opened = written(closed, openMeter(closed))
    expect([opened.state, opened.closed]).toEqual(['closed', 'overrun'])
    const looked = written(opened, reopen(opened, ['a']))
    expect([looked.state, looked.closed]).toEqual(['open', undefined])
  })

  test('what changed since it was seen is not written over', () => {
    const seen = fresh()
    const since = written(seen, closeMeter(seen))
    for (const update of [
      closeMeter(seen),
      openMeter(seen),
      changeLimits(seen, { ...limits, total: 5_000 }),
    ]) {
      if (update instanceof Refusal) throw new Error(update.code)
      expect(written(since, update)).toBe(since)
    }
  })

  test('a total below what is used and reserved is refused, and names the field', () => {
    const meter = fresh({ remaining: 300, used: 700 })
    const refused = changeLimits(meter, { ...limits, total: 699 })
    expect(refused).toMatchObject({ code: 'state_forbids', facts: { field: 'limits.total', meter: 'm' } })
    expect(changeLimits(meter, { ...limits, total: 700 })).not.toBeInstanceOf(Refusal)
  })

  test('a reservation between the look and the write makes the write fail, and takes nothing twice', () => {
    const seen = fresh()
    const update = changeLimits(seen, { ...limits, total: 100 })
    const op = reserve(seen, 'call', 950, now, 30_000)
    if (update instanceof Refusal || 'code' in op) throw new Error('it is possible')
    const reserved = written(seen, op)
    expect(written(reserved, update)).toBe(reserved)
  })
})

describe('the ceiling of an agreement', () => {
  const ceiling: Limits = { total: 1_000, perDay: 100, rpm: 60, burst: 10, streams: 8 }
  const atIt = { ...ceiling }

  test.each([
    ['limits.total', { ...atIt, total: 1_001 }],
    ['limits.per_day', { ...atIt, perDay: 101 }],
    ['limits.rpm', { ...atIt, rpm: 61 }],
    ['limits.burst', { ...atIt, burst: 11 }],
    ['limits.streams', { ...atIt, streams: 9 }],
  ] as const)('above it: %s', (field, asked) => {
    expect(aboveCeiling(asked, ceiling)).toBe(field)
  })

  test('no daily limit is above any daily limit', () => {
    const { perDay: _, ...without } = atIt
    expect(aboveCeiling(without, ceiling)).toBe('limits.per_day')
    expect(aboveCeiling(atIt, without)).toBeUndefined()
  })

  test('what is at it is covered', () => {
    expect(aboveCeiling(atIt, ceiling)).toBeUndefined()
  })
})

/** What calls and people do, in any order; each looks at the meter as it was a step before, or as it is. */
type Act =
  | { readonly kind: 'reserve'; readonly id: string; readonly r: number }
  | { readonly kind: 'settle'; readonly id: string; readonly charge: number }
  | { readonly kind: 'limits'; readonly total: number; readonly late: boolean }
  | { readonly kind: 'close' | 'open'; readonly late: boolean }

const id = fc.constantFrom('a', 'b', 'c', 'd')
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constant('reserve' as const), id, r: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constant('settle' as const), id, charge: fc.integer({ min: 0, max: 500 }) }),
  fc.record({
    kind: fc.constant('limits' as const),
    total: fc.integer({ min: 1, max: 3_000 }),
    late: fc.boolean(),
  }),
  fc.record({ kind: fc.constantFrom('close' as const, 'open' as const), late: fc.boolean() }),
)

function writeOf(one: Act, meter: Meter, before: Meter): Update | undefined {
  switch (one.kind) {
    case 'reserve': {
      const op = reserve(meter, one.id, one.r, now, 30_000)
      return 'code' in op ? undefined : op
    }
    case 'settle':
      return settle(meter, one.id, one.charge)
    case 'limits': {
      const update = changeLimits(one.late ? before : meter, { ...limits, total: one.total })
      return update instanceof Refusal ? undefined : update
    }
    case 'close':
      return closeMeter(one.late ? before : meter)
    case 'open':
      return openMeter(one.late ? before : meter)
  }
}

describe('whatever the order of calls and decisions', () => {
  test('the total is what remains, what is used and what is reserved', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), acts => {
        let meter = fresh()
        let before = meter
        for (const one of acts) {
          const next = written(meter, writeOf(one, meter, before))
          before = meter
          meter = next
          expect(total(meter)).toBe(meter.limits.total)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('only a call that is billed beyond its reservation takes what remains below nothing', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), acts => {
        let meter = fresh()
        let before = meter
        for (const one of acts) {
          const next = written(meter, writeOf(one, meter, before))
          const overrun = Object.keys(next.overruns).length > Object.keys(meter.overruns).length
          if (!overrun && meter.remaining >= 0) expect(next.remaining).toBeGreaterThanOrEqual(0)
          before = meter
          meter = next
        }
      }),
      { numRuns: 500 },
    )
  })

  test('one that is closed is never opened while an overrun waits to be looked at', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), acts => {
        let meter = fresh()
        let before = meter
        for (const one of acts) {
          const next = written(meter, writeOf(one, meter, before))
          before = meter
          meter = next
          if (Object.keys(meter.overruns).length > 0) expect(meter.state).toBe('closed')
        }
      }),
      { numRuns: 500 },
    )
  })
})
