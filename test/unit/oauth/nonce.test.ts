import { expect, test } from 'vitest'
import { issueNonce, requireNonce } from '../../../shared/oauth/nonce.ts'

const key = Buffer.alloc(32, 7)
const minute = 60_000
const start = 1_800_000_000_000
const codeAt = (now: number, nonce: string | undefined = issueNonce(key, start)) =>
  requireNonce(nonce, key, now)?.code

test('RFC 9449 §8: a nonce is good in its minute and in the next one, to the millisecond', () => {
  expect(start % minute).toBe(0)
  expect(codeAt(start)).toBeUndefined()
  expect(codeAt(start + minute)).toBeUndefined()
  expect(codeAt(start + 2 * minute - 1)).toBeUndefined()
  expect(codeAt(start + 2 * minute)).toBe('nonce_required')
  expect(codeAt(start - 1)).toBe('nonce_required')
})

test('it is the same for everybody in one minute, and another in the next', () => {
  expect(issueNonce(key, start + minute - 1)).toBe(issueNonce(key, start))
  expect(issueNonce(key, start + minute)).not.toBe(issueNonce(key, start))
})

test('it has characters that a header takes (RFC 9449 §8.1)', () => {
  expect(issueNonce(key, start)).toMatch(/^[A-Za-z0-9_-]{22}$/)
})

test("another key's nonce, a made-up one and none are refused", () => {
  expect(requireNonce(undefined, key, start)?.facts.detail).toBe('The proof carries no nonce.')
  for (const nonce of [
    '',
    'x',
    'é'.repeat(11),
    issueNonce(Buffer.alloc(32, 8), start),
    `${issueNonce(key, start)}=`,
  ])
    expect(requireNonce(nonce, key, start)?.facts.detail).toBe(
      'The nonce of the proof is not, or no longer, valid.',
    )
})
