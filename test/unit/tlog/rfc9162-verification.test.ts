import { beforeAll, describe, expect, test } from 'vitest'
import {
  type Consistency,
  type Inclusion,
  verifyConsistency,
  verifyInclusion,
} from '../../../shared/tlog/proof.ts'
import { leafHashes, mth, path, proof } from './naive-tree.ts'

const leaves = leafHashes(100)
const root = mth(leaves)
const flipped = (hash: Uint8Array, bit = 0): Uint8Array =>
  hash.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
const other = leafHashes(101).at(-1) ?? new Uint8Array(32)
const empty = new Uint8Array()
/** Sizes and indexes that no tree has. */
const none = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]

function changes(hashes: readonly Uint8Array[]): readonly (readonly [string, readonly Uint8Array[]])[] {
  return [
    ['a hash missing at the end', hashes.slice(0, -1)],
    ['a hash missing at the beginning', hashes.slice(1)],
    ['a hash more at the end', [...hashes, other]],
    ['a hash more at the beginning', [other, ...hashes]],
    ['the root at the end', [...hashes, root]],
    ['the root at the beginning', [root, ...hashes]],
    ['an empty hash at the end', [...hashes, empty]],
    ['none', []],
    ['two in the other order', [...hashes.slice(0, -2), ...hashes.slice(-2).reverse()]],
    ...hashes.map(
      (_, at) => [`hash ${at} with another bit`, replaced(hashes, at, h => flipped(h, 77))] as const,
    ),
    ...hashes.map((_, at) => [`hash ${at} cut short`, replaced(hashes, at, h => h.slice(0, -1))] as const),
    ...hashes.map(
      (_, at) => [`hash ${at} too long`, replaced(hashes, at, h => new Uint8Array([...h, 0]))] as const,
    ),
  ]
}
const replaced = (
  hashes: readonly Uint8Array[],
  at: number,
  by: (hash: Uint8Array) => Uint8Array,
): readonly Uint8Array[] => hashes.map((hash, i) => (i === at ? by(hash) : hash))

describe('RFC 9162 §2.1.3.2: verifying an inclusion proof', () => {
  const [leaf = empty] = leaves.slice(70)
  const good: Inclusion = { leaf, index: 70, size: 100, root, proof: path(70, leaves) }

  test('holds', async () => {
    expect(await verifyInclusion(good)).toBe(true)
  })

  test.each(changes(good.proof))('fails by its path: %s', async (_, hashes) => {
    expect(await verifyInclusion({ ...good, proof: hashes })).toBe(false)
  })

  test('fails for every other index', async () => {
    for (let index = 0; index < 100; index++)
      expect(await verifyInclusion({ ...good, index }), `${index}`).toBe(index === 70)
  })

  // A path does not fix the size by itself: to a leaf far from the end it is as long in many trees. The signed checkpoint
  // vouches for size and root together.
  test.each<readonly [string, number]>([
    ['a smaller tree', 70],
    ['half of it', 50],
    ['one of which it is the last leaf', 71],
    ['twice its size', 200],
    ['the next power of two and one', 129],
    ['none', 0],
    ...none.map(size => [String(size), size] as const),
  ])('fails for a tree of another shape: %s', async (_, size) => {
    expect(await verifyInclusion({ ...good, size })).toBe(false)
  })

  test.each([...none, 100])('fails for an index that is in no such tree: %d', async index => {
    expect(await verifyInclusion({ ...good, index })).toBe(false)
  })

  test.each<[string, Partial<Inclusion>]>([
    ['another leaf', { leaf: other }],
    ['the leaf with another bit', { leaf: flipped(leaf) }],
    ['an empty leaf', { leaf: empty }],
    ['another root', { root: other }],
    ['the root with another bit', { root: flipped(root) }],
    ['an empty root', { root: empty }],
    ['the root as the leaf', { leaf: root, proof: [] }],
  ])('fails for %s', async (_, change) => {
    expect(await verifyInclusion({ ...good, ...change })).toBe(false)
  })

  test('a tree of one leaf is its leaf', async () => {
    expect(await verifyInclusion({ leaf, index: 0, size: 1, root: leaf, proof: [] })).toBe(true)
    expect(await verifyInclusion({ leaf, index: 0, size: 1, root, proof: [] })).toBe(false)
    expect(await verifyInclusion({ leaf, index: 0, size: 1, root: leaf, proof: [other] })).toBe(false)
  })

  test.each([-1, 1, 2 ** 40])('a tree of one leaf has no leaf %d', async index => {
    expect(await verifyInclusion({ leaf, index, size: 1, root: leaf, proof: [] })).toBe(false)
  })

  test('two empty hashes are the same, and prove nothing', async () => {
    expect(await verifyInclusion({ leaf: empty, index: 0, size: 1, root: empty, proof: [] })).toBe(false)
  })

  test('the path of the last leaf of a tree far beyond 2^32', async () => {
    // It stands alone beside all others, whose hash is its only sibling.
    const size = 2 ** 52 + 1
    const given = { leaf, index: size - 1, size, root: mth([other, leaf]), proof: [other] }
    expect(await verifyInclusion(given)).toBe(true)
    expect(await verifyInclusion({ ...given, index: size - 2 })).toBe(false)
    expect(await verifyInclusion({ ...given, size: size + 1 })).toBe(false)
  })
})

