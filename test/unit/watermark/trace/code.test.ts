/** Layer C: which of two instants a leak shows, and whom that names. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { everybody, leakOf, recordsOf } from '../../../../scripts/bench/watermark/coalitions.ts'
import { symbolScore, traceCode } from '../../../../shared/watermark/trace/code.ts'
import { candidate, december, november, reading, record, recordsById } from './marked.ts'

const biases = [0.1127, 0.5, 0.8873] as const
const epsilon = 1e-3

describe('the score of one record', () => {
  // Nothing here depends on which of the two instants is called the first.
  test.each([
    [1, 1, (p: number) => Math.sqrt((1 - p) / p)],
    [1, 0, (p: number) => -Math.sqrt(p / (1 - p))],
    [0, 1, (p: number) => -Math.sqrt((1 - p) / p)],
    [0, 0, (p: number) => Math.sqrt(p / (1 - p))],
  ] as const)('where %d was leaked and %d shown', (leaked, shown, expected) => {
    for (const bias of biases) expect(symbolScore({ bias, leaked }, shown)).toBeCloseTo(expected(bias), 12)
  })

  test('is 0 on average for whoever has no part in it, and has a variance of 1', () => {
    for (const bias of biases)
      for (const leaked of [0, 1] as const) {
        const [one, other] = [symbolScore({ bias, leaked }, 1), symbolScore({ bias, leaked }, 0)]
        expect(bias * one + (1 - bias) * other).toBeCloseTo(0, 12)
        expect(bias * one ** 2 + (1 - bias) * other ** 2).toBeCloseTo(1, 12)
      }
  })
})

/** `count` records of which slot 0 was shown one instant and slot 1 the other. */
const opposed = (count: number, epoch = november) =>
  Array.from({ length: count }, (_, i) =>
    record(`${epoch} ${i}`, ['0', '0'], {
      epoch,
      bias: biases[i % 3] ?? 0.5,
      marks: [{ instant: i % 2 === 0 ? 1 : 0 }, { instant: i % 2 === 0 ? 0 : 1 }],
    }),
  )
const shownTo = (slot: number, records: ReturnType<typeof opposed>) =>
  records.map(({ eid, epoch, marks }) => {
    const { instant = 1 } = marks.marks[slot] ?? {}
    return reading(eid, { epoch, instant })
  })

const ada = candidate('ada', 0)
const bela = candidate('bela', 1)

describe('the instants of one reader', () => {
  const records = opposed(48)
  const leak = shownTo(0, records)

  test('name that reader alone, with what chance gives', () => {
    const { accused, nearest, ...counts } = traceCode(leak, recordsById(...records), [ada, bela], epsilon)
    expect(counts).toEqual({ epsilon, records: 48, both: 0, tested: 2 })
    expect(accused).toHaveLength(1)
    expect(accused[0]).toMatchObject({
      candidate: 'ada',
      matches: 48,
      of: 48,
      expected: expect.closeTo(24, 9),
    })
    // All of it agrees: Chernoff's bound is the chance itself.
    expect(accused[0]?.bound).toBeCloseTo(2 * (0.5 * 0.1127 * 0.8873) ** 16, 25)
    expect(nearest).toMatchObject({ matches: 0, of: 48, bound: 1 })
    expect(nearest).not.toHaveProperty('candidate')
  })

  test('are compared in the months in which they had a slot', () => {
    const more = [...records, ...opposed(48, december)]
    const all = [...leak, ...shownTo(0, opposed(48, december))]
    const { accused, tested } = traceCode(
      all,
      recordsById(...more),
      [ada, candidate('always', 0, [november, december]), candidate('gone', 0, [november - 1])],
      epsilon,
    )
    expect(tested).toBe(2)
    expect(accused).toMatchObject([
      { candidate: 'always', of: 96 },
      { candidate: 'ada', of: 48 },
    ])
  })
})

describe('what is left out', () => {
  const records = opposed(6)
  const leak = shownTo(0, records)

  test('is a record leaked with both instants, which is said', () => {
    const merged = [...leak, ...shownTo(1, records.slice(0, 2))]
    expect(traceCode(merged, recordsById(...records), [ada], epsilon)).toMatchObject({
      records: 4,
      both: 2,
      nearest: { matches: 4, of: 4 },
    })
  })

  test('is a row that shows no instant; one that was leaked twice is counted once', () => {
    const [first, ...others] = leak
    const rows = [...others, ...others, reading(first?.eid ?? '', { timeDigits: '3481516' })]
    expect(traceCode(rows, recordsById(...records), [ada], epsilon)).toMatchObject({
      records: 5,
      both: 0,
      nearest: { matches: 5, of: 5 },
    })
  })

  test('is an entry with one instant, and whoever has no marks', () => {
    const one = record('one', ['0', '0'])
    const row = reading('one', { instant: 1 })
    expect(traceCode([row], recordsById(one), [ada], epsilon)).toMatchObject({ records: 0, tested: 0 })
    expect(traceCode(leak, recordsById(...records), [candidate('plain', 2)], epsilon)).toEqual({
      epsilon,
      records: 6,
      both: 0,
      tested: 0,
      accused: [],
    })
  })
})

test('the bound is never less than the chance over all that somebody innocent can have been shown', () => {
  const column = fc.record({
    bias: fc.constantFrom(...biases),
    leaked: fc.constantFrom(0 as const, 1 as const),
    shown: fc.constantFrom(0 as const, 1 as const),
  })
  fc.assert(
    fc.property(fc.array(column, { minLength: 1, maxLength: 8 }), columns => {
      const records = columns.map(({ bias, shown }, i) =>
        record(`${i}`, ['0'], { bias, marks: [{ instant: shown }] }),
      )
      const leak = columns.map(({ leaked }, i) => reading(`${i}`, { instant: leaked }))
      const { nearest } = traceCode(leak, recordsById(...records), [ada], 0)
      let chance = 0
      for (let pattern = 0; pattern < 1 << columns.length; pattern++) {
        let [score, likely] = [0, 1]
        for (const [i, { bias, leaked }] of columns.entries()) {
          const shown = (pattern >> i) & 1 ? 1 : 0
          score += symbolScore({ bias, leaked }, shown)
          likely *= shown === 1 ? bias : 1 - bias
        }
        if (score >= (nearest?.score ?? 0) - 1e-9) chance += likely
      }
      expect(nearest?.bound).toBeGreaterThanOrEqual(chance * (1 - 1e-9))
    }),
  )
})

test('what somebody else made up names nobody', () => {
  const records = recordsOf(1, 300)
  const leak = leakOf('code', 'interleave', recordsOf(2, 300), [0], 1)
  const { accused, nearest, tested } = traceCode(leak, recordsById(...records), everybody, epsilon)
  expect(tested).toBe(56)
  expect(accused).toEqual([])
  expect(nearest?.bound).toBeGreaterThan(epsilon)
})
