/** ES256 on the fastest path there is here: OpenSSL speaks DER, and converting by hand costs least. */
import { type KeyObject, sign, verify } from 'node:crypto'

/** R‖S, 64 bytes. */
export function signEs256(input: Uint8Array, key: KeyObject): Buffer {
  const der = sign('sha256', input, key)
  const signature = Buffer.alloc(64)
  const lengthOfR = der[3] ?? 0
  place(signature, 32, der.subarray(4, 4 + lengthOfR))
  place(signature, 64, der.subarray(6 + lengthOfR))
  return signature
}

export function verifyEs256(input: Uint8Array, signature: Uint8Array, key: KeyObject): boolean {
  const der = new Uint8Array(72)
  const afterR = putInteger(der, 2, signature, 0)
  const afterS = putInteger(der, afterR, signature, 32)
  der[0] = 0x30
  der[1] = afterS - 2
  return signature.length === 64 && verify('sha256', input, key, der.subarray(0, afterS))
}

/** A DER INTEGER without its sign byte, so that it ends at `end`. */
function place(into: Buffer, end: number, integer: Uint8Array): void {
  const digits = integer.length > 32 ? integer.subarray(integer.length - 32) : integer
  into.set(digits, end - digits.length)
}

/** The 32 bytes at `from` as a DER INTEGER at `to`; returns where it ends. */
function putInteger(der: Uint8Array, to: number, signature: Uint8Array, from: number): number {
  let start = from
  while (start < from + 31 && signature[start] === 0) start++
  const sign = (signature[start] ?? 0) >= 0x80 ? 1 : 0
  const length = from + 32 - start
  der[to] = 0x02
  der[to + 1] = sign + length
  der.set(signature.subarray(start, from + 32), to + 2 + sign)
  return to + 2 + sign + length
}
