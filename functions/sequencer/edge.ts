/** The right edge of the tree as it stands, from its tiles: what the next leaves are appended to. */
import type { Objects } from '../../shared/ports/objects.ts'
import { parseBundle } from '../../shared/tlog/entries-bundle.ts'
import { type Edge, emptyEdge, rootOf } from '../../shared/tlog/grow.ts'
import { sameHash, type TreeHash } from '../../shared/tlog/hash.ts'
import {
  countAt,
  entriesTile,
  hashesIn,
  type TileId,
  tileIn,
  tilePath,
  tileWidth,
} from '../../shared/tlog/tile.ts'
import { logFolder } from '../log-origin.ts'
import { sha256 } from '../log-tiles.ts'
import { Halted } from './halt.ts'

export interface OpenEdge {
  readonly tree: Edge
  /** The leaves of the last bundle, where that is not full. */
  readonly leaves: readonly Uint8Array[]
}

export const emptyOpenEdge: OpenEdge = { tree: emptyEdge, leaves: [] }

/** Throws `Halted` where a tile is missing, or they do not come to the root. */
export async function readEdge(objects: Objects, size: number, root: TreeHash): Promise<OpenEdge> {
  const read = async (tile: TileId): Promise<Uint8Array> => {
    const found = await objects.get(logFolder + tilePath(tile))
    if (found === undefined)
      throw new Halted('missing', `${tilePath(tile)} of a tree of ${size} is not there`)
    return found.bytes
  }
  const levels: (readonly TreeHash[])[] = []
  for (let level = 0; countAt(level, size) > 0; level++) {
    const partial = tileIn(size, level, Math.floor(countAt(level, size) / tileWidth))
    levels.push(partial.width === 0 ? [] : hashesIn(await read(partial)))
  }
  const tree: Edge = { size, levels }
  if (!sameHash(rootOf(sha256, tree), root))
    throw new Halted('contradiction', `the tiles of a tree of ${size} do not come to its root`)
  const last = tileIn(size, 0, Math.floor(size / tileWidth))
  const leaves = last.width === 0 ? [] : parseBundle(await read(entriesTile(last)))
  if (leaves?.length !== last.width)
    throw new Halted('contradiction', `the last bundle of a tree of ${size} has not its leaves`)
  return { tree, leaves }
}
