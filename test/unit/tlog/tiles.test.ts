import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import {
  entriesTile,
  hashesIn,
  joinHashes,
  parseTilePath,
  type TileId,
  tileIn,
  tileOf,
  tilePath,
} from '../../../shared/tlog/tile.ts'
import { hex, leafHashes, sha256 } from './naive-tree.ts'

describe('c2sp.org/tlog-tiles, “Merkle Tree”: paths', () => {
  test.each<[string, TileId]>([
    ['tile/0/000', { level: 0, index: 0, width: 256 }],
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067, width: 256 }],
    ['tile/0/x001/x234/067.p/12', { level: 0, index: 1_234_067, width: 12 }],
    ['tile/0/273.p/112', { level: 0, index: 273, width: 112 }],
    ['tile/1/001.p/17', { level: 1, index: 1, width: 17 }],
    ['tile/2/000.p/1', { level: 2, index: 0, width: 1 }],
    ['tile/0/999', { level: 0, index: 999, width: 256 }],
    ['tile/0/x001/000', { level: 0, index: 1_000, width: 256 }],
    ['tile/5/x123/x456/078.p/255', { level: 5, index: 123_456_078, width: 255 }],
    ['tile/63/000.p/1', { level: 63, index: 0, width: 1 }],
    ['tile/entries/x003/x057/500', { level: 'entries', index: 3_057_500, width: 256 }],
    ['tile/entries/000.p/2', { level: 'entries', index: 0, width: 2 }],
    ['tile/0/x009/x007/x199/x254/x740/991', { level: 0, index: 2 ** 53 - 1, width: 256 }],
  ])('%s', (path, id) => {
    expect(tilePath(id)).toBe(path)
    expect(parseTilePath(path)).toEqual(id)
  })

  test.each([
    // Of the Go checksum database, which names the height.
    'tile/8/0/001',
    'tile/8/data/001',
    'tile/data/001',
    // Other spellings of one tile.
    'tile/00/001',
    'tile/01/001',
    'tile/-1/001',
    'tile/+1/001',
    'tile/0/1',
    'tile/0/0001',
    'tile/0/x000/001',
    'tile/0/001/067',
    'tile/0/x001/x067',
    'tile/0/X001/067',
    'tile/0/001.p/256',
    'tile/0/001.p/257',
    'tile/0/001.p/999',
    'tile/0/001.p/0',
    'tile/0/001.p/012',
    'tile/0/001.p/-1',
    'tile/0/001.p/1000',
    'tile/0/001.p/',
    'tile/0/001.p',
    // Beyond what there is.
    'tile/64/000',
    'tile/100/000',
    'tile/0/x009/x007/x199/x254/x740/992',
    `tile/0/${'x999/'.repeat(300)}999`,
    // Elsewhere.
    '',
    'tile',
    'tile/',
    'tile/0',
    'tile/0/',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/000\n',
    ' tile/0/000',
    'tile/0/../000',
    'tile/../staging/000',
    'tile/0/%30%30%30',
    'tile/0/٠٠٠',
    'tile//000',
    'tile/Entries/000',
    'checkpoint',
  ])('names no tile: %j', path => {
    expect(parseTilePath(path)).toBeUndefined()
  })

  test('each tile has one path, each path one tile', () => {
    const level = fc.oneof(fc.nat(63), fc.constant('entries' as const))
    const index = fc.oneof(fc.nat(2_000), fc.maxSafeNat())
    fc.assert(
      fc.property(level, index, fc.integer({ min: 1, max: 256 }), (level, index, width) => {
        expect(parseTilePath(tilePath({ level, index, width }))).toEqual({ level, index, width })
      }),
      { numRuns: 100 },
    )
  })

  test('whatever else is parsed is its own path', () => {
    const part = fc.constantFrom('tile/', 'entries/', '0/', '1', '63', 'x001/', '000', '.p/', '7', '/', '.')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part, { maxLength: 7 }).map(parts => parts.join('')),
        ),
        path => {
          const id = parseTilePath(path)
          if (id !== undefined) expect(tilePath(id)).toBe(path)
        },
      ),
      { numRuns: 100 },
    )
  })
})