describe('RFC 9162 §2.1.4.2: verifying a consistency proof', () => {
  let good: Consistency
  let power: Consistency
  beforeAll(() => {
    const from = (size: number): Consistency => ({
      older: { size, root: mth(leaves.slice(0, size)) },
      newer: { size: 100, root },
      proof: proof(size, leaves),
    })
    good = from(70)
    power = from(64)
  })

  test('holds', async () => {
    expect(await verifyConsistency(good)).toBe(true)
    expect(await verifyConsistency(power)).toBe(true)
  })

  test.each(changes(proof(70, leaves)))('fails by its hashes: %s', async (_, hashes) => {
    expect(await verifyConsistency({ ...good, proof: hashes })).toBe(false)
  })

  test('fails for a power of two, where the older root is given as a part of the proof too', async () => {
    expect(await verifyConsistency({ ...power, proof: [power.older.root, ...power.proof] })).toBe(false)
  })

  test('fails for every other older size', async () => {
    for (let size = 0; size <= 101; size++)
      expect(await verifyConsistency({ ...good, older: { ...good.older, size } }), `${size}`).toBe(
        size === 70,
      )
  })

  test.each([70, 69, 71, 129, 64, 200, 0, ...none])('fails for the newer size %d', async size => {
    expect(await verifyConsistency({ ...good, newer: { ...good.newer, size } })).toBe(false)
  })

  test('fails with the roots exchanged, with another root, with one of another length', async () => {
    const { older, newer } = good
    const change = (one: Uint8Array, two: Uint8Array): Consistency => ({
      ...good,
      older: { ...older, root: one },
      newer: { ...newer, root: two },
    })
    expect(await verifyConsistency(change(newer.root, older.root))).toBe(false)
    for (const wrong of [other, empty, flipped(root), root.slice(1)]) {
      expect(await verifyConsistency(change(wrong, newer.root))).toBe(false)
      expect(await verifyConsistency(change(older.root, wrong))).toBe(false)
    }
  })

  test('a tree is consistent with itself, by no proof', async () => {
    const same = { older: { size: 100, root }, newer: { size: 100, root }, proof: [] }
    expect(await verifyConsistency(same)).toBe(true)
    expect(await verifyConsistency({ ...same, proof: [other] })).toBe(false)
    expect(await verifyConsistency({ ...same, newer: { size: 100, root: other } })).toBe(false)
  })

  test('every tree begins with the empty one, by no proof', async () => {
    const given = { older: { size: 0, root: mth([]) }, newer: { size: 100, root }, proof: [] }
    expect(await verifyConsistency(given)).toBe(true)
    expect(await verifyConsistency({ ...given, proof: [other] })).toBe(false)
    expect(await verifyConsistency({ ...given, older: { size: 0, root } })).toBe(false)
    expect(await verifyConsistency({ ...given, newer: given.older })).toBe(true)
  })

  test('a smaller tree is not a larger one grown, whatever their roots', async () => {
    for (const [older, newer] of [
      [2, 1],
      [1, 0],
      [4, 3],
      [128, 100],
    ] as const)
      for (const hashes of [[], [root], [root, root]]) {
        const given = { older: { size: older, root }, newer: { size: newer, root }, proof: hashes }
        expect(await verifyConsistency(given)).toBe(false)
      }
  })

  test('between different sizes an empty proof shows nothing, not even by the same root', async () => {
    const same = { older: { size: 64, root }, newer: { size: 100, root }, proof: [] }
    expect(await verifyConsistency(same)).toBe(false)
  })
})
