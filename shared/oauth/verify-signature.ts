import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { PublicJwk, SigningAlgorithm } from '../ports/keys.ts'
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

/**
 * R‖S, each of `size` bytes, as the DER of ECDSA-Sig-Value (RFC 3279 §2.2.3); `undefined` for any other
 * length. Up to P-384 a length always fits the short form. Zero and values beyond the order are left to
 * the verification, which refuses them.
 */
export function ecdsaDer(signature: Uint8Array, size: number): Uint8Array | undefined {
  if (signature.length !== 2 * size) return undefined
  const der = new Uint8Array(2 + 2 * (3 + size))
  const endOfR = putInteger(der, 2, signature.subarray(0, size))
  const end = putInteger(der, endOfR, signature.subarray(size))
  der[0] = 0x30
  der[1] = end - 2
  return der.subarray(0, end)
}

/** Puts a non-negative INTEGER at `at` in its shortest form, without leading zeros but the sign; returns its end. */
function putInteger(der: Uint8Array, at: number, bytes: Uint8Array): number {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const sign = (bytes[start] ?? 0) >= 0x80 ? 1 : 0
  const length = sign + bytes.length - start
  der[at] = 0x02
  der[at + 1] = length
  der.set(bytes.subarray(start), at + 2 + sign)
  return at + 2 + length
}

/**
 * The way back, for what OpenSSL and KMS sign: R‖S, each of `size` bytes. The DER comes from a signer of ours,
 * so it is taken at its word.
 */
export function ecdsaRaw(der: Uint8Array, size: number): Uint8Array {
  const raw = new Uint8Array(2 * size)
  const endOfR = 4 + (der[3] ?? 0)
  raw.set(digits(der.subarray(4, endOfR), size), 0)
  raw.set(digits(der.subarray(endOfR + 2), size), size)
  return raw
}

/** Of an INTEGER, as many bytes as R and S have: the sign goes, and zeros come in front. */
function digits(integer: Uint8Array, size: number): Uint8Array {
  if (integer.length >= size) return integer.subarray(integer.length - size)
  const padded = new Uint8Array(size)
  padded.set(integer, size - integer.length)
  return padded
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
