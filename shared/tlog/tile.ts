/** Tiles of a tree (c2sp.org/tlog-tiles): 256 hashes of one level each, kept once they are written. */
import { hashBytes, type TreeHash } from './hash.ts'
import type { Subtree } from './range.ts'

export const tileWidth = 256
/** Of a tree, a tile spans so many levels. */
export const tileHeight = 8

export interface TileId {
  /** Of tiles, from 0 for the hashes of leaves; `entries` for the leaves themselves. */
  readonly level: number | 'entries'
  readonly index: number
  /** Hashes in it: 256, or fewer at the right edge. */
  readonly width: number
}

/** Below the prefix of the log (“Merkle Tree”, “Log entries”): `tile/0/x001/067.p/12`. */
export function tilePath({ level, index, width }: TileId): string {
  const groups = [String(index % 1000).padStart(3, '0')]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`)
  return `tile/${level}/${groups.join('/')}${width === tileWidth ? '' : `.p/${width}`}`
}

const shape = /^tile\/(entries|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** `undefined` where a path names no tile, or names one in another way than `tilePath` does. */
export function parseTilePath(path: string): TileId | undefined {
  const [, level, groups, partial] = shape.exec(path) ?? []
  if (level === undefined || groups === undefined) return undefined
  const index = Number(groups.replace(/[x/]/g, ''))
  const id = {
    level: level === 'entries' ? level : Number(level),
    index,
    width: partial === undefined ? tileWidth : Number(partial),
  } as const
  const known = Number.isSafeInteger(index) && (id.level === 'entries' || id.level < 64)
  return known && tilePath(id) === path && id.width <= tileWidth ? id : undefined
}

/** How many hashes of a level there are in a tree of `size` (“Partial Tiles”). */
export const countAt = (level: number, size: number): number => Math.floor(size / tileWidth ** level)

/** In a tree of `size`, the tile of this level and index. */
export const tileIn = (size: number, level: number, index: number): TileId => ({
  level,
  index,
  width: Math.min(tileWidth, countAt(level, size) - index * tileWidth),
})

/** The bundle with the entries of a tile of level 0. */
export const entriesTile = ({ index, width }: TileId): TileId => ({ level: 'entries', index, width })

/** Where the hash of a subtree comes from, in a tree of `size`: a tile, and the hashes in it that lie below. */
export function tileOf({ height, index }: Subtree, size: number): { tile: TileId; from: number; to: number } {
  const level = Math.floor(height / tileHeight)
  const many = 2 ** (height % tileHeight)
  const first = index * many
  const of = Math.floor(first / tileWidth)
  return { tile: tileIn(size, level, of), from: first - of * tileWidth, to: first - of * tileWidth + many }
}

/** Throws a `TypeError` where the bytes end within a hash. */
export function hashesIn(bytes: Uint8Array): readonly TreeHash[] {
  if (bytes.length % hashBytes !== 0) throw new TypeError('a tile consists of whole hashes')
  return Array.from({ length: bytes.length / hashBytes }, (_, i) =>
    bytes.subarray(i * hashBytes, (i + 1) * hashBytes),
  )
}

/** A tile's bytes. */
export function joinHashes(hashes: readonly TreeHash[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * hashBytes)
  hashes.forEach((hash, i) => {
    bytes.set(hash, i * hashBytes)
  })
  return bytes
}
