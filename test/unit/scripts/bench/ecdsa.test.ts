import { generateKeyPairSync, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { signEs256, verifyEs256 } from '../../../../scripts/bench/token/ecdsa.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const dsaEncoding = 'ieee-p1363'

/** So many that r and s with leading zeros are among them: one in 128 begins with one. */
const many = { numRuns: 1_000 }

describe('ES256 by hand', () => {
  test('signs as RFC 7518 §3.4 asks', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        const signature = signEs256(bytes, privateKey)
        expect(signature.length).toBe(64)
        expect(verify('sha256', bytes, { key: publicKey, dsaEncoding }, signature)).toBe(true)
      }),
      many,
    )
  })

  test('verifies what was signed so', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes =>
        verifyEs256(bytes, sign('sha256', bytes, { key: privateKey, dsaEncoding }), publicKey),
      ),
      many,
    )
  })

  test('verifies no other bytes and no other signature', () => {
    const bytes = Buffer.from('signed')
    const signature = signEs256(bytes, privateKey)
    expect(verifyEs256(Buffer.from('Signed'), signature, publicKey)).toBe(false)
    expect(verifyEs256(bytes, signature.subarray(1), publicKey)).toBe(false)
    expect(verifyEs256(bytes, Buffer.concat([signature, Buffer.alloc(1)]), publicKey)).toBe(false)
    expect(verifyEs256(bytes, Buffer.alloc(64), publicKey)).toBe(false)
  })
})
