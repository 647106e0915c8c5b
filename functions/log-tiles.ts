/** The tiles of the published log, as whoever proves something with them reads them. */
import { hash } from 'node:crypto'
import type { Objects } from '../shared/ports/objects.ts'
import { treeHash } from '../shared/tlog/grow.ts'
import type { Sha256, TreeHash } from '../shared/tlog/hash.ts'
import type { ReadSubtree } from '../shared/tlog/proof.ts'
import { hashesIn, type TileId, tileOf, tilePath } from '../shared/tlog/tile.ts'
import { logFolder } from './log-origin.ts'

/** By way of a string: that takes half of the time of asking for a buffer. */
export const sha256: Sha256 = bytes => Buffer.from(hash('sha256', bytes, 'binary'), 'binary')

/** Of a tree of that size, which is published. Each tile is read once. */
export function subtreeReader(objects: Objects, size: number): ReadSubtree {
  const tiles = new Map<string, Promise<readonly TreeHash[]>>()
  const readTile = async (id: TileId): Promise<readonly TreeHash[]> => {
    const found = await objects.get(logFolder + tilePath(id))
    if (found === undefined) throw new Error(`${tilePath(id)} of a published tree is not there`)
    return hashesIn(found.bytes)
  }
  return async subtree => {
    const { tile, from, to } = tileOf(subtree, size)
    const path = tilePath(tile)
    const hashes = tiles.get(path) ?? readTile(tile)
    tiles.set(path, hashes)
    return treeHash(sha256, (await hashes).slice(from, to))
  }
}
