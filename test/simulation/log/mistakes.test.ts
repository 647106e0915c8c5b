/**
 * Mistakes in the sequencer, each put into a copy of the product's source by a patch: each leaves out one thing that
 * `docs/log-format.md` asks for, and the simulation finds it.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { removeCopies, simulatedWith, violationsIn } from '../planted.ts'

afterAll(removeCopies)

/** Each is found in one of so many worlds; most of them, in the first. */
const seeds = 50

/** Where the search begins, for those that take a rarer history. */
const from: Readonly<Record<string, number>> = {
  'checkpoint-swapped-on-a-later-look': 12,
  'state-read-before-the-checkpoint': 12,
}

describe('the simulation of the log finds', () => {
  test.concurrent.each([
    [
      'staged-without-the-older-size',
      /invariant 6: .* halts: contradiction: staging\/.* stands with other bytes/,
    ],
    ['candidates-with-a-place', /invariant 1: leaf \d+ of the tree is leaf \d+ once more/],
    [
      'loser-writes-its-tiles',
      /invariant [12]: .*(have place \d+|written a second time|other leaves than before)/,
    ],
    ['commitment-among-the-others', /invariant 5: leaf \d+ is the first of epoch \d+, of type 2/],
    ['state-on-any-version', /invariant 7: the state goes from \d+ \(version \d+\) to/],
    ['staged-after-the-state', /invariant 7: the state names staging\/.*, which is not there/],
    ['checkpoint-swapped-on-a-later-look', /invariant 2: a tree of \d+ is published after one of \d+/],
    ['place-before-the-checkpoint', /invariant 4: .* has place \d+, and no tree with it is published/],
    ['state-behind-goes-on', /invariant 2: .*(where the state was set back|and a sequencer goes on)/],
    ['state-read-before-the-checkpoint', /invariant 6: .* halts: behind: a tree of \d+ is published/],
  ])('%s', async (mistake, violation) => {
    const sought = { scene: 'log', from: from[mistake] ?? 1, seeds } as const
    const { code, stdout } = await simulatedWith(mistake, sought, '--all')
    expect(code, stdout.slice(-4_000)).toBe(1)
    expect(violationsIn(stdout)).toMatch(violation)
  })
})

test('the simulation finds last-commit-not-finished, and tells shortly what that needs to fail', async () => {
  const { code, stdout } = await simulatedWith('last-commit-not-finished', { scene: 'log', from: 10, seeds })
  expect(code, stdout).toBe(1)
  const [, history = ''] = stdout.split('what it needs to fail:\n')
  expect(violationsIn(history)).toMatch(/invariant 1: leaf \d+ of the tree is leaf \d+ once more/)
  expect(history.split('\n').length).toBeLessThan(120)
})
