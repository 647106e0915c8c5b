/** What a coalition makes of its copies of a record is put down to a member of it, or proves nothing. */
import { expect, test } from 'vitest'
import { judgeCopies } from '../../../scripts/bench/watermark/copies.ts'
import { chanceOf, madeUpCalls } from '../../../scripts/bench/watermark/leak-log.ts'
import { openEpochKey } from '../../../shared/watermark/slots.ts'

test('of 300 records of two to five readers none is put down to anybody else', async () => {
  const calls = { organisation: 'cedar', model: 'aurora', developer: 'halcyon' }
  const entries = madeUpCalls({ ...calls, seed: 'copies', count: 150, from: Date.UTC(2026, 10, 3, 8) })
  const epoch = openEpochKey(2026 * 12 + 10, 64, new Uint8Array(32).fill(5))
  const judged = await judgeCopies(epoch, entries, chanceOf('coalitions').below)
  expect(judged.wrong).toBe(0)
  expect(judged.named).toBeGreaterThan(80)
  expect(judged.unproved).toBeGreaterThan(150)
})
