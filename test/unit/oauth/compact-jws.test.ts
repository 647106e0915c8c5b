import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../../../shared/oauth/base64url.ts'
import { encodeObject, parseCompactJws } from '../../../shared/oauth/compact-jws.ts'

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

test('base64url: every byte string comes back from its one spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => {
      expect(Buffer.from(decodeBase64url(encodeBase64url(bytes)) ?? [1]).equals(Buffer.from(bytes))).toBe(
        true,
      )
    }),
  )
})

test('base64url: whatever is accepted is spelled as it would be encoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'AQgw-_+/= \n'), maxLength: 8 }), text => {
      const bytes = decodeBase64url(text)
      if (bytes !== undefined) expect(encodeBase64url(bytes)).toBe(text)
    }),
  )
})

test.each(['QQ==', 'QR', 'Q', 'Q Q', 'Q+Q_', 'QUI\n'])('base64url: %j is refused', text => {
  expect(decodeBase64url(text)).toBeUndefined()
})

test('RFC 7515 §7.1: header, payload and signature of any JSON objects are read as they were written', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue()).map(each => JSON.parse(JSON.stringify(each)))
  fc.assert(
    fc.property(object, object, fc.uint8Array({ maxLength: 64 }), (header, payload, signature) => {
      const input = `${encodeObject(header)}.${encodeObject(payload)}`
      const jws = parseCompactJws(`${input}.${encodeBase64url(signature)}`, 1_000_000)
      expect(jws).toEqual({
        header,
        payload,
        input: Buffer.from(input),
        signature: Buffer.from(signature),
      })
    }),
  )
})

test('any text is parsed or refused, and never throws', () => {
  const junk = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.oneof(fc.base64String(), fc.jsonValue().map(part)), { maxLength: 5 })
      .map(all => all.join('.')),
  )
  fc.assert(
    fc.property(junk, text => {
      const jws = parseCompactJws(text, 1000)
      if (jws !== undefined) expect(text.split('.')).toHaveLength(3)
    }),
  )
})

test.each([
  ['two parts', `${part({})}.${part({})}`],
  ['four parts', `${part({})}.${part({})}.AA.AA`],
  ['an array as header', `${part([])}.${part({})}.AA`],
  ['null as payload', `${part({})}.${part(null)}.AA`],
  ['padding', `${part({})}.${part({ a: 1 })}=.AA`],
  ['set trailing bits in the signature', `${part({})}.${part({})}.AB`],
  ['invalid UTF-8', `${part({})}.${Buffer.from('7b2261223a22ff227d', 'hex').toString('base64url')}.AA`],
  ['a byte order mark', `${Buffer.from('\ufeff{}').toString('base64url')}.${part({})}.AA`],
])('%s: refused', (_, text) => {
  expect(parseCompactJws(text, 1000)).toBeUndefined()
})

test('the cap counts characters, the last one included', () => {
  const text = `${part({})}.${part({})}.AA`
  expect(parseCompactJws(text, text.length)).toBeDefined()
  expect(parseCompactJws(text, text.length - 1)).toBeUndefined()
})
