/**
 * The tree of RFC 6962 once more, as its text defines it and without a word of the product's: what a reader of the log
 * recomputes from its leaves. Also where c2sp.org/tlog-tiles has the tiles of a tree, and what is in them.
 */
import { hash } from 'node:crypto'

const sha256 = (...parts: readonly Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer')
const zero = Uint8Array.of(0)
const one = Uint8Array.of(1)

/** What a tree's files are, by their paths below the log's folder. */
export interface TileFile {
  readonly path: string
  readonly bytes: Buffer
}

export class NaiveTree {
  readonly leaves: Buffer[] = []
  /** Of parts that are full and stand at a multiple of their size: those stay when the tree grows. */
  readonly #full = new Map<string, Buffer>()

  append(leaves: readonly Buffer[]): void {
    this.leaves.push(...leaves)
  }

  /** MTH(D[0:size]) */
  root(size: number): Buffer {
    return size === 0 ? sha256() : this.#hash(0, size)
  }

  #hash(from: number, to: number): Buffer {
    const size = to - from
    const stays = (size & (size - 1)) === 0 && from % size === 0
    const name = `${from}-${to}`
    const known = this.#full.get(name)
    if (known) return known
    let value: Buffer
    if (size === 1) value = sha256(zero, this.leaves[from] ?? Buffer.alloc(0))
    else {
      // The largest power of two that is smaller.
      let k = 1
      while (2 * k < size) k *= 2
      value = sha256(one, this.#hash(from, from + k), this.#hash(from + k, to))
    }
    if (stays) this.#full.set(name, value)
    return value
  }

  /** The tiles and bundles that a tree of `size` has and one of `before` had not, those of all levels. */
  files(before: number, size: number): readonly TileFile[] {
    const files: TileFile[] = []
    for (let [level, span] = [0, 1]; span <= size; [level, span] = [level + 1, span * 256]) {
      const [old, count] = [Math.floor(before / span), Math.floor(size / span)]
      if (old === count) break
      for (let tile = Math.floor(old / 256); tile * 256 < count; tile++) {
        const places = Array.from({ length: Math.min(256, count - tile * 256) }, (_, i) => tile * 256 + i)
        const path = pathOf(tile, places.length)
        const hashes = places.map(place => this.#hash(place * span, (place + 1) * span))
        files.push({ path: `tile/${level}/${path}`, bytes: Buffer.concat(hashes) })
        if (level > 0) continue
        const leaves = places.flatMap(place => {
          const leaf = this.leaves[place] ?? Buffer.alloc(0)
          return [Buffer.of(leaf.length >> 8, leaf.length & 255), leaf]
        })
        files.push({ path: `tile/entries/${path}`, bytes: Buffer.concat(leaves) })
      }
    }
    return files
  }
}

/** Of the bundle that has the leaf of this place in a tree of `size`. Trees here have less than 256,000 leaves. */
export const bundleAt = (place: number, size: number): string => {
  const tile = Math.floor(place / 256)
  return `tile/entries/${pathOf(tile, Math.min(256, size - tile * 256))}`
}

const pathOf = (tile: number, width: number): string =>
  `${String(tile).padStart(3, '0')}${width === 256 ? '' : `.p/${width}`}`

/** The leaves of a bundle, each after two bytes of its length. */
export function leavesOf(bundle: Uint8Array): Buffer[] {
  const bytes = Buffer.from(bundle)
  const leaves: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at)
    leaves.push(bytes.subarray(at + 2, end))
    at = end
  }
  return leaves
}
