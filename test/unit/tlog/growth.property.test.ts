import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Edge, emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import type { TreeHash } from '../../../shared/tlog/hash.ts'
import {
  proveConsistency,
  proveInclusion,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from '../../../shared/tlog/proof.ts'
import { joinHashes, tileIn, tilePath } from '../../../shared/tlog/tile.ts'
import { hex, leafHashes, mth, path, proof, readTiles, sha256, tilesOf } from './naive-tree.ts'

const most = 800
const all = leafHashes(most)
/** The naive tree hashes each of them anew: the few that a run asks for often are made once. */
const roots = new Map<number, TreeHash>()
function rootOfFirst(size: number): TreeHash {
  const root = roots.get(size) ?? mth(all.slice(0, size))
  roots.set(size, root)
  return root
}

/** Sizes of batches; those around the width of a tile come often. */
const batch = fc.oneof(fc.nat(20), fc.constantFrom(1, 255, 256, 257), fc.nat(300))
const batches = fc.array(batch, { minLength: 1, maxLength: 8 }).map(sizes => {
  let left = most
  return sizes.map(size => {
    const taken = Math.min(size, left)
    left -= taken
    return taken
  })
})

interface Grown {
  readonly edge: Edge
  readonly tiles: ReadonlyMap<string, string>
  readonly sizes: readonly number[]
}

/** Throws where a tile is written again, with other bytes. */
function growBy(counts: readonly number[]): Grown {
  let edge = emptyEdge
  const tiles = new Map<string, string>()
  const sizes = [0]
  for (const count of counts) {
    const grown = grow(sha256, edge, all.slice(edge.size, edge.size + count))
    edge = grown.edge
    sizes.push(edge.size)
    for (const { id, bytes } of grown.tiles) {
      const [at, content] = [tilePath(id), hex(bytes)]
      if ((tiles.get(at) ?? content) !== content) throw new Error(`${at} has been written twice`)
      tiles.set(at, content)
    }
  }
  return { edge, tiles, sizes }
}

describe('c2sp.org/tlog-tiles, “Merkle Tree”: a tree grown in batches', () => {
  test('writes no tile with two contents, and of each size all tiles that one batch would write', () => {
    fc.assert(
      fc.property(batches, counts => {
        const { tiles, sizes } = growBy(counts)
        for (const size of sizes)
          for (const [at, bytes] of tilesOf(all.slice(0, size))) expect(tiles.get(at), at).toBe(hex(bytes))
      }),
      { numRuns: 40 },
    )
  })

  test('writes nothing but those tiles, and none for an empty batch', () => {
    fc.assert(
      fc.property(batches, counts => {
        const { tiles, sizes } = growBy(counts)
        const ofSizes = new Set(sizes.flatMap(size => [...tilesOf(all.slice(0, size)).keys()]))
        expect([...tiles.keys()].filter(at => !ofSizes.has(at))).toEqual([])
        expect(grow(sha256, growBy(counts).edge, []).tiles).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  test('has the root of RFC 6962 §2.1, by its edge and by its tiles', async () => {
    await fc.assert(
      fc.asyncProperty(batches, async counts => {
        const { edge } = growBy(counts)
        const root = hex(rootOfFirst(edge.size))
        expect(hex(rootOf(sha256, edge))).toBe(root)
        expect(hex(await rootAt(readTiles(tilesOf(all.slice(0, edge.size)), edge.size), edge.size))).toBe(
          root,
        )
      }),
      { numRuns: 60 },
    )
  })

  test('a tile holds the hashes of its formula', () => {
    const size = 700
    const tiles = tilesOf(all.slice(0, size))
    for (const [level, index] of [
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
    ] as const) {
      const tile = tileIn(size, level, index)
      const below = 256 ** level
      const hashes = Array.from({ length: tile.width }, (_, i) => {
        const from = (index * 256 + i) * below
        return mth(all.slice(from, from + below))
      })
      expect(hex(tiles.get(tilePath(tile)) ?? new Uint8Array())).toBe(hex(joinHashes(hashes)))
    }
  })
})

/** A size, and two numbers within it. */
const place = fc
  .integer({ min: 1, max: most })
  .chain(size => fc.tuple(fc.constant(size), fc.nat(size - 1), fc.nat(size)))

describe('proofs read from tiles', () => {
  test('RFC 6962 §2.1.1: every leaf’s is its audit path, and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(place, async ([size, index]) => {
        const leaves = all.slice(0, size)
        const found = await proveInclusion(readTiles(tilesOf(leaves), size), index, size)
        expect(found.map(hex)).toEqual(path(index, leaves).map(hex))
        const [leaf = new Uint8Array()] = leaves.slice(index)
        const given = { leaf, index, size, root: rootOfFirst(size), proof: found }
        expect(await verifyInclusion(given)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('RFC 6962 §2.1.2: every older tree’s is its consistency proof, and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(place, async ([size, , older]) => {
        const leaves = all.slice(0, size)
        const found = await proveConsistency(readTiles(tilesOf(leaves), size), older, size)
        // The RFC defines none from an empty tree.
        expect(found.map(hex)).toEqual(older === 0 ? [] : proof(older, leaves).map(hex))
        const given = {
          older: { size: older, root: rootOfFirst(older) },
          newer: { size, root: rootOfFirst(size) },
          proof: found,
        }
        expect(await verifyConsistency(given)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('no leaf’s verifies with one bit of anything changed, nor for another leaf', async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.nat(), fc.nat(255), async ([size, index], which, bit) => {
        const leaves = all.slice(0, size)
        const [leaf = new Uint8Array()] = leaves.slice(index)
        const given = { leaf, index, size, root: rootOfFirst(size), proof: path(index, leaves) }
        const parts = [given.leaf, given.root, ...given.proof]
        const [changedLeaf, changedRoot, ...changedProof] = flipOne(parts, which, bit)
        if (changedLeaf === undefined || changedRoot === undefined) throw new Error('there are always two')
        const changed = { ...given, leaf: changedLeaf, root: changedRoot, proof: changedProof }
        expect(await verifyInclusion(changed)).toBe(false)
        const another = which % size
        if (another !== index) expect(await verifyInclusion({ ...given, index: another })).toBe(false)
      }),
      { numRuns: 100 },
    )
  })

  test('no older tree’s verifies with one bit of anything changed, nor for another older size', async () => {
    await fc.assert(
      fc.asyncProperty(place, fc.nat(), fc.nat(255), async ([size, , older], which, bit) => {
        const given = {
          older: { size: older, root: rootOfFirst(older) },
          newer: { size, root: rootOfFirst(size) },
          proof: older === 0 ? [] : proof(older, all.slice(0, size)),
        }
        // Of an empty tree nothing is shown of the newer root.
        const parts = [given.older.root, ...(older === 0 ? [] : [given.newer.root, ...given.proof])]
        const [one, two = given.newer.root, ...changedProof] = flipOne(parts, which, bit)
        if (one === undefined) throw new Error('there is always one')
        const changed = { older: { size: older, root: one }, newer: { size, root: two }, proof: changedProof }
        expect(await verifyConsistency(changed)).toBe(false)
        const another = which % (size + 1)
        if (another !== older)
          expect(await verifyConsistency({ ...given, older: { ...given.older, size: another } })).toBe(false)
      }),
      { numRuns: 100 },
    )
  })
})

const flipOne = (parts: readonly Uint8Array[], which: number, bit: number): readonly Uint8Array[] =>
  parts.map((part, i) =>
    i === which % parts.length
      ? part.map((byte, j) => (j === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      : part,
  )
