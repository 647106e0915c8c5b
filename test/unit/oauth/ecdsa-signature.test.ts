import { createPublicKey, verify } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ecdsaDer, ecdsaRaw } from '../../../shared/oauth/ecdsa-signature.ts'
import { joseKey, joseSigner } from './jose-keys.ts'

describe('R‖S to DER (RFC 3279 §2.2.3)', () => {
  const half = (size: number, ...last: number[]) => [...new Uint8Array(size - last.length), ...last]
  test.each([
    ['leading zeros go', [...half(32, 1), ...half(32, 2)], '3006020101020102'],
    ['one stays for the sign', [...half(32, 0x80), ...half(32, 0x7f)], '30070202008002017f'],
    ['zero is one byte', half(64), '3006020100020100'],
  ])('%s', (_, signature, der) => {
    expect(Buffer.from(ecdsaDer(Uint8Array.from(signature), 32) ?? []).toString('hex')).toBe(der)
  })

  test('the longest of P-384 still has a short length', () => {
    const der = ecdsaDer(new Uint8Array(96).fill(0xff), 48)
    expect(der?.length).toBe(104)
    expect(der?.[1]).toBe(102)
  })

  test.each([0, 63, 65, 96])('%i bytes are no signature of P-256', length => {
    expect(ecdsaDer(new Uint8Array(length), 32)).toBeUndefined()
  })

  test("agrees with OpenSSL's own reading of R‖S", async () => {
    const key = await joseKey()
    const publicKey = createPublicKey({ format: 'jwk', key: { ...key.jwk } })
    for (let i = 0; i < 300; i++) {
      const signature = await joseSigner(key).sign(Buffer.from([i & 0xff, i >> 8]))
      const text = Buffer.from([i & 0xff, (i >> 8) ^ (i % 3 === 0 ? 1 : 0)])
      const der = ecdsaDer(signature, 32) ?? new Uint8Array()
      expect(verify('sha256', text, { key: publicKey, dsaEncoding: 'der' }, der)).toBe(
        verify('sha256', text, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature),
      )
    }
  })
})

test('R‖S is the same again after its way through DER', () => {
  fc.assert(
    fc.property(fc.constantFrom(32, 48), fc.uint8Array({ minLength: 96, maxLength: 96 }), (size, bytes) => {
      // Zeros in front are what DER leaves out.
      for (const zeros of [0, 1, 5, size]) {
        const raw = Uint8Array.from(bytes.subarray(0, 2 * size))
          .fill(0, 0, zeros)
          .fill(0, size, size + zeros)
        expect(ecdsaRaw(ecdsaDer(raw, size) ?? new Uint8Array(), size)).toEqual(raw)
      }
    }),
  )
})
