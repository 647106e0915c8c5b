import { hash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createProver } from '../../../functions/exporter/prove.ts'
import { sha256 } from '../../../functions/log-tiles.ts'
import { emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import { verifyInclusion } from '../../../shared/tlog/proof.ts'
import { tilePath } from '../../../shared/tlog/tile.ts'
import { memoryObjects } from '../../world/memory-objects.ts'

const leafOf = (index: number) => hash('sha256', `leaf ${index}`, 'buffer')

async function treeOf(size: number) {
  const objects = memoryObjects()
  const { edge, tiles } = grow(
    sha256,
    emptyEdge,
    Array.from({ length: size }, (_, i) => leafOf(i)),
  )
  for (const { id, bytes } of tiles) await objects.put(`log/${tilePath(id)}`, bytes, { ifAbsent: true })
  return { objects, root: rootOf(sha256, edge) }
}

test('each proof shows its leaf in the tree, whatever was proved before', () =>
  fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 1, max: 3_000 })
        .chain(size =>
          fc.tuple(fc.constant(size), fc.array(fc.nat(size - 1), { minLength: 1, maxLength: 30 })),
        ),
      async ([size, indexes]) => {
        const { objects, root } = await treeOf(size)
        const prove = createProver(objects, size)
        for (const index of indexes)
          expect(
            await verifyInclusion({ leaf: leafOf(index), index, size, root, proof: await prove(index) }),
          ).toBe(true)
      },
    ),
    { numRuns: 25 },
  ))

test('all leaves of a tree whose tiles are more than are kept', async () => {
  const size = 70_001
  const { objects, root } = await treeOf(size)
  const prove = createProver(objects, size)
  for (let index = size - 1; index >= 0; index -= 997)
    expect(await verifyInclusion({ leaf: leafOf(index), index, size, root, proof: await prove(index) })).toBe(
      true,
    )
})

test('a tile that is not there is no proof', async () => {
  const { objects } = await treeOf(300)
  await objects.remove('log/tile/0/000')
  await expect(createProver(objects, 300)(7)).rejects.toThrow('tile/0/000 of a published tree is not there')
})
