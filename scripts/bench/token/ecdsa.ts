/** ES256 on the fastest path there is here: OpenSSL speaks DER, and turning it costs least. The product's path too. */
import { type KeyObject, sign, verify } from 'node:crypto'
import { ecdsaDer, ecdsaRaw } from '../../../shared/oauth/ecdsa-signature.ts'

/** Bytes of R, and of S. */
const size = 32

/** R‖S, 64 bytes. */
export const signEs256 = (input: Uint8Array, key: KeyObject): Buffer =>
  Buffer.from(ecdsaRaw(sign('sha256', input, key), size).buffer)

export function verifyEs256(input: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  const der = ecdsaDer(signature, size)
  return der !== undefined && verify('sha256', input, key, der)
}
