import { describe, expect, test } from 'vitest'
import { emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import { leafInput, nodeInput, sameHash, webSha256 } from '../../../shared/tlog/hash.ts'
import {
  proveConsistency,
  proveInclusion,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from '../../../shared/tlog/proof.ts'
import { consistencyRanges, inclusionRanges, type Range } from '../../../shared/tlog/range.ts'
import { fromHex, hex, leafHash, readTiles, sha256, tilesOf, utf8 } from './naive-tree.ts'

/** Eight entries that implementations of Certificate Transparency share, the hashes of their tree, and its roots. */
const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map(fromHex)
const nodes = [
  [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
    '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    '4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658',
    'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
    '46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1',
  ],
  [
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  ],
  [
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ],
  ['5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
] as const
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  nodes[0][0],
  nodes[1][0],
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  nodes[2][0],
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  nodes[3][0],
] as const
const leaves = entries.map(leafHash)
const rootHash = (size: number): Uint8Array => fromHex(roots[size] ?? '')
const reader = (size: number) => readTiles(tilesOf(leaves.slice(0, size)), size)

describe('RFC 6962 §2.1: Merkle Hash Trees', () => {
  test('the hash of a leaf is over a zero byte and its data', () => {
    expect(leaves.map(hex)).toEqual(nodes[0])
    expect(hex(leafInput(fromHex('2021')))).toBe('002021')
  })

  test('the hash of a node is over a one and the two below', async () => {
    const row = nodes[0].map(fromHex)
    const above = row.flatMap((left, i) => (i % 2 === 0 ? [nodeInput(left, row[i + 1] ?? left)] : []))
    expect(above.map(input => hex(sha256(input)))).toEqual(nodes[1])
    expect((await Promise.all(above.map(webSha256))).map(hex)).toEqual(nodes[1])
  })

  test.each(roots.map((root, size) => ({ size, root })))(
    'the root of $size leaves',
    async ({ size, root }) => {
      const { edge } = grow(sha256, emptyEdge, leaves.slice(0, size))
      expect(hex(rootOf(sha256, edge))).toBe(root)
      expect(hex(await rootAt(reader(size), size))).toBe(root)
    },
  )

  test('is another where a byte is another, is missing, or is there besides', () => {
    const root = rootHash(8)
    expect(sameHash(root, Uint8Array.from(root))).toBe(true)
    for (const other of [
      rootHash(7),
      root.with(31, 0),
      root.slice(0, 31),
      new Uint8Array(),
      new Uint8Array([...root, 0]),
    ])
      expect([sameHash(root, other), sameHash(other, root)]).toEqual([false, false])
  })

  test('is the same however the leaves came', () => {
    let edge = emptyEdge
    leaves.forEach((leaf, i) => {
      edge = grow(sha256, edge, [leaf]).edge
      expect(hex(rootOf(sha256, edge))).toBe(roots[i + 1])
    })
  })
})

/** §2.1.3 draws a tree of seven leaves d0…d6 and names its nodes; each is written here by the leaves that it covers. */
const drawn: Readonly<Record<string, Range>> = {
  a: { from: 0, to: 1 },
  b: { from: 1, to: 2 },
  c: { from: 2, to: 3 },
  d: { from: 3, to: 4 },
  e: { from: 4, to: 5 },
  f: { from: 5, to: 6 },
  g: { from: 0, to: 2 },
  h: { from: 2, to: 4 },
  i: { from: 4, to: 6 },
  j: { from: 6, to: 7 },
  k: { from: 0, to: 4 },
  l: { from: 4, to: 7 },
}
const named = (names: string): readonly (Range | undefined)[] => [...names].map(name => drawn[name])

describe('RFC 6962 §2.1.3: the example', () => {
  test.each([
    [0, 'bhl'],
    [3, 'cgl'],
    [4, 'fjk'],
    [6, 'ik'],
  ])('the audit path for d%i is %s', (index, names) => {
    expect(inclusionRanges(index, 7)).toEqual(named(names))
  })

  test.each([
    [3, 'cdgl'],
    [4, 'l'],
    [6, 'ijk'],
  ])('the consistency proof from %i leaves to 7 is %s', (older, names) => {
    expect(consistencyRanges(older, 7)).toEqual(named(names))
  })
})

describe('RFC 6962 §2.1.1: audit paths of the tree of eight', () => {
  test('of the first leaf: its sibling, the next pair, the other half', async () => {
    expect((await proveInclusion(reader(8), 0, 8)).map(hex)).toEqual([nodes[0][1], nodes[1][1], nodes[2][1]])
  })

  test('of the sixth leaf: its sibling, the next pair, the first half', async () => {
    expect((await proveInclusion(reader(8), 5, 8)).map(hex)).toEqual([nodes[0][4], nodes[1][3], nodes[2][0]])
  })

  test('of the last leaf of five: the first four', async () => {
    expect((await proveInclusion(reader(5), 4, 5)).map(hex)).toEqual([nodes[2][0]])
  })

  test('of the only leaf: nothing', async () => {
    expect(await proveInclusion(reader(1), 0, 1)).toEqual([])
  })

  test.each([
    [0, 0],
    [8, 8],
    [-1, 8],
    [Number.NaN, 8],
  ])('there is none of leaf %i in a tree of %i', (index, size) => {
    expect(() => inclusionRanges(index, size)).toThrow(RangeError)
  })

  test('each leaf of each tree is proven, and no other leaf by the same path', async () => {
    for (let size = 1; size <= 8; size++)
      for (let index = 0; index < size; index++) {
        const proof = await proveInclusion(reader(size), index, size)
        const given = { index, size, root: rootHash(size), proof }
        const proven = await Promise.all(leaves.map(leaf => verifyInclusion({ ...given, leaf })))
        expect(proven).toEqual(leaves.map((_, i) => i === index))
      }
  })
})

describe('RFC 6962 §2.1.2: consistency proofs of the tree of eight', () => {
  test('from one leaf: all that stands beside it', async () => {
    const proof = await proveConsistency(reader(8), 1, 8)
    expect(proof.map(hex)).toEqual([nodes[0][1], nodes[1][1], nodes[2][1]])
  })

  test('from six: the third pair, which the older root covers in part, what is new, the first half', async () => {
    const proof = await proveConsistency(reader(8), 6, 8)
    expect(proof.map(hex)).toEqual([nodes[1][2], nodes[1][3], nodes[2][0]])
  })

  test('from two to five', async () => {
    expect((await proveConsistency(reader(5), 2, 5)).map(hex)).toEqual([nodes[1][1], nodes[0][4]])
  })

  test('from six to seven', async () => {
    const proof = await proveConsistency(reader(7), 6, 7)
    expect(proof.map(hex)).toEqual([nodes[1][2], nodes[0][6], nodes[2][0]])
  })

  test.each([
    [9, 8],
    [-1, 8],
    [Number.NaN, 8],
  ])('there is none from %i to %i', (older, newer) => {
    expect(() => consistencyRanges(older, newer)).toThrow(RangeError)
  })

  test('every tree is the beginning of every later one, and of no other', async () => {
    for (let newer = 0; newer <= 8; newer++)
      for (let older = 0; older <= newer; older++) {
        const proof = await proveConsistency(reader(newer), older, newer)
        const given = { newer: { size: newer, root: rootHash(newer) }, proof }
        const proven = await Promise.all(
          roots.map((_, i) => verifyConsistency({ ...given, older: { size: older, root: rootHash(i) } })),
        )
        expect(proven).toEqual(roots.map((_, i) => i === older))
      }
  })
})

describe('a tree of 300 leaves, by another implementation', () => {
  const records = Array.from({ length: 300 }, (_, i) => leafHash(utf8(`record ${i}`)))

  test('has the same root', () => {
    const root = rootOf(sha256, grow(sha256, emptyEdge, records).edge)
    expect(Buffer.from(root).toString('base64')).toBe('gw31yQrqZZCcEOPrzX+bpy3nJ6QgngTKn8G1m0i62uU=')
  })

  test('has the same tiles', () => {
    expect([...tilesOf(records)].map(([path, { length }]) => [path, length / 32])).toEqual([
      ['tile/0/000', 256],
      ['tile/0/001.p/44', 44],
      ['tile/1/000.p/1', 1],
    ])
  })
})
