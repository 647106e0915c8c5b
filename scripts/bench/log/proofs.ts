/** What is read for a proof of inclusion: one object for each level of tiles on its way, however large the tree is. */
import { randomBytes, randomInt } from 'node:crypto'
import { logFolder } from '../../../functions/log-origin.ts'
import { sha256, subtreeReader } from '../../../functions/log-tiles.ts'
import type { Objects } from '../../../shared/ports/objects.ts'
import { type Edge, emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import { leafInput } from '../../../shared/tlog/hash.ts'
import { proveInclusion, verifyInclusion } from '../../../shared/tlog/proof.ts'
import { tilePath } from '../../../shared/tlog/tile.ts'
import type { Row, Settings } from '../bench.ts'
import { loadNow } from '../results.ts'
import { quantile } from '../statistics.ts'

const proofs = 500
const batch = 4_096

export async function proofReads({ scale, print }: Settings): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const leaves of [1_000, 30_000, 1_000_000]) {
    const size = Math.max(300, Math.round(leaves * scale))
    print(`proofs in a tree of ${size}`)
    const { objects, reads, leaf, root } = makeTree(size)
    const each: number[] = []
    const times: number[] = []
    for (let n = 0; n < proofs; n++) {
      const index = randomInt(size)
      const [before, start] = [reads(), performance.now()]
      const proof = await proveInclusion(subtreeReader(objects, size), index, size)
      times.push(performance.now() - start)
      each.push(reads() - before)
      if (!(await verifyInclusion({ leaf: leaf(index), index, size, root, proof })))
        throw new Error(`the proof of ${index} in ${size} does not verify`)
    }
    const name = `a proof of inclusion in ${size.toLocaleString('en-US')} leaves`
    rows.push(
      {
        what: `objects read for ${name}, at most`,
        value: Math.max(...each),
        unit: 'objects',
        beside: { name: 'hashes that a proof has at most', value: Math.ceil(Math.log2(size)), by: 'times' },
        // A tile of each level that the tree has, and the last one of each, where that is another.
        target: { at: 'most', value: 2 * Math.ceil(Math.log2(size) / 8) },
        load: loadNow(),
      },
      {
        what: `time of ${name}, objects in memory, p50`,
        value: quantile(times, 0.5),
        unit: 'ms',
        load: loadNow(),
      },
    )
  }
  return rows
}

/** Every leaf is known by its number; tiles are kept, and nothing else. */
function makeTree(size: number) {
  const salt = randomBytes(32)
  const leaf = (index: number): Uint8Array =>
    sha256(leafInput(Buffer.from(`${salt.toString('hex')} ${index}`)))
  const tiles = new Map<string, Uint8Array>()
  let edge: Edge = emptyEdge
  while (edge.size < size) {
    const count = Math.min(batch, size - edge.size)
    const first = edge.size
    const grown = grow(
      sha256,
      edge,
      Array.from({ length: count }, (_, n) => leaf(first + n)),
    )
    for (const { id, bytes } of grown.tiles) tiles.set(logFolder + tilePath(id), bytes)
    edge = grown.edge
  }
  let reads = 0
  const objects: Pick<Objects, 'get'> = {
    async get(key) {
      reads += 1
      const bytes = tiles.get(key)
      return bytes && { bytes, etag: key }
    },
  }
  return { objects: objects as Objects, reads: () => reads, leaf, root: rootOf(sha256, edge) }
}
