import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { identityHash } from '../../../shared/oauth/identity.ts'
import { useNotice, useNoticeDigest } from '../../../shared/oauth/use-notice.ts'

test('the digest is of the whole text: sessions and entries name it', () => {
  const text = [useNotice.title, ...useNotice.paragraphs].join('\n')
  expect(useNoticeDigest).toBe(createHash('sha256').update(text).digest('base64url'))
})

test('the notice claims no approval of anybody', () => {
  expect(useNotice.paragraphs.join(' ')).not.toMatch(
    /government|approved|authori[sz]ed by|official|licen[cs]e/i,
  )
})

test('an identity is of one issuer and one subject, wherever the line between them is drawn', () => {
  expect(identityHash('https://a.example', 'bc')).not.toBe(identityHash('https://a.exampleb', 'c'))
  expect(identityHash('a","b', 'c')).not.toBe(identityHash('a', 'b","c'))
})
