/**
 * Mistakes, each put into a copy of the product's source by a patch: the simulation finds every one, and tells shortly
 * what it needs to fail. Two were the product's own, until it was simulated; `own-work-taken-for-anothers` is one of DynamoDB's
 * adapter. Where something holds for several reasons, each enough by itself, the mistake drops them all: `own-approval`
 * and `window-that-no-clock-ends`.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { removeCopies, simulatedWith, violationsIn } from './planted.ts'

afterAll(removeCopies)

/** Those that only rare histories show: the search begins shortly before the first one, and goes as far as the others'. */
const from: Readonly<Record<string, number>> = {
  'purge-without-the-seen-expiry': 80,
  'reserve-without-its-deadline': 280,
  'stale-rev': 50,
  'agreement-state-not-read': 36,
  'window-that-no-clock-ends': 22,
  'settle-any-lease-of-the-name': 15,
  'authority-as-it-was-at-admission': 105,
  'ceiling-lowered-absolutely': 148,
}

describe('the simulation finds', () => {
  test.concurrent.each([
    ['settle-before-outcome', /invariant 2: .* was settled before its outcome stood/],
    ['purge-without-the-seen-expiry', /invariant 2: .* was purged by .* ms before its expiry/],
    [
      'reserve-without-its-deadline',
      /invariant [12]: .*(its outcome says|was charged|after its lease had gone|without a reservation)/,
    ],
    ['day-blind-settle', /invariant 2: .* of the day are used, its leases come to/],
    ['cached-authority', /invariant 3: .* (was admitted|still went on) \d+ ms after/],
    ['proof-spent-before-its-signature-check', /invariant 4: .* nobody with its key had sent it before/],
    ['upstream-before-intent', /invariant 1: .* (has no intent|before its intent stood)/],
    ['stale-rev', /invariant 2: .* (overshoots its (day|streams|budget|rate)|takes nothing of its rate)/],
    ['settle-any-lease-of-the-name', /invariant 2: .* was charged \d+ and \d+/],
    ['authority-as-it-was-at-admission', /invariant 3: .* still went on \d+ ms after/],
    [
      'own-work-taken-for-anothers',
      /invariant [14]: .*(before its outcome stood|nobody with its key had sent it before)/,
    ],
    ['approve-without-staleness', /invariant 5: .* was decided on version \d+, and applied to version \d+/],
    ['entry-after-the-change', /invariant 5: .* was changed by .*, and no entry tells of it/],
    ['own-approval', /invariant 5: .* is signed by .*, who proposed it/],
    ['meters-not-closed', /invariant 5: .* is stopped, and its meter is open/],
    [
      'agreement-state-not-read',
      /invariant 3: .* (was admitted|still went on|asked for a token) \d+ ms after/,
    ],
    ['in-force-by-one-signature', /invariant 5: .* is in force in a version that .* has not signed/],
    ['ceiling-lowered-absolutely', /invariant 2: grant_\w+: .* is not \d+/],
    ['window-by-the-record-alone', /invariant 3: .* was refused within its window/],
    [
      'fingerprints-lost-without-a-word',
      /invariant 1: the fingerprints of .*, which its outcome names, are not kept/,
    ],
    ['window-that-no-clock-ends', /invariant 3: .*(was admitted outside of|after) its window/],
  ])('%s', async (mistake, violation) => {
    const { code, stdout } = await simulated(mistake, '--all')
    expect(code, stdout.slice(-4_000)).toBe(1)
    expect(violationsIn(stdout)).toMatch(violation)
  })
})

// To leave out all that has nothing to do with it takes longer than to find it.
test.concurrent.each(['upstream-before-intent', 'stale-rev', 'own-approval', 'window-by-the-record-alone'])(
  'it tells shortly what %s needs to fail',
  async mistake => {
    const { code, stdout } = await simulated(mistake)
    expect(code, stdout).toBe(1)
    const [, history = ''] = stdout.split('what it needs to fail:\n')
    expect(history).toMatch(/^violation of invariant \d/m)
    expect(history.split('\n').length).toBeLessThan(120)
  },
)

const simulated = (mistake: string, ...options: readonly string[]) =>
  simulatedWith(mistake, { scene: 'calls', from: from[mistake] ?? 1, seeds: 2_000 }, ...options)
