/** What `npm run bench -- watermark` asks of a million replies, of two thousand. */
import { expect, test } from 'vitest'
import { askManyReplies } from '../../../scripts/bench/watermark/many-replies.ts'

test('an excerpt is found among segments on disk by few reads, and nothing else is', async () => {
  const asked = await askManyReplies({ replies: 2_000, inSegment: 700, questions: 6 }, () => undefined)
  expect(asked).toMatchObject({ segments: 3, pairs: 600_000, answered: 6, falseMatches: 0 })
  expect(asked.bytes / 2_000).toBeLessThan(3_800)
  // 56 grams in three files: neighbours come in one read, with what lies between them.
  expect(asked.read.times).toBeLessThan((56 * 3) / 2)
})
