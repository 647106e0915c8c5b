/** Token and proof together, and each alone: whatever comes is verified or refused, and never thrown at. */
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import type { KeyRing } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { signAccessToken, verifyAccessToken } from '../../../shared/oauth/access-token.ts'
import { encodeObject } from '../../../shared/oauth/compact-jws.ts'
import { accessTokenHash, verifyProof } from '../../../shared/oauth/dpop-proof.ts'
import { rotate } from '../../../shared/oauth/key-ring.ts'
import { issueNonce } from '../../../shared/oauth/nonce.ts'
import { verifyResourceRequest } from '../../../shared/oauth/resource.ts'
import { type JoseKey, joseKey, joseSign, joseSigner } from './jose-keys.ts'

const issuer = 'https://gate.example'
const url = `${issuer}/openai/v1/models`
const now = 1_800_000_000_000
const nonceKey = Buffer.alloc(32, 1)

let ring: KeyRing
let token: string
let proof: string
let holder: JoseKey
beforeAll(async () => {
  const signing = await joseKey()
  holder = await joseKey()
  const { kid, alg, jwk } = signing
  ring = rotate({ version: 0, keys: [] }, { kid, alg, jwk, ref: 'file' }, now)
  const claims = {
    iss: issuer,
    sub: 'c',
    client_id: 'c',
    aud: 'a',
    scope: 's',
    jti: 't',
    organisation: 'o',
    iat: now / 1000,
    exp: now / 1000 + 300,
    cnf: { jkt: holder.kid },
  }
  token = await signAccessToken(claims, joseSigner(signing))
  const nonce = issueNonce(nonceKey, now)
  proof = await joseSign(
    holder,
    { typ: 'dpop+jwt', jwk: holder.jwk },
    { htm: 'GET', htu: url, iat: now / 1000, jti: 'p', ath: accessTokenHash(token), nonce },
  )
})

const verify = (authorization: readonly string[], dpop: readonly string[]) =>
  verifyResourceRequest({
    method: 'GET',
    url,
    authorization,
    dpop,
    ring,
    issuer,
    nonceKey,
    now,
    audience: () => true,
  })

const object = (...names: string[]) => fc.dictionary(fc.constantFrom(...names, '__proto__'), fc.jsonValue())
const signature = fc.uint8Array().map(bytes => Buffer.from(bytes).toString('base64url'))
const jwt = (header: object, ...claims: string[]) =>
  fc
    .tuple(object('alg', 'typ', 'kid', 'jwk', 'crit', 'b64'), object(...claims), signature)
    .map(([changed, payload, signature]) =>
      [encodeObject({ ...header, ...changed }), encodeObject(payload), signature].join('.'),
    )
const anyToken = fc.oneof(
  jwt({ alg: 'ES256', typ: 'at+jwt' }, 'iss', 'aud', 'exp', 'cnf', 'grant'),
  fc.string({ unit: 'binary' }),
)
const anyProof = fc.oneof(
  jwt({ alg: 'ES256', typ: 'dpop+jwt' }, 'htm', 'htu', 'iat', 'jti', 'ath', 'nonce'),
  fc.string({ unit: 'binary' }),
)
const oneCharacter = fc.tuple(
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.constantFrom(...'AZaz09-_.'),
)
function changed(text: string, [place, character]: [number, string]): string {
  const at = Math.floor(place * text.length)
  fc.pre(text[at] !== character)
  return text.slice(0, at) + character + text.slice(at + 1)
}

test('the good request is verified; one that differs in a character of its token or its proof is not', () => {
  expect(verify([`DPoP ${token}`], [proof])).not.toBeInstanceOf(Refusal)
  fc.assert(
    fc.property(oneCharacter, fc.boolean(), (change, inToken) => {
      const sent = inToken ? [changed(token, change), proof] : [token, changed(proof, change)]
      expect(verify([`DPoP ${sent[0]}`], [sent[1] ?? ''])).toBeInstanceOf(Refusal)
    }),
  )
})

test('any headers, however many, are refused', () => {
  const authorization = fc.oneof(
    anyToken,
    anyToken.map(text => `DPoP ${text}`),
    fc.constant('DPoP'),
  )
  fc.assert(
    fc.property(
      fc.array(authorization, { maxLength: 2 }),
      fc.array(anyProof, { maxLength: 2 }),
      (authorization, dpop) => {
        expect(verify(authorization, dpop)).toMatchObject({ code: 'token_invalid' })
        expect(verify([`DPoP ${token}`], dpop)).toMatchObject({ code: 'proof_invalid' })
      },
    ),
  )
})

test('no made-up token verifies, and no made-up proof', () => {
  fc.assert(
    fc.property(anyToken, anyProof, (text, proof) => {
      expect(verifyAccessToken(text, { ring, issuer, audience: () => true }, now)).toBeInstanceOf(Refusal)
      expect(verifyProof([proof], { method: 'GET', url }, now)).toBeInstanceOf(Refusal)
    }),
  )
})

test('claims that the holder of the key chooses are accepted only within the proof’s time', async () => {
  const seconds = fc.oneof(
    fc.integer({ min: -100, max: 100 }).map(by => now / 1000 + by),
    fc.double({ noNaN: true }),
  )
  await fc.assert(
    fc.asyncProperty(seconds, fc.jsonValue(), async (iat, nonce) => {
      const header = { typ: 'dpop+jwt', jwk: holder.jwk }
      const text = await joseSign(holder, header, { htm: 'GET', htu: url, iat, jti: 'p', nonce })
      const verified = verifyProof([text], { method: 'GET', url }, now)
      const timely = iat >= now / 1000 - 60 && iat <= now / 1000 + 10
      expect(verified instanceof Refusal).toBe(!timely || typeof nonce !== 'string')
    }),
  )
})
