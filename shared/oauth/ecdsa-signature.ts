/** The two forms of an ECDSA signature: R‖S in a JWS (RFC 7518 §3.4), DER at OpenSSL and KMS. */

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
