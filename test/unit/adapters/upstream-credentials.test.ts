import { expect, test } from 'vitest'
import { parseCredentials } from '../../../shared/adapters/upstream-credentials.ts'

test('a key is found by its name', () => {
  expect(parseCredentials('here', '{"a": "sk-1", "b": "sk-2"}')('b')).toBe('sk-2')
})

test.each([
  ['hush, no JSON', 'here is not JSON: an object of names and keys.'],
  ['', 'here is not JSON: an object of names and keys.'],
  ['null', 'here has no key named a'],
  ['"hush"', 'here has no key named a'],
  ['{"b": "hush"}', 'here has no key named a'],
  ['{"a": 12345}', 'here has no key named a'],
  ['{"a": ""}', 'here: the key a has a blank or a line break in it'],
  ['{"a": "hush hush"}', 'here: the key a has a blank or a line break in it'],
  ['{"a": "hush\\nhost: evil"}', 'here: the key a has a blank or a line break in it'],
  ['{"a": "hüsh"}', 'here: the key a has a blank or a line break in it'],
])('%j is refused, and not quoted', (text, message) => {
  expect(() => parseCredentials('here', text)('a')).toThrow(new Error(message))
})

test('what every object has by itself is no key', () => {
  for (const name of ['constructor', '__proto__', 'toString'])
    expect(() => parseCredentials('here', '{}')(name)).toThrow(`here has no key named ${name}`)
})
