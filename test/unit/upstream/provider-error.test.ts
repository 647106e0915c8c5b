import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failureOf, requestFault } from '../../../shared/upstream/provider-error.ts'

describe('what is an error', () => {
  test.each([
    [{ error: { code: 'rate_limit_exceeded' } }, 'rate_limit_exceeded'],
    [{ type: 'error', error: { type: 'overloaded_error' } }, 'overloaded_error'],
    [{ object: 'error', message: 'x' }, 'error'],
    [{ error: 'in plain words' }, 'error'],
    [[{ error: { code: 'a' } }], 'a'],
    [{ type: 'response.failed', response: { error: { code: 'server_error' } } }, 'server_error'],
    [{ type: 'response.failed', response: { error: null } }, 'error'],
    [{ error: { code: 'For org-OPERATOR', type: 429 } }, 'error'],
  ])('%j tells the code', (body, code) => {
    expect(failureOf(JSON.stringify(body))).toBe(code)
  })

  test.each([
    { type: 'response.created', response: { error: null } },
    { choices: [{ delta: { content: '"error"' } }] },
    { error: null, choices: [] },
    { delta: { partial_json: '{"error":1}' } },
  ])('%j is none', body => {
    expect(failureOf(JSON.stringify(body))).toBeUndefined()
  })
})

describe('what a provider says of a request that it refused', () => {
  const fault = (error: object) => requestFault(JSON.stringify({ error }))

  test.each([
    { message: 'Invalid value: 7', param: 'top_p' },
    { message: 'messages.0.content: Input should be a list' },
    { message: 'This is too long', code: 'context_length_exceeded' },
  ])('%j is repeated', error => {
    expect(fault(error).words).toBe(error.message)
  })

  test.each([
    { message: 'Your organization must be verified', param: 'model' },
    { message: 'billing: see https://example.com', param: 'x' },
    { message: 'Something else' },
    { message: 'x'.repeat(1_000), param: 'x' },
    { message: 7, param: 'x' },
  ])('%j is not', error => {
    expect(fault(error)).not.toHaveProperty('words')
  })
})

test('any text is read, and no code is more than a code', () => {
  const value = fc.letrec(tie => ({
    any: fc.oneof(fc.string(), fc.integer(), fc.constant(null), tie('object')),
    object: fc.dictionary(
      fc.constantFrom('error', 'type', 'object', 'code', 'message', 'param', 'response'),
      tie('any'),
    ),
  })).object
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        value.map(one => JSON.stringify(one)),
      ),
      text => {
        expect(failureOf(text) ?? 'none').toMatch(/^[a-z_]{1,64}$/)
        expect(requestFault(text).code).toMatch(/^[a-z_]{1,64}$/)
      },
    ),
  )
})
