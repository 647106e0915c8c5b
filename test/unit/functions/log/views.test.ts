/** What an answer shows of an entry: a copy that is its reader's alone, the same whenever they ask, and provable. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Caller } from '../../../../functions/api/caller.ts'
import { getEntry, proveEntry } from '../../../../functions/api/entries.ts'
import { readTree } from '../../../../functions/log/proofs.ts'
import { type ShownEntry, showEntries } from '../../../../functions/log/show.ts'
import { createSlotOf } from '../../../../functions/log/slots.ts'
import { createEpochs } from '../../../../functions/log-epoch.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { epochEntryId } from '../../../../shared/entries/epoch.ts'
import { leafInput, webSha256 } from '../../../../shared/tlog/hash.ts'
import { verifyInclusion } from '../../../../shared/tlog/proof.ts'
import { parseProofFile } from '../../../../shared/tlog/proof-file.ts'
import { openRecord } from '../../../../shared/watermark/verify.ts'
import { quiet } from '../../../world/embedded.ts'
import { testSecrets } from '../../../world/log-view.ts'
import { person, type ReadWorld, readWorld, workload } from './read-world.ts'

let world: ReadWorld
beforeEach(async () => {
  world = await readWorld({ slots: 64 })
})

const dana = {
  ...person('dana', 'halcyon'),
  viewer: { organisation: 'halcyon', kind: 'developer', roles: ['developer-admin'] },
} as Caller

type Found = ShownEntry & { readonly correlated: readonly ShownEntry[] }
async function read(who: Caller, eid: string): Promise<Found> {
  const found = await getEntry(world.asking(who), eid)
  if (found instanceof Refusal) throw new Error(found.facts.detail)
  return found as Found
}
const leafOf = async (one: ShownEntry) => (await openRecord(one)).leaf

describe('a copy', () => {
  test('is the same byte for byte whenever it is asked for, and from whatever instance', async () => {
    const eid = await world.call()
    const first = await read(person('pat'), eid)
    await read(dana, eid)
    expect(await read(person('pat'), eid)).toEqual(first)
    const { store, log } = world
    const other = {
      ...log,
      epochs: createEpochs({ store, secrets: testSecrets, origin: log.origin, slots: 256 }),
      slotOf: createSlotOf({ store, telemetry: quiet }),
    }
    const [entry] = await store.get([keys.entry(eid)])
    const { correlated, ...alone } = first
    expect(entry && (await showEntries(other, person('pat'), [{ eid, entry }]))).toEqual([alone])
  })

  test('of each reader is another, of one digest and one leaf; workloads of one organisation have the same', async () => {
    const eid = await world.call()
    const readers = [person('pat'), person('sam'), dana, workload('batch')]
    const copies = await Promise.all(readers.map(who => read(who, eid)))
    for (const part of ['carrier', 'salt', 'position'] as const)
      expect(new Set(copies.map(({ view }) => view[part])).size, part).toBe(4)
    expect(new Set(copies.map(({ digest }) => digest)).size).toBe(1)
    const leaves = await Promise.all(copies.map(leafOf))
    for (const leaf of leaves) expect(leaf).toEqual(leaves[0])
    expect(await read(workload('nightly'), eid)).toEqual(copies[3])
  })

  test('is of the month of its entry: another key, another pseudonym, and a slot by who came first there', async () => {
    const november = await world.call()
    world.pass(5 * 86_400_000)
    const december = await world.call()
    const reader = async (who: Caller, eid: string) => (await openRecord(await read(who, eid))).reader
    await read(person('pat'), november)
    await read(dana, december)
    const seen = [await reader(person('pat'), november), await reader(person('pat'), december)]
    expect(new Set(seen).size).toBe(2)
    expect((await read(dana, december)).view.epoch - (await read(dana, november)).view.epoch).toBe(1)
    const [first, second] = await world.store.get([keys.epochReaders(24_322), keys.epochReaders(24_323)])
    expect([first?.readers.person_pat?.slot, second?.readers.person_pat?.slot]).toEqual([0, 1])
  })

  test('of the commitment of a month is there for everybody who may read the log', async () => {
    await world.call()
    await world.sequence()
    const eid = epochEntryId(world.log.origin, 24_322)
    for (const who of [person('rita', 'prairie'), workload('batch'), dana])
      expect(await read(who, eid)).toMatchObject({ view: { type: 5, index: 0 }, correlated: [] })
  })
})

describe('beside an entry', () => {
  test('stands what else there is of its request, from either side, and nothing of another', async () => {
    const eid = await world.call()
    await world.call()
    for (const [one, other] of [
      [eid, `${eid}.outcome`],
      [`${eid}.outcome`, eid],
    ] as const) {
      const { correlated } = await read(person('pat'), one)
      expect(correlated.map(found => found.eid)).toEqual([other])
      for (const found of correlated) expect((await openRecord(found)).leaf).toHaveLength(106)
    }
  })
})

describe('a proof', () => {
  test('is there for every entry of a tree of several tiles, by few reads, and under its checkpoint', async () => {
    const eids: string[] = []
    for (let batch = 0; batch < 3; batch++) {
      for (let i = 0; i < 100; i++) eids.push(await world.call())
      await world.sequence()
      world.pass(10_000)
    }
    const tree = await readTree(world.log.objects)
    expect(tree?.size).toBe(601)
    for (const eid of [0, 1, 127, 128, 255, 256, 299].flatMap(n => eids[n] ?? [])) {
      const found = (await proveEntry(world.asking(dana), eid)) as ShownEntry & { readonly proof: string }
      const { index, proof, checkpoint } = parseProofFile(found.proof)
      expect([index, checkpoint]).toEqual([found.view.index, tree?.checkpoint])
      const leaf = await webSha256(leafInput(await leafOf(found)))
      const { size = 0, root = leaf } = tree ?? {}
      expect(await verifyInclusion({ leaf, index, size, root, proof })).toBe(true)
      expect(await verifyInclusion({ leaf, index: (index + 1) % size, size, root, proof })).toBe(false)
    }
  })

  test('takes as many reads of objects as the tree has levels of tiles, and the checkpoint', async () => {
    for (let i = 0; i < 150; i++) await world.call()
    await world.sequence()
    const read: string[] = []
    const { objects } = world.log
    const get = async (key: string) => {
      read.push(key)
      return objects.get(key)
    }
    const tree = await readTree({ ...objects, get })
    await tree?.prove(7)
    expect(read).toHaveLength(1 + new Set(read.slice(1)).size)
    expect(read.length).toBeLessThanOrEqual(4)
  })

  test('there is none before the first checkpoint', async () => {
    expect(await readTree(world.log.objects)).toBeUndefined()
    const eid = await world.call()
    expect(await proveEntry(world.asking(person('pat')), eid)).toMatchObject({ code: 'not_in_tree_yet' })
  })
})
