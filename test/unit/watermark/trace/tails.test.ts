/** Chances of what chance alone gives, against all ways in which it can come out. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Draws, lnBinomialTail, lnChernoff } from '../../../../shared/watermark/trace/tails.ts'

/** ln P[Bin(n, tenths/10) ≥ t] in whole numbers of any length. */
function lnExactTail(t: number, n: number, tenths: number): number {
  let [ways, sum] = [1n, 0n]
  for (let k = 0; k <= n; k++) {
    if (k >= t) sum += ways * BigInt(tenths) ** BigInt(k) * BigInt(10 - tenths) ** BigInt(n - k)
    ways = (ways * BigInt(n - k)) / BigInt(k + 1)
  }
  const text = sum.toString()
  return Math.log(Number(`0.${text.slice(0, 25)}`)) + (text.length - n) * Math.LN10
}

const tail = fc
  .record({ n: fc.integer({ min: 1, max: 300 }), tenths: fc.integer({ min: 1, max: 9 }) })
  .chain(one => fc.record({ ...constants(one), t: fc.integer({ min: 0, max: one.n }) }))

const constants = ({ n, tenths }: { n: number; tenths: number }) => ({
  n: fc.constant(n),
  tenths: fc.constant(tenths),
})

describe('the tail of a binomial', () => {
  test.each([
    ['no match of none', 0, 0, 0.1, 0],
    ['none at least', 0, 20, 0.1, 0],
    ['one of two', 1, 2, 0.1, Math.log(0.19)],
    ['all of fourteen', 14, 14, 0.1, -14 * Math.LN10],
    ['all of 300: 1e-300', 300, 300, 0.1, -300 * Math.LN10],
    ['all of a million, which no double holds', 1e6, 1e6, 0.1, -1e6 * Math.LN10],
    ['one of so many that it is certain', 1, 1e6, 0.5, 0],
  ])('%s', (_, t, n, p, expected) => {
    expect(lnBinomialTail(t, n, p)).toBeCloseTo(expected, 7)
  })

  test('that cannot be is impossible', () => {
    expect(lnBinomialTail(3, 2, 0.1)).toBe(Number.NEGATIVE_INFINITY)
  })

  test('is that of whole numbers to eleven digits, down to where no double goes', () => {
    fc.assert(
      fc.property(tail, ({ t, n, tenths }) => {
        const exact = lnExactTail(t, n, tenths)
        expect(Math.abs(lnBinomialTail(t, n, tenths / 10) - exact)).toBeLessThan(
          1e-11 * Math.max(1, Math.abs(exact)),
        )
      }),
    )
  })

  test('grows with the draws and their probability, and falls with what is asked', () => {
    fc.assert(
      fc.property(tail, ({ t, n, tenths }) => {
        const p = tenths / 10
        const slack = 1e-12
        const one = lnBinomialTail(t, n, p)
        expect(lnBinomialTail(t + 1, n, p)).toBeLessThanOrEqual(one + slack)
        expect(lnBinomialTail(t, n + 1, p)).toBeGreaterThanOrEqual(one - slack)
        expect(lnBinomialTail(t, n, p + 0.05)).toBeGreaterThanOrEqual(one - slack)
      }),
    )
  })
})

const p = fc.double({ min: 0.05, max: 0.95, noNaN: true })
const draw = fc.record({
  count: fc.integer({ min: 0, max: 4 }),
  p,
  hit: fc.double({ min: -1, max: 3, noNaN: true }),
  miss: fc.double({ min: -3, max: 1, noNaN: true }),
})
const fewDraws = fc.array(draw, { minLength: 1, maxLength: 3 })

/** Everything that these draws can come to, and how likely each is. */
function outcomes(draws: readonly Draws[]): readonly { readonly sum: number; readonly chance: number }[] {
  let all = [{ sum: 0, chance: 1 }]
  for (const { count, p, hit, miss } of draws)
    for (let i = 0; i < count; i++)
      all = all.flatMap(({ sum, chance }) => [
        { sum: sum + hit, chance: chance * p },
        { sum: sum + miss, chance: chance * (1 - p) },
      ])
  return all
}

describe('the bound on a sum of different draws', () => {
  test('is never less than the chance, whatever the sum', () => {
    fc.assert(
      fc.property(fewDraws, draws => {
        const all = outcomes(draws)
        for (const { sum } of all) {
          const chance = all.reduce((total, one) => total + (one.sum >= sum - 1e-9 ? one.chance : 0), 0)
          expect(Math.exp(lnChernoff(draws, sum - 1e-9))).toBeGreaterThanOrEqual(chance * (1 - 1e-9))
        }
      }),
    )
  })

  test('is at most 1, and falls as the sum grows', () => {
    fc.assert(
      fc.property(fewDraws, draws => {
        let last = 0
        for (let sum = -4; sum <= 40; sum += 0.5) {
          const bound = lnChernoff(draws, sum)
          expect(bound).toBeLessThanOrEqual(last + 1e-9)
          last = bound
        }
      }),
    )
  })

  test('is the chance itself where each draw comes to its most', () => {
    const draws = [
      { count: 400, p: 0.1, hit: 1, miss: 0 },
      { count: 300, p: 0.3, hit: 1, miss: 0 },
    ]
    expect(lnChernoff(draws, 700)).toBeCloseTo(400 * Math.log(0.1) + 300 * Math.log(0.3), 9)
  })

  /** Ash (1965), "Information theory", lemma 4.7.2: what Chernoff's bound loses on a binomial at most. */
  test('is above that of a binomial by no more than is known', () => {
    fc.assert(
      fc.property(tail, ({ t, n, tenths }) => {
        fc.pre(t < n && t > (n * tenths) / 10)
        const bound = lnChernoff([{ count: n, p: tenths / 10, hit: 1, miss: 0 }], t)
        const exact = lnBinomialTail(t, n, tenths / 10)
        expect(bound).toBeGreaterThanOrEqual(exact - 1e-9)
        expect(bound - exact).toBeLessThanOrEqual(0.5 * Math.log(8 * t * (1 - t / n)) + 1e-9)
      }),
    )
  })

  test('of no draws says nothing', () => {
    expect(lnChernoff([], 0)).toBe(0)
  })
})
