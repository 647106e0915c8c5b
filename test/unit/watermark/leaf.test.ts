import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatLeaf, leafBytes, parseLeaf } from '../../../shared/watermark/leaf.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const leaf = fc.record({
  type: fc.nat(255),
  flags: fc.nat(255),
  epoch: fc.nat(0xffff_ffff),
  viewRoot: hash,
  attrCommit: hash,
  sealCommit: hash,
})

describe('a leaf', () => {
  test('is read as it was written, also out of a larger text', () => {
    fc.assert(
      fc.property(leaf, fc.nat(9), (one, before) => {
        const bytes = formatLeaf(one)
        expect(bytes).toHaveLength(leafBytes)
        const inside = new Uint8Array(before + leafBytes + 3)
        inside.set(bytes, before)
        for (const text of [bytes, inside.subarray(before, before + leafBytes)])
          expect(parseLeaf(text)).toEqual(one)
      }),
    )
  })

  test('has its fields where the format says, the highest byte first', () => {
    const [view, attr, seal] = [1, 2, 3].map(value => new Uint8Array(32).fill(value))
    const bytes = formatLeaf({
      type: 5,
      flags: 1,
      epoch: 0x01020304,
      viewRoot: view as Uint8Array,
      attrCommit: attr as Uint8Array,
      sealCommit: seal as Uint8Array,
    })
    const hex = `54504c310501${'01020304'}${'01'.repeat(32)}${'02'.repeat(32)}${'03'.repeat(32)}`
    expect(Buffer.from(bytes).toString('hex')).toBe(hex)
  })

  test('of another length, or with another beginning, is none', () => {
    fc.assert(
      fc.property(leaf, fc.nat(3), fc.integer({ min: 1, max: 255 }), (one, at, change) => {
        const bytes = formatLeaf(one)
        expect(parseLeaf(bytes.subarray(0, -1))).toBeUndefined()
        expect(parseLeaf(Uint8Array.of(...bytes, 0))).toBeUndefined()
        bytes[at] = (bytes[at] ?? 0) ^ change
        expect(parseLeaf(bytes)).toBeUndefined()
      }),
    )
  })
})
