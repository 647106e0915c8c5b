/** Whether what stands in objects is the tree that its checkpoint says: every leaf, every tile, and the root. */
import { logFolder } from '../../functions/log-origin.ts'
import { sha256 } from '../../functions/log-tiles.ts'
import { parseBundle } from '../../shared/tlog/entries-bundle.ts'
import { type Edge, emptyEdge, grow, rootOf } from '../../shared/tlog/grow.ts'
import { leafInput, sameHash, type TreeHash } from '../../shared/tlog/hash.ts'
import {
  countAt,
  entriesTile,
  joinHashes,
  type TileId,
  tileIn,
  tilePath,
  tileWidth,
} from '../../shared/tlog/tile.ts'

/** `undefined` where there is no object of that key. */
export type ReadObject = (key: string) => Promise<Uint8Array | undefined>

export interface TreeOf {
  readonly size: number
  readonly root: TreeHash
}

const bundlesAtOnce = 64

/**
 * Reads all of it and hashes it anew. `older` is what the tree has to have been when it was smaller. Resolves with the
 * number of tiles that were compared; throws where anything is missing or is another.
 */
export async function checkTree(read: ReadObject, tree: TreeOf, older?: TreeOf): Promise<number> {
  const { size } = tree
  const bundles = Math.ceil(size / tileWidth)
  let edge = emptyEdge
  let compared = 0
  for (let first = 0; first < bundles; first += bundlesAtOnce) {
    const some = Array.from({ length: Math.min(bundlesAtOnce, bundles - first) }, (_, n) => first + n)
    const leaves = await Promise.all(some.map(index => readBundle(read, size, index)))
    const hashes = leaves.flat().map(leaf => sha256(leafInput(leaf)))
    // Cut where the tree was of the older size, to see whether it was that one.
    const cut = older === undefined ? 0 : Math.max(0, Math.min(hashes.length, older.size - edge.size))
    for (const part of [hashes.slice(0, cut), hashes.slice(cut)]) {
      if (part.length === 0) continue
      const grown = grow(sha256, edge, part)
      edge = grown.edge
      const full = grown.tiles.filter(({ id }) => id.width === tileWidth)
      await Promise.all(full.map(({ id, bytes }) => compare(read, id, bytes)))
      compared += full.length
      if (older?.size === edge.size) expectRoot(edge, older)
    }
  }
  const partial = edge.levels.flatMap((hashes, level) =>
    hashes.length === 0
      ? []
      : [
          {
            id: tileIn(size, level, Math.floor(countAt(level, size) / tileWidth)),
            bytes: joinHashes(hashes),
          },
        ],
  )
  for (const { id, bytes } of partial) await compare(read, id, bytes)
  expectRoot(edge, tree)
  return compared + partial.length
}

export async function readBundle(
  read: ReadObject,
  size: number,
  index: number,
): Promise<readonly Uint8Array[]> {
  const tile = entriesTile(tileIn(size, 0, index))
  const path = tilePath(tile)
  const bytes = await read(logFolder + path)
  if (bytes === undefined) throw new Error(`${path} of the tree of ${size} is not there.`)
  const leaves = parseBundle(bytes)
  if (leaves?.length !== tile.width) throw new Error(`${path} has not the ${tile.width} leaves of its name.`)
  return leaves
}

async function compare(read: ReadObject, id: TileId, bytes: Uint8Array): Promise<void> {
  const path = tilePath(id)
  const there = await read(logFolder + path)
  if (there === undefined) throw new Error(`${path} is not there.`)
  if (!sameHash(there, bytes)) throw new Error(`${path} has other hashes than its leaves come to.`)
}

function expectRoot(edge: Edge, { size, root }: TreeOf): void {
  if (edge.size !== size || !sameHash(rootOf(sha256, edge), root))
    throw new Error(`the leaves do not come to the signed root of a tree of ${size}.`)
}
