/** How often an excerpt names its partner: a sixth of the documents; `npm run bench -- watermark` measures all of them. */
import { expect, test } from 'vitest'
import { measureRecall, promised, recallTolerance } from '../../../scripts/bench/watermark/recall.ts'
import { shippedTexts } from '../../../scripts/bench/watermark/texts.ts'

test('excerpts name the partner that their text was sent to as often as is promised, and never another', () => {
  const texts = shippedTexts(6)
  expect(texts.length).toBeGreaterThan(300)
  const measured = measureRecall(texts, promised)
  for (const [i, { excerpts, right, wrong }] of measured.entries()) {
    expect(excerpts).toBeGreaterThan(300)
    expect(right / excerpts).toBeGreaterThan((promised[i]?.recall ?? 1) - recallTolerance)
    expect(wrong).toBe(0)
  }
})
