/** Invariants 1 and 2 across `kill -9` under live streams; `npm run test:crash` is the same at length. */
import { expect, test } from 'vitest'
import { crashSeries } from '../crash/series.ts'

const kills = 5
const streams = 20

test(`${kills} kills under ${streams} live streams: used + remaining = total, every intent has one outcome, nothing told is lost, each entry is in the tree once`, async () => {
  const seed = Date.now() % 1e9
  const { violations, kept, ...found } = await crashSeries({ kills, streams, seed })
  expect({ seed, kept, violations }).toEqual({ seed, kept: undefined, violations: [] })
  // Some kills met calls, and there was something to lose.
  expect(found.endings.get('estimated')).toBeGreaterThan(0)
  expect(found.acknowledged.ends).toBeGreaterThan(0)
  expect(found.acknowledged.tokens).toBeGreaterThan(0)
  expect(found.log.entries).toBeGreaterThan(found.acknowledged.calls)
  expect(found.log.size).toBe(found.log.entries)
})
