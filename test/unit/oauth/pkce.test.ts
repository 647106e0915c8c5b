import fc from 'fast-check'
import { expect, test } from 'vitest'
import { codeChallengeOf, verifiesChallenge } from '../../../shared/oauth/pkce.ts'

test('RFC 7636 Appendix B', () => {
  const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
  expect(codeChallengeOf(verifier)).toBe('E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')
  expect(verifiesChallenge(verifier, 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM')).toBe(true)
})

test.each(['v'.repeat(42), 'v'.repeat(129), `${'v'.repeat(43)} `, `${'v'.repeat(42)}ä`, ''])(
  '§4.1: %j is no verifier, though its challenge is right',
  verifier => expect(verifiesChallenge(verifier, codeChallengeOf(verifier))).toBe(false),
)

test('a challenge is of one verifier, and never the verifier itself', () => {
  const verifiers = fc.stringMatching(/^[A-Za-z0-9\-._~]{43,128}$/)
  fc.assert(
    fc.property(verifiers, verifiers, (one, other) => {
      expect(verifiesChallenge(one, codeChallengeOf(other))).toBe(one === other)
      expect(verifiesChallenge(one, one)).toBe(false)
    }),
  )
})
