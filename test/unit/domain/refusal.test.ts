import { describe, expect, test } from 'vitest'
import { refuse } from '../../../shared/domain/refusal.ts'
import { defaultRules, rulesInForce } from '../../../shared/domain/rules.ts'
import { OAuthError } from '../../../shared/oauth/oauth-error.ts'
import { admitted } from './admitted.ts'

const { agreement, standing } = admitted

describe('the version of the approval rules', () => {
  test('is that of the default rules until they are changed', () => {
    expect(rulesInForce(standing)).toBe(defaultRules.version)
    expect(rulesInForce({ ...standing, rules: 7 })).toBe(7)
  })

  test('is unknown where nothing was read', () => {
    expect(rulesInForce(undefined)).toBeUndefined()
    expect(refuse('token_expired', 'why').under({ rules: undefined }).facts).toEqual({ detail: 'why' })
  })

  test('stays what it was said to be: whoever judged by it had read it closer to the decision', () => {
    const refusal = refuse('fresh_sign_in_required', 'why').under({ rules: 3 })
    expect(refusal.under({ rules: 2 }).facts.rules).toBe(3)
  })
})

describe('a clause', () => {
  const byClause = refuse('consent_missing', 'why', { clause: 'retention-1' })

  test('is told with the version of its agreement, and nothing else of it', () => {
    expect(byClause.under({ rules: 1, agreement }).grounds).toEqual({
      clause: 'retention-1',
      agreement: { id: agreement.id, digest: agreement.digest },
      rules: 1,
    })
  })

  test('is what an agreement is told for: another refusal names none', () => {
    expect(refuse('hold_active', 'why').under({ rules: 1, agreement }).grounds).toEqual({ rules: 1 })
  })
})

test('an error of OAuth under what is in force is the same error in all else', () => {
  const error = new OAuthError('temporarily_unavailable', 'why', {
    status: 429,
    code: 'rate_limited',
    retryAfter: 9,
  })
  const told = error.under({ rules: 4 })
  expect(told).toMatchObject({ status: 429, retryAfter: 9, description: 'why' })
  expect(error.body).not.toHaveProperty('sallyport.rules')
  expect(told.body).toMatchObject({
    error: 'temporarily_unavailable',
    sallyport: { code: 'rate_limited', rules: 4 },
  })
})
