import { describe, expect, test } from 'vitest'
import { simulate } from './simulate.ts'

const seeds = 200

describe('a simulated world', () => {
  test(`keeps the invariants and comes to its end under ${seeds} seeds`, async () => {
    const failed: string[] = []
    let calls = 0
    let asked = 0
    let decisions = 0
    for (let seed = 1; seed <= seeds; seed++) {
      const simulated = await simulate({ seed })
      calls += simulated.calls
      asked += simulated.asked
      decisions += simulated.decisions
      for (const violation of simulated.violations) failed.push(`seed ${seed}: ${violation}`)
    }
    expect(failed).toEqual([])
    // The invariants were put to the test: there was something to break them.
    expect(calls).toBeGreaterThan(20 * seeds)
    expect(asked).toBeGreaterThan(calls / 3)
    expect(decisions).toBeGreaterThan(4 * seeds)
  })

  test.each([1, 2, 3])('replays seed %i step by step', async seed => {
    const once = await simulate({ seed, tell: true })
    expect(once.history.length).toBeGreaterThan(100)
    expect(await simulate({ seed, tell: true })).toEqual(once)
  })

  test('is another one with another seed', async () => {
    const [one, other] = [await simulate({ seed: 1, tell: true }), await simulate({ seed: 2, tell: true })]
    expect(one.history).not.toEqual(other.history)
  })
})
