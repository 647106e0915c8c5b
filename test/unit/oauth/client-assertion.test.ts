import { beforeAll, describe, expect, test } from 'vitest'
import type { Client } from '../../../shared/domain/records.ts'
import { judgeAssertion, parseAssertion, verifyingKey } from '../../../shared/oauth/client-assertion.ts'
import { OAuthError } from '../../../shared/oauth/oauth-error.ts'
import { hashId } from '../../../shared/oauth/spent-id.ts'
import { type JoseKey, joseKey, joseSign, withHeader, without } from './jose-keys.ts'

const issuer = 'https://gate.example'
const now = 1_800_000_000_000
const seconds = now / 1000
const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const good = {
  iss: 'client_1',
  sub: 'client_1',
  aud: issuer,
  iat: seconds,
  exp: seconds + 60,
  jti: 'an-id-of-more-than-16-characters',
}

let key: JoseKey
let client: Client
beforeAll(async () => {
  key = await joseKey()
  client = {
    id: 'client_1',
    name: 'batch',
    organisation: 'organisation_1',
    kind: 'workload',
    state: 'active',
    expiresAt: now + 1e9,
    keys: [{ kid: key.kid, alg: key.alg, jwk: key.jwk }],
  }
})

const form = (assertion: string, more: Record<string, string> = {}) =>
  new Map(Object.entries({ client_assertion_type: type, client_assertion: assertion, ...more }))

async function parse(header: object = {}, claims: object = good, more: Record<string, string> = {}) {
  return parseAssertion(form(await joseSign(key, { kid: key.kid, ...header }, claims), more))
}

async function parsed(header: object = {}, claims: object = good) {
  const assertion = await parse(header, claims)
  if (assertion instanceof OAuthError) throw new Error(assertion.description)
  return assertion
}

const refusal = (description: string) => new OAuthError('invalid_client', description)

test.each([{}, { typ: 'JWT' }, { typ: 'client-authentication+jwt' }])('accepted with %j', async header => {
  const assertion = await parsed(header)
  expect(assertion.client).toBe('client_1')
  expect(verifyingKey(assertion, client, now)?.kid).toBe(key.kid)
  expect(judgeAssertion(assertion, issuer, now)).toEqual({ jtiHash: hashId(good.jti), exp: seconds + 80 })
})

describe('B, without a look-up', () => {
  test.each([
    [{ client_assertion_type: 'urn:x' }, `The client_assertion_type is ${type}.`],
    [{ client_assertion: '' }, 'The client_assertion is not a compact JWT.'],
    [{ client_assertion: 'a.b' }, 'The client_assertion is not a compact JWT.'],
    [{ client_assertion: 'e30.e30.AA' }, 'The alg of the assertion is none of ES256, ES384, Ed25519.'],
    [{ client_id: 'client_2' }, 'The client_id is not the sub of the assertion.'],
  ])('form %j', async (more, description) => {
    expect(await parse({}, good, more)).toEqual(refusal(description))
  })

  test('an assertion of more than 8,192 characters', async () => {
    expect(await parse({}, { ...good, filler: 'x'.repeat(8000) })).toEqual(
      refusal('The client_assertion is not a compact JWT.'),
    )
  })

  test.each(['none', 'RS256', 'HS256', 'EdDSA', undefined, ['ES256'], '__proto__'])('alg %j', async alg => {
    const token = await joseSign(key, {}, good)
    expect(parseAssertion(form(withHeader(token, { alg, kid: key.kid })))).toEqual(
      refusal('The alg of the assertion is none of ES256, ES384, Ed25519.'),
    )
  })

  test.each(['at+jwt', 'dpop+jwt', 'jwt', ''])('typ %j', async typ => {
    expect(await parse({ typ })).toEqual(
      refusal('The typ of the assertion is neither JWT nor client-authentication+jwt.'),
    )
  })

  test.each([
    ['crit', { crit: ['custom'], custom: 1 }],
    ['b64', { b64: true }],
    ['jku', { jku: 'https://evil.example/jwks' }],
    ['x5u', { x5u: 'https://evil.example/cert' }],
    ['jwk', { jwk: { kty: 'EC' } }],
  ])('header parameter %s', async (name, header) => {
    expect(await parse(header)).toEqual(refusal(`The header of the assertion has the parameter ${name}.`))
  })

  test('no kid', async () => {
    expect(await parse({ kid: undefined })).toEqual(refusal('The assertion names no kid.'))
  })

  test.each([undefined, 1, '', 'a b', 'é', 'x'.repeat(129)])('sub %j', async sub => {
    expect(await parse({}, { ...good, sub })).toEqual(refusal('The sub of the assertion is no client id.'))
  })
})

