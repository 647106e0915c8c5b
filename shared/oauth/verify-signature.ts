import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { PublicJwk, SigningAlgorithm } from '../ports/keys.ts'
import { ecdsaDer } from './ecdsa-signature.ts'
import { curves } from './public-jwk.ts'

/** Imported keys by thumbprint, the latest used last. An import costs as much as a verification. */
const imported = new Map<string, KeyObject>()
const capacity = 4096

export interface VerificationKey {
  readonly alg: SigningAlgorithm
  readonly jwk: PublicJwk
  /** RFC 7638, of `jwk`. */
  readonly thumbprint: string
}

/** A JWS signature: R‖S for ECDSA (RFC 7518 §3.4), RFC 8032 for Ed25519. Never throws. */
export function verifySignature(key: VerificationKey, input: Uint8Array, signature: Uint8Array): boolean {
  const { size, digest } = curves[key.alg]
  const publicKey = importKey(key)
  if (publicKey === undefined) return false
  if (digest === undefined) return verify(undefined, input, publicKey, signature)
  const der = ecdsaDer(signature, size)
  // DER is what OpenSSL takes: `ieee-p1363` and WebCrypto convert on slower paths, at half the throughput.
  return der !== undefined && verify(digest, input, publicKey, der)
}

function importKey({ jwk, thumbprint }: VerificationKey): KeyObject | undefined {
  const known = imported.get(thumbprint)
  const key = known ?? tryImport(jwk)
  if (key === undefined) return undefined
  imported.delete(thumbprint)
  imported.set(thumbprint, key)
  const [oldest] = imported.keys()
  if (imported.size > capacity && oldest !== undefined) imported.delete(oldest)
  return key
}

function tryImport(jwk: PublicJwk): KeyObject | undefined {
  try {
    return createPublicKey({ format: 'jwk', key: { ...jwk } })
  } catch {
    return undefined
  }
}
