/** A tree that grows at its right edge: what a writer has to keep, and which tiles each growth makes. Pure. */
import { nodeInput, type Sha256, type TreeHash } from './hash.ts'
import { joinHashes, type TileId, tileWidth } from './tile.ts'

/** All that is needed to go on: of each level, the hashes of its last tile where that is not full. */
export interface Edge {
  readonly size: number
  readonly levels: readonly (readonly TreeHash[])[]
}

export interface Tile {
  readonly id: TileId
  readonly bytes: Uint8Array
}

export const emptyEdge: Edge = { size: 0, levels: [] }

/** Appends leaves by their hashes. `tiles` are those that are new: full ones, and the last of each level that grew. */
export function grow(
  sha256: Sha256,
  edge: Edge,
  leaves: readonly TreeHash[],
): { readonly edge: Edge; readonly tiles: readonly Tile[] } {
  const tiles: Tile[] = []
  const levels: (readonly TreeHash[])[] = []
  let added = leaves
  for (let level = 0; added.length > 0 || level < edge.levels.length; level++) {
    const before = edge.levels[level] ?? []
    const hashes = [...before, ...added]
    const first = Math.floor(edge.size / tileWidth ** (level + 1))
    const full = Math.floor(hashes.length / tileWidth)
    const above: TreeHash[] = []
    for (let i = 0; i < full; i++) {
      const whole = hashes.slice(i * tileWidth, (i + 1) * tileWidth)
      tiles.push({ id: { level, index: first + i, width: tileWidth }, bytes: joinHashes(whole) })
      above.push(treeHash(sha256, whole))
    }
    const rest = hashes.slice(full * tileWidth)
    if (rest.length > 0 && added.length > 0)
      tiles.push({ id: { level, index: first + full, width: rest.length }, bytes: joinHashes(rest) })
    levels.push(rest)
    added = above
  }
  return { edge: { size: edge.size + leaves.length, levels }, tiles }
}

/** The root of the tree (RFC 6962 §2.1): that of an empty one is the hash of nothing. */
export function rootOf(sha256: Sha256, { levels }: Edge): TreeHash {
  let root: TreeHash | undefined
  for (const hashes of levels) {
    // From the right: what lies below is always the smaller part.
    let end = hashes.length
    for (let size = 1; end > 0; size *= 2) {
      if (end % (size * 2) === 0) continue
      const part = treeHash(sha256, hashes.slice(end - size, end))
      root = root === undefined ? part : sha256(nodeInput(part, root))
      end -= size
    }
  }
  return root ?? sha256(new Uint8Array())
}

/** Of hashes of one level, whose number is a power of two. */
export function treeHash(sha256: Sha256, hashes: readonly TreeHash[]): TreeHash {
  let row = hashes
  while (row.length > 1)
    row = Array.from({ length: row.length / 2 }, (_, i) =>
      sha256(nodeInput(row[2 * i] as TreeHash, row[2 * i + 1] as TreeHash)),
    )
  return row[0] as TreeHash
}
