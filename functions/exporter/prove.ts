/** Proofs for very many leaves of one tree: each tile is hashed once, and what neighbours share is kept. */
import type { Objects } from '../../shared/ports/objects.ts'
import { nodeInput, type TreeHash } from '../../shared/tlog/hash.ts'
import type { Proof } from '../../shared/tlog/proof.ts'
import { inclusionRanges, type Range, type Subtree, subtreesOf } from '../../shared/tlog/range.ts'
import { hashesIn, type TileId, tileHeight, tileOf, tilePath } from '../../shared/tlog/tile.ts'
import { logFolder } from '../log-origin.ts'
import { sha256 } from '../log-tiles.ts'

/** Tiles that are kept, of 16 kB each with their nodes; neighbours share all of them. */
const keptTiles = 256
/** What is right of a leaf, up to the end of the tree: as many for each as the tree is high. */
const keptRanges = 4_096

export type ProveLeaf = (index: number) => Promise<Proof>

/** Of the tree of that size, which is published. */
export function createProver(objects: Objects, size: number): ProveLeaf {
  const tiles = new Map<string, Promise<readonly (readonly TreeHash[])[]>>()
  const ranges = new Map<string, TreeHash>()

  async function readTile(id: TileId): Promise<readonly (readonly TreeHash[])[]> {
    const found = await objects.get(logFolder + tilePath(id))
    if (found === undefined) throw new Error(`${tilePath(id)} of a published tree is not there`)
    const rows: (readonly TreeHash[])[] = [hashesIn(found.bytes)]
    for (let height = 1; height < tileHeight; height++) {
      const below = rows[height - 1] ?? []
      rows.push(
        Array.from({ length: Math.floor(below.length / 2) }, (_, i) =>
          nodeOf(below[2 * i] as TreeHash, below[2 * i + 1] as TreeHash),
        ),
      )
    }
    return rows
  }

  async function subtreeHash(subtree: Subtree): Promise<TreeHash> {
    const { tile, from, to } = tileOf(subtree, size)
    const path = tilePath(tile)
    let rows = tiles.get(path)
    if (rows === undefined) {
      rows = readTile(tile)
      tiles.set(path, rows)
      rows.catch(() => tiles.delete(path))
      const [oldest] = tiles.keys()
      if (tiles.size > keptTiles && oldest !== undefined) tiles.delete(oldest)
    }
    const height = subtree.height % tileHeight
    const hash = (await rows)[height]?.[from / (to - from)]
    if (hash === undefined) throw new Error(`${path} has no such hash`)
    return hash
  }

  async function rangeHash(range: Range): Promise<TreeHash> {
    const subtrees = subtreesOf(range)
    const [only] = subtrees
    if (only && subtrees.length === 1) return subtreeHash(only)
    const name = `${range.from} ${range.to}`
    const known = ranges.get(name)
    if (known) return known
    const parts = await Promise.all(subtrees.map(subtreeHash))
    const hash = parts.reduceRight((right, left) => nodeOf(left, right))
    if (ranges.size >= keptRanges) ranges.clear()
    ranges.set(name, hash)
    return hash
  }

  return async index => {
    const proof: TreeHash[] = []
    for (const range of inclusionRanges(index, size)) proof.push(await rangeHash(range))
    return proof
  }
}

const nodeOf = (left: TreeHash, right: TreeHash): TreeHash => sha256(nodeInput(left, right))
