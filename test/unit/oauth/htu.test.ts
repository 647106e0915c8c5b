import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normaliseHtu } from '../../../shared/oauth/htu.ts'

describe('RFC 3986 §6.2.2 and §6.2.3, RFC 9449 §4.3: equal', () => {
  test.each([
    ['HTTPS://Gate.Example/oauth/token', 'https://gate.example/oauth/token'],
    ['https://gate.example:443/a', 'https://gate.example/a'],
    ['http://127.0.0.1:80/a', 'http://127.0.0.1/a'],
    ['https://gate.example:8443/a', 'https://gate.example:8443/a'],
    ['https://gate.example', 'https://gate.example/'],
    ['https://gate.example/%7euser/%61', 'https://gate.example/~user/a'],
    ['https://gate.example/%2fa', 'https://gate.example/%2Fa'],
    ['https://gate.example/b/../a/./c', 'https://gate.example/a/c'],
    ['https://gate.example/b/%2e%2E/a', 'https://gate.example/a'],
    ['https://gate.example/a?b=/../c', 'https://gate.example/a'],
    ['https://gate.example/a#b', 'https://gate.example/a'],
    ['https://gate.example//a', 'https://gate.example//a'],
    ['https://[2001:DB8::1]/a', 'https://[2001:db8::1]/a'],
  ])('%s and %s', (text, normal) => {
    expect(normaliseHtu(text)).toBe(normal)
  })
})

test.each([
  ['https://gate.example/A', 'https://gate.example/a'],
  ['https://gate.example/a/', 'https://gate.example/a'],
  ['http://gate.example/a', 'https://gate.example/a'],
  ['https://gate.example/%252e', 'https://gate.example/%2e'],
])('different: %s and %s', (a, b) => {
  expect(normaliseHtu(a)).not.toBe(normaliseHtu(b))
})

test.each([
  '',
  '/oauth/token',
  'ftp://gate.example/a',
  'https:/gate.example/a',
  'https:gate.example/a',
  'https://',
  'https://user@gate.example/a',
  'https://user:word@gate.example/a',
  'https://gate.example\\a',
  ' https://gate.example/a',
  'https://gate.example/a\n',
  'https://gate.example/a b',
  'https://gate.example/%zz',
  'https://gate.example/é',
  'https://gate.example:99999/a',
])('no http(s) URI of a resource: %j', text => {
  expect(normaliseHtu(text)).toBeUndefined()
})

test('any text has a normal form, which is its own, or none', () => {
  const text = fc.oneof(
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc
      .array(
        fc.constantFrom('/', '.', '..', '%2e', '%2F', '%41', '%25', 'a', 'B', ':', '@', '?', '#', '[', ' '),
      )
      .map(parts => `http://h${parts.join('')}`),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, each => {
      const normal = normaliseHtu(each)
      if (normal !== undefined) expect(normaliseHtu(normal)).toBe(normal)
    }),
  )
})
