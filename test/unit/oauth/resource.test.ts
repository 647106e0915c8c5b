import { createLocalJWKSet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import type { KeyRing } from '../../../shared/domain/records.ts'
import { refuse } from '../../../shared/domain/refusal.ts'
import { type ModelTokenClaims, signAccessToken } from '../../../shared/oauth/access-token.ts'
import { accessTokenHash } from '../../../shared/oauth/dpop-proof.ts'
import { rotate } from '../../../shared/oauth/key-ring.ts'
import { jwks, modelResource } from '../../../shared/oauth/metadata.ts'
import { issueNonce } from '../../../shared/oauth/nonce.ts'
import { verifyResourceRequest } from '../../../shared/oauth/resource.ts'
import { hashId } from '../../../shared/oauth/spent-id.ts'
import { type JoseKey, joseKey, joseSign, joseSigner, without } from './jose-keys.ts'

const issuer = 'https://gate.example'
const url = `${issuer}/openai/v1/chat/completions`
const now = 1_800_000_000_000
const seconds = now / 1000
const nonceKey = Buffer.alloc(32, 1)

let signing: JoseKey
let holder: JoseKey
let ring: KeyRing
let claims: ModelTokenClaims
beforeAll(async () => {
  signing = await joseKey()
  holder = await joseKey()
  const { kid, alg, jwk } = signing
  ring = rotate({ version: 0, keys: [] }, { kid, alg, jwk, ref: 'file' }, now)
  claims = {
    iss: issuer,
    sub: 'client_1',
    client_id: 'client_1',
    aud: modelResource(issuer, 'aurora'),
    scope: 'infer tools',
    iat: seconds,
    exp: seconds + 300,
    jti: 'token_1',
    cnf: { jkt: holder.kid },
    organisation: 'organisation_1',
    grant: 'grant_1',
    agreement: { id: 'agreement_1', digest: 'd' },
    purpose: 'defence',
    clauses: ['c1', 'c2'],
    meters: ['m1'],
  }
})

interface Sent {
  readonly token?: string
  readonly authorization?: readonly string[]
  readonly dpop?: readonly string[]
  readonly proof?: object
  readonly now?: number
}

async function request(sent: Sent = {}) {
  const at = sent.now ?? now
  const token = sent.token ?? (await signAccessToken(claims, joseSigner(signing)))
  const proof = {
    jti: 'proof-1',
    htm: 'POST',
    htu: url,
    iat: at / 1000,
    ath: accessTokenHash(token),
    nonce: issueNonce(nonceKey, at),
    ...sent.proof,
  }
  return verifyResourceRequest({
    method: 'POST',
    url,
    authorization: sent.authorization ?? [`DPoP ${token}`],
    dpop: sent.dpop ?? [await joseSign(holder, { typ: 'dpop+jwt', jwk: holder.jwk }, proof)],
    ring,
    issuer,
    nonceKey,
    now: at,
    audience: aud => aud === modelResource(issuer, 'aurora'),
  })
}

const forged = (header: object, payload: object = claims, by: JoseKey = signing) =>
  joseSign(by, { typ: 'at+jwt', kid: by.kid, ...header }, payload)
const tokenInvalid = (detail: string) => refuse('token_invalid', detail)

test('token, proof and nonce of a good request', async () => {
  expect(await request()).toEqual({
    claims,
    kid: signing.kid,
    proof: {
      jkt: holder.kid,
      jtiHash: hashId('proof-1'),
      exp: seconds + 80,
      nonce: issueNonce(nonceKey, now),
    },
  })
})

test('jose verifies our token with our JWKS', async () => {
  const token = await signAccessToken(claims, joseSigner(signing))
  const { payload, protectedHeader } = await jwtVerify(
    token,
    createLocalJWKSet(JSON.parse(JSON.stringify(jwks(ring.keys)))),
    { issuer, audience: claims.aud, typ: 'at+jwt', currentDate: new Date(now) },
  )
  expect(payload).toEqual(claims)
  expect(protectedHeader).toEqual({ typ: 'at+jwt', alg: 'ES256', kid: signing.kid })
})

describe('the Authorization header', () => {
  test('the scheme is DPoP in any case', async () => {
    const token = await signAccessToken(claims, joseSigner(signing))
    for (const authorization of [[`dpop ${token}`], [`DPOP  ${token}`]])
      expect(await request({ token, authorization })).toMatchObject({ kid: signing.kid })
  })

  test('RFC 9449 §7.2: a bound token sent as Bearer is refused', async () => {
    const token = await signAccessToken(claims, joseSigner(signing))
    for (const text of [
      `Bearer ${token}`,
      `bearer ${token}`,
      token,
      `DPoP ${token},`,
      `DPoP${token}`,
      'DPoP ',
    ])
      expect(await request({ token, authorization: [text] })).toEqual(
        tokenInvalid('The scheme of the Authorization header is DPoP.'),
      )
  })

  test('none, or two', async () => {
    for (const authorization of [[], ['DPoP a', 'DPoP a']])
      expect(await request({ authorization })).toEqual(tokenInvalid('Send exactly one Authorization header.'))
  })
})

describe('RFC 9068 §4: the token', () => {
  test('typ, crit, kid, alg and signature', async () => {
    const other = await joseKey()
    for (const [token, detail] of [
      ['x', 'The token is not a compact JWT.'],
      [await forged({ typ: 'JWT' }), 'The typ of the token is not at+jwt.'],
      [await forged({ typ: undefined }), 'The typ of the token is not at+jwt.'],
      [await forged({ crit: ['custom'], custom: 1 }), 'The header of the token changes what is signed.'],
      [await forged({ kid: undefined }), 'The token names no key of this issuer.'],
      [await forged({}, claims, other), 'The token names no key of this issuer.'],
      [
        await forged({}, claims, { ...(await joseKey('ES384')), kid: signing.kid }),
        'The token names no key of this issuer.',
      ],
      [await forged({ kid: signing.kid }, claims, other), 'The signature of the token does not verify.'],
    ] as const)
      expect(await request({ token })).toEqual(tokenInvalid(detail))
  })

  test('another issuer, another audience, two audiences', async () => {
    expect(await request({ token: await forged({}, { ...claims, iss: 'https://evil.example' }) })).toEqual(
      tokenInvalid('The token has another issuer.'),
    )
    expect(await request({ token: await forged({}, { ...claims, aud: `${issuer}/api` }) })).toEqual(
      tokenInvalid(`The token is for ${issuer}/api.`),
    )
    expect(await request({ token: await forged({}, { ...claims, aud: [claims.aud] }) })).toEqual(
      tokenInvalid('The token lacks a claim.'),
    )
  })

  test('each claim that we issue is required', async () => {
    for (const name of Object.keys(claims).filter(each => each !== 'grant'))
      expect(await request({ token: await forged({}, without(claims, name)) })).toEqual(
        tokenInvalid('The token lacks a claim.'),
      )
  })

  test('it ends at its exp, without grace', async () => {
    expect(await request({ now: now + 299_999 })).toMatchObject({ kid: signing.kid })
    expect(await request({ now: now + 300_000 })).toEqual(refuse('token_expired', 'The token has expired.'))
  })

  test('a token that is both forged and expired is told to be forged', async () => {
    const token = await forged({ kid: signing.kid }, { ...claims, exp: seconds - 1 }, await joseKey())
    expect(await request({ token })).toEqual(tokenInvalid('The signature of the token does not verify.'))
  })
})

describe('the proof', () => {
  test("another key's, for another token, for another URL, none, or two", async () => {
    const thief = await joseKey()
    const token = await signAccessToken(claims, joseSigner(signing))
    const stolen = { jti: 'p', htm: 'POST', htu: url, iat: seconds, ath: accessTokenHash(token) }
    const dpop = [await joseSign(thief, { typ: 'dpop+jwt', jwk: thief.jwk }, stolen)]
    for (const [sent, detail] of [
      [{ token, dpop }, 'The proof is made with another key than the token is bound to.'],
      [{ proof: { ath: accessTokenHash('another') } }, 'The ath of the proof is not of this token.'],
      [{ proof: { htu: `${issuer}/oauth/token` } }, `The htu of the proof is not ${url}.`],
      [{ dpop: [] }, 'Send exactly one DPoP header.'],
      [{ dpop: ['a', 'b'] }, 'Send exactly one DPoP header.'],
    ] as const)
      expect(await request(sent)).toEqual(refuse('proof_invalid', detail))
  })

  test('its nonce is judged after everything else', async () => {
    expect(await request({ proof: { nonce: undefined } })).toEqual(
      refuse('nonce_required', 'The proof carries no nonce.'),
    )
    expect(await request({ proof: { nonce: issueNonce(nonceKey, now - 120_000) } })).toMatchObject({
      code: 'nonce_required',
    })
    expect(await request({ proof: { nonce: undefined, ath: 'x' } })).toMatchObject({ code: 'proof_invalid' })
  })
})
