import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { Client } from '../../../shared/domain/records.ts'
import {
  type Assertion,
  judgeAssertion,
  parseAssertion,
  verifyingKey,
} from '../../../shared/oauth/client-assertion.ts'
import { encodeObject } from '../../../shared/oauth/compact-jws.ts'
import { OAuthError } from '../../../shared/oauth/oauth-error.ts'
import { type JoseKey, joseKey, joseSign } from './jose-keys.ts'

const issuer = 'https://gate.example'
const now = 1_800_000_000_000
const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const form = (text: string) =>
  new Map([
    ['client_assertion_type', type],
    ['client_assertion', text],
  ])

let key: JoseKey
let client: Client
beforeAll(async () => {
  key = await joseKey()
  client = { id: 'c', keys: [{ kid: key.kid, alg: key.alg, jwk: key.jwk }] } as unknown as Client
})

const parameters = fc.dictionary(
  fc.constantFrom('alg', 'kid', 'typ', 'crit', 'jwk', '__proto__'),
  fc.jsonValue(),
)
const claims = fc.dictionary(fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti'), fc.jsonValue())
const unsigned = fc
  .tuple(parameters, claims, fc.uint8Array())
  .map(([header, payload, signature]) =>
    [
      encodeObject({ alg: 'ES256', kid: 'k', ...header }),
      encodeObject({ sub: 'c', ...payload }),
      Buffer.from(signature).toString('base64url'),
    ].join('.'),
  )

test('any text is an assertion to be judged, or refused; none of them verifies', () => {
  fc.assert(
    fc.property(fc.oneof(unsigned, fc.string({ unit: 'binary' })), fc.boolean(), (text, known) => {
      const assertion = parseAssertion(form(text))
      if (assertion instanceof OAuthError) return void expect(assertion.error).toBe('invalid_client')
      expect(verifyingKey(assertion, known ? client : undefined, now)).toBeUndefined()
      const judged = judgeAssertion(assertion, issuer, now)
      if (judged instanceof OAuthError) expect(judged.status).toBe(401)
    }),
  )
})

test('claims that are accepted name the client twice, the issuer once, and end within two minutes', () => {
  const seconds = fc.oneof(
    fc.integer({ min: -200, max: 200 }).map(by => now / 1000 + by),
    // JSON has no NaN; 1e999 is Infinity.
    fc.double({ noNaN: true }),
    fc.jsonValue(),
  )
  const close = fc.record({
    iss: fc.constantFrom('c', 'd'),
    sub: fc.constant('c'),
    aud: fc.constantFrom(issuer, [issuer], `${issuer}/`),
    iat: seconds,
    exp: seconds,
    jti: fc.oneof(fc.constant('0123456789abcdef'), fc.jsonValue()),
  })
  fc.assert(
    fc.property(close, payload => {
      const judged = judgeAssertion({ client: 'c', jws: { payload } } as unknown as Assertion, issuer, now)
      if (judged instanceof OAuthError) return
      expect(payload).toMatchObject({ iss: 'c', aud: issuer })
      const [iat, exp] = [Number(payload.iat), Number(payload.exp)]
      expect(exp).toBeGreaterThan(now / 1000)
      expect(exp - iat).toBeLessThanOrEqual(120)
      expect(iat).toBeLessThanOrEqual(now / 1000 + 10)
      expect(judged.exp).toBeGreaterThan(exp)
    }),
    { numRuns: 1_000 },
  )
})

test('an assertion of jose verifies, and none of which a character was changed', async () => {
  const text = await joseSign(key, { kid: key.kid }, { sub: 'c', jti: '0123456789abcdef' })
  const verifies = (text: string): boolean => {
    const assertion = parseAssertion(form(text))
    return !(assertion instanceof OAuthError) && verifyingKey(assertion, client, now) !== undefined
  }
  expect(verifies(text)).toBe(true)
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom(...'AZaz09-_.'), (at, character) => {
      fc.pre(text[at] !== character)
      expect(verifies(text.slice(0, at) + character + text.slice(at + 1))).toBe(false)
    }),
  )
})
