import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseForm } from '../../../shared/oauth/form.ts'
import { OAuthError } from '../../../shared/oauth/oauth-error.ts'

const type = ['application/x-www-form-urlencoded']
const parse = (body: string, contentType: readonly string[] = type) =>
  parseForm(contentType, Buffer.from(body))

test('what URLSearchParams writes is read back, without what is empty', () => {
  const value = fc.string({ unit: 'grapheme' })
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), value), fields => {
      const form = parse(new URLSearchParams(fields).toString())
      expect(form).toEqual(new Map(Object.entries(fields).filter(([, each]) => each !== '')))
    }),
  )
})

test('any bytes are parsed or refused, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), body => {
      const form = parseForm(type, body)
      expect(form instanceof Map || form instanceof OAuthError).toBe(true)
    }),
  )
})

test('plus is a space, escapes are UTF-8', () => {
  expect(parse('scope=a+b%2B&name=%C3%A9')).toEqual(
    new Map([
      ['scope', 'a b+'],
      ['name', 'é'],
    ]),
  )
})

test('RFC 6749 §3.2: a parameter without a value counts as absent', () => {
  expect(parse('scope=&resource&grant_type=x&')).toEqual(new Map([['grant_type', 'x']]))
})

describe('refused as invalid_request', () => {
  const twice = 'A parameter is sent twice.'
  const malformed = 'The body is not well-formed.'
  test.each([
    ['a=1&a=2', twice],
    ['a=1&a=', twice],
    ['a&a', twice],
    ['scope=1&%73cope=2', twice],
    ['a=%', malformed],
    ['a=%4', malformed],
    ['a=%zz', malformed],
    ['a=%ff', malformed],
    ['a=%ed%a0%80', malformed],
    ['a=é', malformed],
    ['a=b c', malformed],
    ['a=1\n', malformed],
  ])('%j', (body, description) => {
    expect(parse(body)).toEqual(new OAuthError('invalid_request', description))
  })

  test.each([
    [[]],
    [['application/json']],
    [[...type, ...type]],
    [['application/x-www-form-urlencoded; charset=utf-16']],
  ])('content types %j', contentType => {
    expect(parse('a=1', contentType)).toEqual(
      new OAuthError('invalid_request', 'The content type is application/x-www-form-urlencoded.'),
    )
  })

  test('a body of more than 16 KiB, to the byte', () => {
    const body = `a=${'x'.repeat(16 * 1024 - 2)}`
    expect(parse(body)).toBeInstanceOf(Map)
    expect(parse(`${body}x`)).toEqual(new OAuthError('invalid_request', 'The body has at most 16384 bytes.'))
  })
})

test.each(['Application/X-WWW-Form-URLEncoded', 'application/x-www-form-urlencoded; charset=UTF-8'])(
  '%s is the content type as well',
  contentType => {
    expect(parse('a=1', [contentType])).toEqual(new Map([['a', '1']]))
  },
)
