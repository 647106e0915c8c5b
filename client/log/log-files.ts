/** The public files of a log, from wherever somebody has them: a proof that is made of them is verified like any other. */
import { nodeInput, type TreeHash, webSha256 } from '../../shared/tlog/hash.ts'
import type { ReadSubtree } from '../../shared/tlog/proof.ts'
import { hashesIn, type TileId, tileOf, tilePath, tileWidth } from '../../shared/tlog/tile.ts'
import { notVerified } from './fault.ts'

/** By its path below the log (c2sp.org/tlog-tiles): `checkpoint`, `tile/0/000.p/12`. `undefined`: it is not there. */
export type ReadLogFile = (path: string) => Promise<Uint8Array | undefined>

/** Of 8 kB each. */
const keptTiles = 1_000

/** The hashes of the tree of `size`. Throws a `NotVerified` where a tile is not there, or is none. */
export function subtreesOf(read: ReadLogFile, size: number): ReadSubtree {
  const kept = new Map<string, Promise<readonly TreeHash[]>>()
  const tile = (id: TileId): Promise<readonly TreeHash[]> => {
    const path = tilePath(id)
    const known = kept.get(path)
    if (known !== undefined) return known
    const [oldest] = kept.keys()
    if (kept.size >= keptTiles && oldest !== undefined) kept.delete(oldest)
    const reading = readTile(read, id)
    kept.set(path, reading)
    return reading
  }
  return async subtree => {
    const { tile: id, from, to } = tileOf(subtree, size)
    let row = (await tile(id)).slice(from, to)
    while (row.length > 1)
      row = await Promise.all(
        Array.from({ length: row.length / 2 }, (_, i) =>
          webSha256(nodeInput(row[2 * i] as TreeHash, row[2 * i + 1] as TreeHash)),
        ),
      )
    return row[0] as TreeHash
  }
}

/** A partial tile may go once the full one is there (“Pruning”), which begins with the same hashes. */
async function readTile(read: ReadLogFile, id: TileId): Promise<readonly TreeHash[]> {
  const whole = { ...id, width: tileWidth }
  for (const one of id.width === tileWidth ? [id] : [id, whole]) {
    const bytes = await read(tilePath(one))
    if (bytes === undefined) continue
    if (bytes.length !== one.width * 32)
      throw notVerified('contradicted', `${tilePath(one)} does not consist of ${one.width} hashes`)
    return hashesIn(bytes)
  }
  throw notVerified('unproved', `${tilePath(id)} of the log is not there`)
}
