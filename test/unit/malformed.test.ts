import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { corpus, corpusFile } from '../../scripts/malformed.ts'

test('the kept corpus is what its generator makes: node scripts/malformed.ts', () => {
  expect(readFileSync(corpusFile, 'utf8') === corpus()).toBe(true)
})
