import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../../../shared/oauth/base64url.ts'

const letters = fc.string({ unit: fc.constantFrom(...'AQgw019-_+/=. \n') })

test('what is encoded is decoded to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      expect(decodeBase64url(encodeBase64url(bytes))).toEqual(Buffer.from(bytes))
    }),
  )
})

test('any other text is no base64url: each byte string has one spelling', () => {
  fc.assert(
    fc.property(fc.oneof(letters, fc.string({ unit: 'binary' })), text => {
      const bytes = decodeBase64url(text)
      if (bytes) expect(encodeBase64url(bytes)).toBe(text)
      else expect(Buffer.from(text, 'base64url').toString('base64url')).not.toBe(text)
    }),
  )
})
