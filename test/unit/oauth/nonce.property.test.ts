import fc from 'fast-check'
import { expect, test } from 'vitest'
import { issueNonce, requireNonce } from '../../../shared/oauth/nonce.ts'

const key = Buffer.alloc(32, 1)
const now = fc.integer({ min: 120_000, max: 2 ** 42 })

test('a nonce serves for this minute and the next, and no later', () => {
  fc.assert(
    fc.property(now, fc.nat(300_000), (issued, later) => {
      const minutes = Math.floor((issued + later) / 60_000) - Math.floor(issued / 60_000)
      const refused = requireNonce(issueNonce(key, issued), key, issued + later)
      expect(refused?.code).toBe(minutes <= 1 ? undefined : 'nonce_required')
    }),
  )
})

test('any other text is refused, and so is the nonce of another key', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      now,
      (text, other, now) => {
        expect(requireNonce(text, key, now)?.code).toBe('nonce_required')
        fc.pre(Buffer.compare(other, key) !== 0)
        expect(requireNonce(issueNonce(other, now), key, now)?.code).toBe('nonce_required')
      },
    ),
  )
})
