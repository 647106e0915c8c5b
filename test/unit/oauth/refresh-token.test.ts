import fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomId } from '../../../shared/domain/id.ts'
import {
  isRefreshTokenOf,
  makeRefreshToken,
  parseRefreshToken,
  refreshHashOf,
} from '../../../shared/oauth/refresh-token.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const tokens = fc
  .tuple(bytes(16), bytes(32))
  .map(([id, secret]) => makeRefreshToken(randomId('session', id), secret))

test('what was made is read again, and is kept without its secret', () => {
  fc.assert(
    fc.property(bytes(16), bytes(32), (id, secret) => {
      const session = randomId('session', id)
      const token = parseRefreshToken(makeRefreshToken(session, secret))
      expect(token).toEqual({ session, secret: Buffer.from(secret).toString('base64url') })
      if (token) expect(refreshHashOf(token)).not.toContain(token.secret)
    }),
  )
})

test('one is the token of its own session alone', () => {
  fc.assert(
    fc.property(tokens, tokens, (one, other) => {
      const [mine, theirs] = [parseRefreshToken(one), parseRefreshToken(other)]
      if (!mine || !theirs) throw new Error('a token cannot be read')
      expect(isRefreshTokenOf(mine, { refreshHash: refreshHashOf(mine) })).toBe(true)
      expect(isRefreshTokenOf(mine, { refreshHash: refreshHashOf(theirs) })).toBe(
        mine.secret === theirs.secret,
      )
    }),
  )
})

test('each has one spelling: any text is that, or no token', () => {
  const almost = fc
    .tuple(tokens, fc.nat(120), fc.string({ unit: 'binary', maxLength: 2 }))
    .map(([token, at, piece]) => token.slice(0, at) + piece + token.slice(at + 1))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), almost), text => {
      const token = parseRefreshToken(text)
      if (token) expect(makeRefreshToken(token.session, Buffer.from(token.secret, 'base64url'))).toBe(text)
    }),
  )
})
