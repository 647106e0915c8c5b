import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { median, quantile, slope } from '../../../../scripts/bench/statistics.ts'

const values = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 })

describe('quantile', () => {
  test('stands between the two values that are nearest', () => {
    expect(quantile([1, 2, 3, 4, 5], 0.5)).toBe(3)
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5)
    expect(quantile([10, 20], 0.99)).toBeCloseTo(19.9, 10)
  })

  test('orders numbers as numbers, and leaves what it was given as it was', () => {
    const given = [100, 9, 80]
    expect(quantile(given, 1)).toBe(100)
    expect(median(given)).toBe(80)
    expect(given).toEqual([100, 9, 80])
  })

  test('is one of a single value', () => {
    expect(quantile([7], 0.99)).toBe(7)
  })

  test('throws for none', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError)
  })

  test('lies between the least and the most, and grows with its share', () => {
    fc.assert(
      fc.property(values, fc.double({ noNaN: true, min: 0, max: 1 }), (given, q) => {
        expect(quantile(given, 0)).toBe(Math.min(...given) + 0)
        expect(quantile(given, 1)).toBe(Math.max(...given) + 0)
        expect(quantile(given, q)).toBeGreaterThanOrEqual(quantile(given, q / 2))
      }),
    )
  })
})

describe('slope', () => {
  test('is that of points on a line', () => {
    expect(
      slope([
        [0, 5],
        [10, 25],
        [30, 65],
      ]),
    ).toBe(2)
  })

  test('is 0 where nothing grows', () => {
    expect(
      slope([
        [1, 4],
        [2, 4],
        [3, 4],
      ]),
    ).toBe(0)
  })

  test('lets points on both sides of the line cancel out', () => {
    const noisy = [0, 1, 2, 3].map(x => [x, 3 * x + (x === 0 || x === 3 ? 1 : -1)] as const)
    expect(slope(noisy)).toBeCloseTo(3, 10)
  })

  test('throws for points at one place, and for none', () => {
    expect(() =>
      slope([
        [1, 1],
        [1, 2],
      ]),
    ).toThrow(RangeError)
    expect(() => slope([])).toThrow(RangeError)
  })
})