describe('c2sp.org/tlog-tiles, “Partial Tiles”: the examples', () => {
  const leaves = leafHashes(70_000)

  test('70,000 leaves: 273 full tiles and one of 112, a full one and one of 17 above, one of 1 at the top', () => {
    const { tiles, edge } = grow(sha256, emptyEdge, leaves)
    const full = tiles.filter(({ id }) => id.width === 256)
    const partial = tiles.filter(({ id }) => id.width < 256).map(({ id }) => tilePath(id))
    expect([0, 1, 2].map(level => full.filter(({ id }) => id.level === level).length)).toEqual([273, 1, 0])
    expect(partial).toEqual(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1'])
    expect(tiles.every(({ id, bytes }) => bytes.length === id.width * 32)).toBe(true)
    // In two batches, across the first tile of the third level.
    const first = grow(sha256, emptyEdge, leaves.slice(0, 65_535))
    const second = grow(sha256, first.edge, leaves.slice(65_535))
    expect(hex(rootOf(sha256, second.edge))).toBe(hex(rootOf(sha256, edge)))
    expect(second.edge).toEqual(edge)
  })

  test('256 leaves: a full tile, and above it one of width 1', () => {
    const { tiles } = grow(sha256, emptyEdge, leaves.slice(0, 256))
    expect(tiles.map(({ id }) => tilePath(id))).toEqual(['tile/0/000', 'tile/1/000.p/1'])
  })

  test('255 leaves: no tile above, and never an empty one', () => {
    const { tiles } = grow(sha256, emptyEdge, leaves.slice(0, 255))
    expect(tiles.map(({ id }) => tilePath(id))).toEqual(['tile/0/000.p/255'])
  })

  test.each([
    [70_000, 0, 273, 112],
    [70_000, 0, 272, 256],
    [70_000, 1, 1, 17],
    [70_000, 2, 0, 1],
    [2 ** 53 - 1, 6, 0, 31],
  ])('in a tree of %i, tile %i/%i has width %i', (size, level, index, width) => {
    expect(tileIn(size, level, index)).toEqual({ level, index, width })
  })

  test('a bundle of entries goes with its tile', () => {
    expect(entriesTile(tileIn(70_000, 0, 273))).toEqual({ level: 'entries', index: 273, width: 112 })
  })
})

describe('where a subtree’s hash comes from', () => {
  test.each([
    ['a leaf', { height: 0, index: 300 }, 'tile/0/001', 44, 45],
    ['the last leaf', { height: 0, index: 69_999 }, 'tile/0/273.p/112', 111, 112],
    ['two leaves', { height: 1, index: 150 }, 'tile/0/001', 44, 46],
    ['half a tile', { height: 7, index: 3 }, 'tile/0/001', 128, 256],
    // Of the whole tile the hash stands above, once.
    ['a whole tile', { height: 8, index: 1 }, 'tile/1/000', 1, 2],
    ['all of the first 65,536', { height: 16, index: 0 }, 'tile/2/000.p/1', 0, 1],
  ])('%s', (_, subtree, path, from, to) => {
    const { tile, ...hashes } = tileOf(subtree, 70_000)
    expect([tilePath(tile), hashes]).toEqual([path, { from, to }])
  })
})

describe('the bytes of a tile', () => {
  test('are its hashes one after the other', () => {
    const hashes = leafHashes(3)
    const bytes = joinHashes(hashes)
    expect(hex(bytes)).toBe(hashes.map(hex).join(''))
    expect(hashesIn(bytes).map(hex)).toEqual(hashes.map(hex))
  })

  test('end with a whole hash', () => {
    expect(() => hashesIn(new Uint8Array(33))).toThrow(TypeError)
  })
})
