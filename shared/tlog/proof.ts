/**
 * Proofs of inclusion (RFC 6962 §2.1.1) and of consistency (§2.1.2): made of hashes that somebody reads, verified by
 * whoever trusts a root. Verifying is that of RFC 9162 §2.1.3.2 and §2.1.4.2, on numbers up to 2^53.
 */
import { type EventualSha256, hashBytes, nodeInput, sameHash, type TreeHash, webSha256 } from './hash.ts'
import { consistencyRanges, inclusionRanges, type Range, type Subtree, subtreesOf } from './range.ts'

/** The hash of a full subtree of the tree that a proof is about. */
export type ReadSubtree = (subtree: Subtree) => Promise<TreeHash>

export type Proof = readonly TreeHash[]

/** That leaf `index` is in the tree of `size`: the hashes from its sibling to the child of the root. */
export const proveInclusion = (read: ReadSubtree, index: number, size: number): Promise<Proof> =>
  Promise.all(inclusionRanges(index, size).map(range => rangeHash(read, range)))

/** That the tree of `older` leaves is the beginning of that of `newer`. */
export const proveConsistency = (read: ReadSubtree, older: number, newer: number): Promise<Proof> =>
  Promise.all(consistencyRanges(older, newer).map(range => rangeHash(read, range)))

/** The root of the tree of the first `size` leaves; that of none is the hash of nothing (§2.1). */
export const rootAt = (read: ReadSubtree, size: number): Promise<TreeHash> =>
  size === 0 ? webSha256(new Uint8Array()) : rangeHash(read, { from: 0, to: size })

/** A shorter one would be filled up with zeros, and two proofs would be one. */
const isWhole = ({ length }: TreeHash): boolean => length === hashBytes

async function rangeHash(read: ReadSubtree, range: Range): Promise<TreeHash> {
  const parts = await Promise.all(subtreesOf(range).map(read))
  let hash = parts.at(-1) as TreeHash
  for (const part of parts.slice(0, -1).reverse()) hash = await webSha256(nodeInput(part, hash))
  return hash
}

export interface Inclusion {
  /** Of the leaf, which is hashed by whoever verifies. */
  readonly leaf: TreeHash
  readonly index: number
  readonly size: number
  readonly root: TreeHash
  readonly proof: Proof
}

/** RFC 9162 §2.1.3.2. Whatever it is given, it says whether that proves anything. */
export async function verifyInclusion(
  { leaf, index, size, root, proof }: Inclusion,
  sha256: EventualSha256 = webSha256,
): Promise<boolean> {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) return false
  if (![leaf, root, ...proof].every(isWhole)) return false
  let [node, last] = [index, size - 1]
  let hash = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = await sha256(nodeInput(sibling, hash))
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)]
    } else hash = await sha256(nodeInput(hash, sibling))
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  return last === 0 && sameHash(hash, root)
}

export interface Consistency {
  readonly older: { readonly size: number; readonly root: TreeHash }
  readonly newer: { readonly size: number; readonly root: TreeHash }
  readonly proof: Proof
}

/** RFC 9162 §2.1.4.2; of trees of one size, and of an empty one, no proof is needed. */
export async function verifyConsistency(
  { older, newer, proof }: Consistency,
  sha256: EventualSha256 = webSha256,
): Promise<boolean> {
  const sizes = [older.size, newer.size]
  if (!sizes.every(size => Number.isSafeInteger(size) && size >= 0) || older.size > newer.size) return false
  if (![older.root, newer.root, ...proof].every(isWhole)) return false
  if (older.size === newer.size) return proof.length === 0 && sameHash(older.root, newer.root)
  // Every tree begins with the empty one, whose root is the hash of nothing.
  if (older.size === 0) return proof.length === 0 && sameHash(older.root, await sha256(new Uint8Array()))
  let [node, last] = [older.size - 1, newer.size - 1]
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  // A tree of a power of two is a node of the newer one, and its hash is known.
  const [first, ...rest] = node === 0 ? [older.root, ...proof] : proof
  if (first === undefined) return false
  let [oldHash, newHash] = [first, first]
  for (const sibling of rest) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      oldHash = await sha256(nodeInput(sibling, oldHash))
      newHash = await sha256(nodeInput(sibling, newHash))
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)]
    } else newHash = await sha256(nodeInput(newHash, sibling))
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  return last === 0 && sameHash(oldHash, older.root) && sameHash(newHash, newer.root)
}
