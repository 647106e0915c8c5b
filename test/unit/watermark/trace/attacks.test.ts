/**
 * What readers can do to their marks before they leak them, and how many records name one of them all the same. Few seeds:
 * `npm run bench -- watermark` does the same with 300.
 */
import { describe, expect, test } from 'vitest'
import { leakOf, recordsOf } from '../../../../scripts/bench/watermark/coalitions.ts'
import {
  atRisk,
  epsilons,
  type Leak,
  leaks,
  longer,
  namedBy,
  tally,
} from '../../../../scripts/bench/watermark/tally.ts'
import { markedSlots } from '../../../../shared/watermark/marks.ts'

const seeds = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i + 1)
const isLong = ({ records }: { readonly records: number }): boolean => records > 1_000

describe('whoever leaks', () => {
  const all = [...leaks, ...longer]
  const tallies = [
    ...tally(
      all.filter(leak => !isLong(leak)),
      seeds(20),
    ),
    ...tally(all.filter(isLong), seeds(4)),
  ]
  const lengthen = ({ layer, attack, coalition }: Leak): boolean =>
    longer.some(one => one.layer === layer && one.attack === attack && one.coalition === coalition)

  test.each(
    tallies.map(one => [one.leak.layer, one.leak.records, one.leak.coalition, one.leak.attack, one] as const),
  )('is one of those named, by %s of %d records of %d, %s', (_layer, _records, _of, _attack, one) => {
    const { leak, named, times } = one
    expect(named[0.01] / times).toBeGreaterThanOrEqual(0.97)
    // At a tenth of that risk all but two attacks fail at these lengths, too; those do at greater ones.
    if (!lengthen(leak) || longer.includes(leak)) expect(named[0.001] / times).toBeGreaterThanOrEqual(0.97)
  })

  test('brings hardly ever anybody innocent into it', () => {
    const times = tallies.reduce((sum, one) => sum + one.times, 0)
    for (const epsilon of epsilons) {
      const falsely = tallies.reduce((sum, one) => sum + one.falsely[epsilon], 0)
      expect(falsely / times).toBeLessThanOrEqual(epsilon)
    }
  })
})

/** Each of the readers leaks alone, so that all others are innocent: of few records, where chance goes furthest. */
test.each([
  ['digits', 40, 2],
  ['code', 40, 40],
] as const)('%s name an innocent reader no more often than is risked', (layer, logs, records) => {
  const falsely = new Map<number, number>(epsilons.map(epsilon => [epsilon, 0]))
  let [innocents, times] = [0, 0]
  for (const seed of seeds(logs)) {
    const all = recordsOf(seed, records)
    for (let slot = 0; slot < markedSlots(64); slot++) {
      const named = namedBy(layer, leakOf(layer, 'interleave', all, [slot], seed), all, [slot])
      innocents += named.innocents
      times++
      for (const epsilon of epsilons)
        if (atRisk(named.innocent, epsilon)) falsely.set(epsilon, (falsely.get(epsilon) ?? 0) + 1)
    }
  }
  expect(innocents).toBeGreaterThan(100_000)
  for (const epsilon of epsilons) expect((falsely.get(epsilon) ?? 0) / times).toBeLessThanOrEqual(epsilon / 2)
})
