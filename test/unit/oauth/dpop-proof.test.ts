import { beforeAll, describe, expect, test } from 'vitest'
import { refuse } from '../../../shared/domain/refusal.ts'
import { accessTokenHash, verifyProof } from '../../../shared/oauth/dpop-proof.ts'
import { hashId } from '../../../shared/oauth/spent-id.ts'
import type { SigningAlgorithm } from '../../../shared/ports/keys.ts'
import { type JoseKey, joseKey, joseSign, withHeader, without } from './jose-keys.ts'

const url = 'https://gate.example/oauth/token'
const now = 1_800_000_000_000
const seconds = now / 1000
const good = { jti: 'proof-1', htm: 'POST', htu: url, iat: seconds, nonce: 'n' }
const target = { method: 'POST', url }

let key: JoseKey
beforeAll(async () => {
  key = await joseKey()
})

const make = (header: object = {}, claims: object = good, by: JoseKey = key) =>
  joseSign(by, { typ: 'dpop+jwt', jwk: by.jwk, ...header }, claims)
const verify = async (header: object = {}, claims: object = good) =>
  verifyProof([await make(header, claims)], target, now)
const invalid = (detail: string) => refuse('proof_invalid', detail)

test.each<SigningAlgorithm>(['ES256', 'ES384', 'Ed25519'])('a proof by %s is accepted', async alg => {
  const by = await joseKey(alg)
  expect(verifyProof([await make({}, good, by)], target, now)).toEqual({
    jkt: by.kid,
    jtiHash: hashId('proof-1'),
    exp: seconds + 80,
    nonce: 'n',
  })
})

describe('RFC 9449 §4.3', () => {
  test('1. exactly one header', async () => {
    const proof = await make()
    for (const headers of [[], [proof, proof], [proof, 'x']])
      expect(verifyProof(headers, target, now)).toEqual(invalid('Send exactly one DPoP header.'))
  })

  test('2. one well-formed JWT', async () => {
    const proof = await make()
    for (const text of ['', 'x', `${proof}, ${proof}`, `${proof}=`, `${proof}${'A'.repeat(4096)}`])
      expect(verifyProof([text], target, now)).toEqual(invalid('The proof is not a compact JWT.'))
  })

  test.each([
    ['jti', 'The jti of the proof has 1 to 128 characters.'],
    ['htm', 'The htm of the proof is not POST.'],
    ['htu', `The htu of the proof is not ${url}.`],
    ['iat', 'The iat of the proof is not a number.'],
  ])('3. the claim %s is required', async (name, detail) => {
    expect(await verify({}, without(good, name))).toEqual(invalid(detail))
  })

  test.each([undefined, 'JWT', 'at+jwt', 'DPOP+JWT'])('4. typ %j is refused', async typ => {
    expect(await verify({ typ })).toEqual(invalid('The typ of the proof is not dpop+jwt.'))
  })

  test.each(['none', 'HS256', 'RS256', 'EdDSA', undefined])('5. alg %j is refused', async alg => {
    const proof = withHeader(await make(), { alg, typ: 'dpop+jwt', jwk: key.jwk })
    expect(verifyProof([proof], target, now)).toEqual(
      invalid('The alg of the proof is none of ES256, ES384, Ed25519.'),
    )
  })

  test.each([
    ['crit', { crit: ['custom'], custom: 1 }],
    ['b64', { b64: true }],
  ])('RFC 7515 §4.1.11: %s is refused', async (name, header) => {
    expect(await verify(header)).toEqual(invalid(`The header of the proof has the parameter ${name}.`))
  })

  test('6. the signature verifies with the jwk of the header', async () => {
    const proof = await make({ jwk: (await joseKey()).jwk })
    expect(verifyProof([proof], target, now)).toEqual(invalid('The signature of the proof does not verify.'))
  })

  test('7. no private key, no other kind of key, none at all', async () => {
    for (const jwk of [
      { ...key.jwk, d: 'AA' },
      (await joseKey('ES384')).jwk,
      { kty: 'oct', k: 'AA' },
      undefined,
    ])
      expect(await verify({ jwk })).toEqual(invalid('The jwk of the proof is not a public key for its alg.'))
  })

  test.each(['GET', 'post', 7])('8. htm %j is refused', async htm => {
    expect(await verify({}, { ...good, htm })).toEqual(invalid('The htm of the proof is not POST.'))
  })

  test.each([
    `${url}/`,
    'https://gate.example/oauth/revoke',
    'https://evil.example/oauth/token',
    '/oauth/token',
    7,
  ])('9. htu %j is refused', async htu => {
    expect(await verify({}, { ...good, htu })).toEqual(invalid(`The htu of the proof is not ${url}.`))
  })

  test.each([`${url}?a=b`, `${url}#c`, 'HTTPS://GATE.example:443/x/../oauth/%74oken'])(
    '9. htu %s is the same URL',
    async htu => {
      expect(await verify({}, { ...good, htu })).toMatchObject({ jkt: key.kid })
    },
  )

  test('10. the nonce is handed on, and is a string', async () => {
    expect(await verify({}, without(good, 'nonce'))).toMatchObject({ nonce: undefined })
    expect(await verify({}, { ...good, nonce: 1 })).toEqual(invalid('The nonce of the proof is no string.'))
  })

  test('11. iat is at most 60 s old and at most 10 s ahead', async () => {
    expect(await verify({}, { ...good, iat: seconds - 60 })).toMatchObject({ exp: seconds + 20 })
    expect(await verify({}, { ...good, iat: seconds + 10 })).toMatchObject({ exp: seconds + 90 })
    expect(await verify({}, { ...good, iat: seconds - 60.001 })).toEqual(
      invalid('The proof is older than 60 s.'),
    )
    expect(await verify({}, { ...good, iat: seconds + 10.001 })).toEqual(
      invalid('The iat of the proof is more than 10 s ahead.'),
    )
    expect(await verify({}, { ...good, iat: `${seconds}` })).toEqual(
      invalid('The iat of the proof is not a number.'),
    )
  })

  test('12. with a token: its hash, and its key', async () => {
    const bound = { ...target, token: { text: 'token', jkt: key.kid } }
    const proof = await make({}, { ...good, ath: accessTokenHash('token') })
    expect(verifyProof([proof], bound, now)).toMatchObject({ jkt: key.kid })
    for (const ath of [undefined, accessTokenHash('another')])
      expect(verifyProof([await make({}, { ...good, ath })], bound, now)).toEqual(
        invalid('The ath of the proof is not of this token.'),
      )
    expect(verifyProof([proof], { ...target, token: { text: 'token', jkt: 'x' } }, now)).toEqual(
      invalid('The proof is made with another key than the token is bound to.'),
    )
  })

  test.each(['', 'x'.repeat(129), 7])('a jti of %j is refused', async jti => {
    expect(await verify({}, { ...good, jti })).toEqual(
      invalid('The jti of the proof has 1 to 128 characters.'),
    )
  })
})
