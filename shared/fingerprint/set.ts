/** A set of fingerprints as it is kept and committed to: 8 bytes each, most significant first, ascending. Pure. */
import { hash } from 'node:crypto'
import { hashDomain } from '../watermark/committed.ts'

export const fingerprintBytes = 8

/** Throws a `RangeError` for what is not ascending: it is for whoever makes sets to know. */
export function formatSet(fingerprints: BigUint64Array): Uint8Array {
  const bytes = new Uint8Array(fingerprints.length * fingerprintBytes)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < fingerprints.length; i++) {
    const one = fingerprints[i] as bigint
    if (i > 0 && one <= (fingerprints[i - 1] as bigint)) throw new RangeError('a set ascends')
    view.setBigUint64(i * fingerprintBytes, one)
  }
  return bytes
}

/** `undefined` where the bytes are no set. */
export function parseSet(bytes: Uint8Array): BigUint64Array | undefined {
  if (bytes.length % fingerprintBytes !== 0) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fingerprints = new BigUint64Array(bytes.length / fingerprintBytes)
  for (let i = 0; i < fingerprints.length; i++) {
    fingerprints[i] = view.getBigUint64(i * fingerprintBytes)
    if (i > 0 && (fingerprints[i] as bigint) <= (fingerprints[i - 1] as bigint)) return undefined
  }
  return fingerprints
}

/** What an outcome's entry holds of a set, and its leaf commits to: SHA-256, base64url. */
export const setDigest = (bytes: Uint8Array): string =>
  hash('sha256', Buffer.concat([Uint8Array.of(hashDomain.fingerprints), bytes]), 'base64url')

/** Whether a set has it. */
export function inSet(fingerprints: BigUint64Array, sought: bigint): boolean {
  let from = 0
  let to = fingerprints.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((fingerprints[middle] as bigint) < sought) from = middle + 1
    else to = middle
  }
  return fingerprints[from] === sought
}