describe('C and D, whose key it is', () => {
  test('an unknown client is refused, though its signature is good', async () => {
    expect(verifyingKey(await parsed(), undefined, now)).toBeUndefined()
  })

  test('a kid that is not registered', async () => {
    expect(verifyingKey(await parsed({ kid: 'other' }), client, now)).toBeUndefined()
  })

  test('a key that is registered for another algorithm', async () => {
    expect(
      verifyingKey(await parsed(), { ...client, keys: [{ kid: key.kid, alg: 'ES384', jwk: key.jwk }] }, now),
    ).toBeUndefined()
  })

  test('a registered key whose curve does not fit its algorithm', async () => {
    const { jwk } = await joseKey('ES384')
    expect(
      verifyingKey(await parsed(), { ...client, keys: [{ kid: key.kid, alg: 'ES256', jwk }] }, now),
    ).toBeUndefined()
  })

  test("another key's signature under a registered kid", async () => {
    const token = await joseSign(await joseKey(), { kid: key.kid }, good)
    const assertion = parseAssertion(form(token))
    if (assertion instanceof OAuthError) throw new Error(assertion.description)
    expect(verifyingKey(assertion, client, now)).toBeUndefined()
  })

  test('each of several registered keys is found by its kid', async () => {
    const others = await Promise.all([joseKey('ES384'), joseKey('Ed25519')])
    const all = {
      ...client,
      keys: [...client.keys, ...others.map(({ kid, alg, jwk }) => ({ kid, alg, jwk }))],
    }
    for (const each of others) {
      const assertion = parseAssertion(form(await joseSign(each, { kid: each.kid }, good)))
      if (assertion instanceof OAuthError) throw new Error(assertion.description)
      expect(verifyingKey(assertion, all, now)?.kid).toBe(each.kid)
    }
  })
})

describe('D, claims', () => {
  const judge = async (claims: object) => judgeAssertion(await parsed({}, claims), issuer, now)

  test.each([
    ['iss', 'client_2', 'The iss of the assertion is not its sub.'],
    ['aud', `${issuer}/oauth/token`, `The aud of the assertion is ${issuer}, one string.`],
    ['aud', [issuer], `The aud of the assertion is ${issuer}, one string.`],
    ['aud', `${issuer}/`, `The aud of the assertion is ${issuer}, one string.`],
    ['exp', '1800000060', 'The assertion has no numeric exp and iat.'],
    ['exp', seconds, 'The assertion has expired.'],
    ['exp', seconds + 121, 'The assertion lives at most 120 s from its iat.'],
    ['iat', seconds + 60, 'The assertion lives at most 120 s from its iat.'],
    ['iat', seconds + 10.5, 'The iat of the assertion is more than 10 s ahead.'],
    ['nbf', seconds + 11, 'The nbf of the assertion is more than 10 s ahead.'],
    ['nbf', 'x', 'The nbf of the assertion is more than 10 s ahead.'],
    ['jti', 'x'.repeat(15), 'The jti of the assertion has 16 to 128 characters.'],
    ['jti', 'x'.repeat(129), 'The jti of the assertion has 16 to 128 characters.'],
    ['jti', 7, 'The jti of the assertion has 16 to 128 characters.'],
  ])('%s %j is refused', async (name, value, description) => {
    expect(await judge({ ...good, [name]: value })).toEqual(refusal(description))
  })

  test.each([
    ['iss', 'The iss of the assertion is not its sub.'],
    ['aud', `The aud of the assertion is ${issuer}, one string.`],
    ['exp', 'The assertion has no numeric exp and iat.'],
    ['iat', 'The assertion has no numeric exp and iat.'],
    ['jti', 'The jti of the assertion has 16 to 128 characters.'],
  ])('without %s it is refused', async (name, description) => {
    expect(await judge(without(good, name))).toEqual(refusal(description))
  })

  test.each([
    { exp: seconds + 0.001 },
    { exp: seconds + 120 },
    { iat: seconds + 10, exp: seconds + 130 },
    { iat: seconds - 119, exp: seconds + 1 },
    { nbf: seconds + 10 },
    { jti: 'x'.repeat(16) },
    { jti: 'x'.repeat(128) },
  ])('at the edge: %j is accepted', async claims => {
    expect(await judge({ ...good, ...claims })).not.toBeInstanceOf(OAuthError)
  })
})
