/** RFC 6962 §2.1 as its text defines it, by recursion over all leaves: slow, and nothing else. */
import { hash } from 'node:crypto'
import { emptyEdge, grow, treeHash } from '../../../shared/tlog/grow.ts'
import { leafInput, type TreeHash } from '../../../shared/tlog/hash.ts'
import type { ReadSubtree } from '../../../shared/tlog/proof.ts'
import { hashesIn, tileOf, tilePath } from '../../../shared/tlog/tile.ts'

export const sha256 = (bytes: Uint8Array): TreeHash => new Uint8Array(hash('sha256', bytes, 'buffer'))
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

export const leafHash = (data: Uint8Array): TreeHash => sha256(leafInput(data))
/** `n` leaves, no two alike. */
export const leafHashes = (n: number): readonly TreeHash[] =>
  Array.from({ length: n }, (_, i) => leafHash(utf8(`leaf ${i}`)))

const node = (left: TreeHash, right: TreeHash): TreeHash => sha256(new Uint8Array([1, ...left, ...right]))

function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** MTH(D[n]), of the hashes of leaves. */
export function mth(leaves: readonly TreeHash[]): TreeHash {
  const [first] = leaves
  if (first === undefined) return sha256(new Uint8Array())
  if (leaves.length === 1) return first
  const k = split(leaves.length)
  return node(mth(leaves.slice(0, k)), mth(leaves.slice(k)))
}

/** PATH(m, D[n]) (§2.1.1). */
export function path(m: number, leaves: readonly TreeHash[]): readonly TreeHash[] {
  if (leaves.length <= 1) return []
  const k = split(leaves.length)
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))]
}

/** PROOF(m, D[n]) (§2.1.2). */
export const proof = (m: number, leaves: readonly TreeHash[]): readonly TreeHash[] =>
  subproof(m, leaves, true)

function subproof(m: number, leaves: readonly TreeHash[], known: boolean): readonly TreeHash[] {
  if (m === leaves.length) return known ? [] : [mth(leaves)]
  const k = split(leaves.length)
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), known), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))]
}

/** The tiles of a tree, by their paths. */
export function tilesOf(leaves: readonly TreeHash[]): ReadonlyMap<string, Uint8Array> {
  const { tiles } = grow(sha256, emptyEdge, leaves)
  return new Map(tiles.map(({ id, bytes }) => [tilePath(id), bytes]))
}

/** Reads from tiles, as whoever serves a proof does; every tile that it asks for has to be there. */
export const readTiles =
  (tiles: ReadonlyMap<string, Uint8Array>, size: number): ReadSubtree =>
  async subtree => {
    const { tile, from, to } = tileOf(subtree, size)
    const bytes = tiles.get(tilePath(tile))
    if (bytes === undefined) throw new Error(`there is no ${tilePath(tile)} in a tree of ${size}`)
    return treeHash(sha256, hashesIn(bytes).slice(from, to))
  }
