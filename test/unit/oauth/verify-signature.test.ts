import fc from 'fast-check'
import { calculateJwkThumbprint } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { readPublicJwk, thumbprint } from '../../../shared/oauth/public-jwk.ts'
import { verifySignature } from '../../../shared/oauth/verify-signature.ts'
import type { SigningAlgorithm } from '../../../shared/ports/keys.ts'
import { type JoseKey, joseKey, joseSigner } from './jose-keys.ts'

const input = Buffer.from('what is signed')

describe.each<SigningAlgorithm>(['ES256', 'ES384', 'Ed25519'])('%s', alg => {
  let key: JoseKey
  let signature: Uint8Array
  beforeAll(async () => {
    key = await joseKey(alg)
    signature = await joseSigner(key).sign(input)
  })
  const check = (bytes: Uint8Array, text: Uint8Array = input) =>
    verifySignature({ alg, jwk: key.jwk, thumbprint: thumbprint(key.jwk) }, text, bytes)

  test("the thumbprint is jose's (RFC 7638)", async () => {
    expect(thumbprint(key.jwk)).toBe(await calculateJwkThumbprint({ ...key.jwk }))
  })

  test('a signature by WebCrypto verifies, a hundred times as well as once', async () => {
    for (let i = 0; i < 100; i++) expect(check(await joseSigner(key).sign(input))).toBe(true)
  })

  test('one flipped bit anywhere in the signature refuses it', () => {
    fc.assert(
      fc.property(fc.nat(signature.length * 8 - 1), bit => {
        const forged = Uint8Array.from(signature)
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(check(forged)).toBe(false)
      }),
    )
  })

  test('another text or another key is refused', async () => {
    expect(check(signature, Buffer.from('something else'))).toBe(false)
    expect(check(await joseSigner(await joseKey(alg)).sign(input))).toBe(false)
  })

  test('any bytes are refused and never throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 150 }), bytes => !check(bytes)))
    for (const length of [0, 1, signature.length - 1, signature.length + 1])
      expect(check(new Uint8Array(length))).toBe(false)
  })

  test('a signature of zeros is refused (CVE-2022-21449)', () => {
    expect(check(new Uint8Array(signature.length))).toBe(false)
  })

  test('a key with a private half, a coordinate too short, or for another algorithm is not read', () => {
    expect(readPublicJwk(key.jwk, alg)).toEqual(key.jwk)
    expect(readPublicJwk({ ...key.jwk, kid: 'a', use: 'sig' }, alg)).toEqual(key.jwk)
    expect(readPublicJwk({ ...key.jwk, d: 'AA' }, alg)).toBeUndefined()
    expect(readPublicJwk({ ...key.jwk, x: key.jwk.x.slice(2) }, alg)).toBeUndefined()
    expect(readPublicJwk(key.jwk, alg === 'ES256' ? 'ES384' : 'ES256')).toBeUndefined()
  })
})

test.each([undefined, null, 'x', [], {}, { kty: 'oct', k: 'AA' }, { kty: 'RSA', n: 'AA', e: 'AQAB' }])(
  'no public key: %j',
  value => {
    expect(readPublicJwk(value, 'ES256')).toBeUndefined()
  },
)

test('a point that is not on the curve verifies nothing', () => {
  const zeros = Buffer.alloc(32).toString('base64url')
  const jwk = readPublicJwk({ kty: 'EC', crv: 'P-256', x: zeros, y: zeros }, 'ES256')
  if (jwk === undefined) throw new Error('coordinates of the right length')
  expect(verifySignature({ alg: 'ES256', jwk, thumbprint: thumbprint(jwk) }, input, new Uint8Array(64))).toBe(
    false,
  )
})
