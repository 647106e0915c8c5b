/**
 * The Merkle tree hashes of RFC 6962 §2.1 (again in RFC 9162 §2.1.1), over SHA-256. Whoever writes a tree hashes it
 * synchronously; whoever verifies may be a browser, whose WebCrypto is asynchronous: both hash the same inputs.
 */

/** 32 bytes. */
export type TreeHash = Uint8Array
export type Sha256 = (bytes: Uint8Array) => TreeHash
export type EventualSha256 = (bytes: Uint8Array) => Promise<TreeHash>

export const hashBytes = 32

/** `0x00 ‖ data`: what a leaf's hash is over. */
export function leafInput(data: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + data.length)
  input.set(data, 1)
  return input
}

/** `0x01 ‖ left ‖ right`: what an inner node's hash is over. */
export function nodeInput(left: TreeHash, right: TreeHash): Uint8Array {
  const input = new Uint8Array(1 + 2 * hashBytes)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + hashBytes)
  return input
}

/** By WebCrypto, which Node has too. */
export const webSha256: EventualSha256 = async bytes =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))

export const sameHash = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, i) => byte === other[i])
