import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseScope } from '../../../shared/oauth/scope.ts'

const token = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,8}$/)

test('distinct tokens come back in their order, each once', () => {
  fc.assert(
    fc.property(fc.array(token, { minLength: 1 }), tokens => {
      expect(parseScope(tokens.join(' '))).toEqual([...new Set(tokens)])
    }),
  )
})

test('any text is a list of tokens or none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      const tokens = parseScope(text)
      if (tokens) expect(tokens.every(one => parseScope(one)?.[0] === one)).toBe(true)
      else expect(text === '' || /^ | $| {2}|[^\x20-\x7e]|["\\]/.test(text)).toBe(true)
    }),
  )
})
