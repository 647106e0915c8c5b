import { describe, expect, test } from 'vitest'
import { simulateLog } from './simulate-log.ts'

const seeds = 120

describe('a simulated log', () => {
  test(`keeps the invariants and comes to its end under ${seeds} seeds`, async () => {
    const failed: string[] = []
    let [acknowledged, trees, epochs, full, restored] = [0, 0, 0, 0, 0]
    for (let seed = 1; seed <= seeds; seed++) {
      const simulated = await simulateLog({ seed })
      acknowledged += simulated.acknowledged
      trees += simulated.trees
      epochs += simulated.epochs
      full += simulated.filled
      restored += simulated.restored
      for (const violation of simulated.violations) failed.push(`seed ${seed}: ${violation}`)
    }
    expect(failed).toEqual([])
    // The invariants were put to the test: there was something to break them.
    expect(acknowledged).toBeGreaterThan(15 * seeds)
    expect(trees).toBeGreaterThan(8 * seeds)
    expect(epochs).toBeGreaterThan(1.3 * seeds)
    expect(full).toBeGreaterThan(seeds / 6)
    expect(restored).toBeGreaterThan(seeds / 10)
  })

  test.each([1, 2, 3])('replays seed %i step by step', async seed => {
    const once = await simulateLog({ seed, tell: true })
    expect(once.history.length).toBeGreaterThan(100)
    expect(await simulateLog({ seed, tell: true })).toEqual(once)
  })

  test('is another one with another seed', async () => {
    const [one, other] = [
      await simulateLog({ seed: 1, tell: true }),
      await simulateLog({ seed: 2, tell: true }),
    ]
    expect(one.history).not.toEqual(other.history)
  })
})
