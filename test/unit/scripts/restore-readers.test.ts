/** A registry that was restored knows again which reader has which slot of each month's entries, from the log itself. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { putBack, putReadersBack } from '../../../scripts/restore-log/put-back.ts'
import { lookForReaders } from '../../../scripts/restore-log/readers.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { exportMadeEntry } from '../../../shared/entries/export.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { readEntry, type SlotOfEpoch } from '../../../shared/entries/read.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { openRestoreWorld, type RestoreWorld } from './restore-log-world.ts'

let world: RestoreWorld
beforeEach(async () => {
  world = await openRestoreWorld()
})
afterEach(() => world.close())

describe('who has which slot', () => {
  const epoch = epochAt(Date.UTC(2026, 10, 27))
  const before = epoch - 1

  const reads = async (
    id: string,
    slots: readonly SlotOfEpoch[],
    { organisation = 'cedar', kind = 'person' as 'person' | 'workload' } = {},
  ): Promise<void> => {
    world.pass(1_000)
    const random = { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) }
    const reader = { id, name: id, organisation, kind }
    const facts = { now: world.deps().clock.now(), random: random.bytes(16), request: 'r', reader }
    const entry = readEntry({ ...facts, operation: 'search', eids: ['entry_1'], slots })
    await world.store.write(putEntry(entry))
  }
  const readers = async (of = epoch) => {
    const [item] = await world.store.get([keys.epochReaders(of)])
    if (item === undefined) return undefined
    const { slots, given, plain, readers } = item
    return { slots, given, ...(plain !== undefined && { plain }), readers }
  }
  const register = async (
    given: number,
    slots: Readonly<Record<string, number>>,
    of = epoch,
  ): Promise<void> => {
    const all = Object.entries(slots).map(([id, slot]) => [
      id,
      { slot, organisation: 'cedar', kind: 'partner' },
    ])
    const item = { slots: 4, given, readers: Object.fromEntries(all) }
    await world.store.write({ kind: 'put', key: keys.epochReaders(of), item })
  }
  /** The table is as it should be: of the registry alone something is gone. */
  const repaired = async () => {
    const found = await lookForReaders(world.deps())
    const random = { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) }
    const { eid } = await putReadersBack({ ...world.deps(), random }, found, { operator: 'bob' })
    return { found, unmapped: JSON.parse((await world.entry(eid))?.body ?? '').unmapped }
  }

  test('comes back from what each was told to have read, month by month, and nobody gets it again', async () => {
    const kind = {
      id: 'ofr',
      name: 'OFR',
      kind: 'government',
      owner: 'ofr',
      listed: 'o',
      rev: 1,
      state: 'active',
    }
    await world.store.write({ kind: 'put', key: keys.organisation('ofr'), item: kind as never })
    await world.beginEpoch(before, 8)
    await world.beginEpoch(epoch, 4)
    await reads('person_ada', [
      { epoch: before, slot: 0 },
      { epoch, slot: 1 },
    ])
    await reads('client_7', [{ epoch, slot: 2 }], { kind: 'workload' })
    await world.sequence()
    // What waits for its place counts as well.
    await reads('person_nora', [{ epoch: before, slot: 5 }], { organisation: 'ofr' })
    await register(1, { person_first: 0 })
    const { found, unmapped } = await repaired()
    expect(found.contested).toEqual([])
    expect(await readers()).toEqual({
      slots: 4,
      given: 3,
      readers: {
        person_first: { slot: 0, organisation: 'cedar', kind: 'partner' },
        person_ada: { slot: 1, organisation: 'cedar', kind: 'partner' },
        'workloads.cedar': { slot: 2, organisation: 'cedar', kind: 'partner' },
      },
    })
    expect(await readers(before)).toEqual({
      slots: 8,
      given: 6,
      readers: {
        person_ada: { slot: 0, organisation: 'cedar', kind: 'partner' },
        person_nora: { slot: 5, organisation: 'ofr', kind: 'government' },
      },
    })
    expect(unmapped).toMatchObject({ kind: 'log_restored', put_back: 0, readers: 4 })
    expect(await lookForReaders(world.deps())).toEqual({ corrections: [], contested: [], unread: [] })
  })

  test('is told by an export as well', async () => {
    const job = {
      id: 'export_1',
      kind: 'bundle',
      organisation: 'cedar',
      entry: 'entry_1',
      person: { id: 'person_ada', name: 'Ada' },
    } as const
    const file = { records: 1, bytes: 1, sha256: 'aa', slots: [{ epoch, slot: 3 }] }
    const at = { now: world.deps().clock.now(), random: new Uint8Array(16) }
    await world.store.write(putEntry(exportMadeEntry(job, file, at)))
    await world.sequence()
    await repaired()
    const kept = await readers()
    // The last of four has no marks: it is for evidence, of which a person is another reader.
    expect(kept).toMatchObject({ given: 0, plain: 1, readers: { 'evidence.person_ada': { slot: 3 } } })
    expect(await lookForReaders(world.deps())).toMatchObject({ corrections: [] })
  })

  test('where it was that of two readers is told, and neither goes on with it, nor anybody else', async () => {
    await world.beginEpoch(epoch, 8)
    await reads('person_ada', [{ epoch, slot: 1 }])
    await reads('person_ben', [{ epoch, slot: 0 }])
    await world.sequence()
    await register(2, { person_ben: 0, person_eve: 1 })
    const { found, unmapped } = await repaired()
    const contested = [{ epoch, slot: 1, readers: ['person_ada', 'person_eve'] }]
    expect(found).toMatchObject({ contested, corrections: [{ changed: ['person_eve'] }] })
    expect(unmapped).toMatchObject({ contested })
    expect(await readers()).toEqual({
      slots: 8,
      given: 2,
      readers: { person_ben: { slot: 0, organisation: 'cedar', kind: 'partner' } },
    })
    // Each gets another one, which counts from then on.
    await register(4, { person_ben: 0, person_eve: 2, person_ada: 3 })
    await reads('person_ada', [{ epoch, slot: 3 }])
    await world.sequence()
    await register(2, { person_ben: 0 })
    await repaired()
    expect(await readers()).toMatchObject({
      given: 4,
      readers: { person_ben: { slot: 0 }, person_ada: { slot: 3 } },
    })
  })

  test('is put right in the same write as the state of the log, and with nothing of it where a slot is given meanwhile', async () => {
    await world.beginEpoch(epoch, 4)
    const copy = world.copy()
    await reads('person_ada', [{ epoch, slot: 2 }])
    await world.sequence()
    world.restore(copy)
    await register(1, { person_ben: 0 })
    const found = await world.look()
    if ('nothing' in found) throw new Error(found.nothing)
    const slots = await lookForReaders(world.deps(), found.epochs)
    const random = { bytes: (n: number) => new Uint8Array(n) }
    const order = { operator: 'bob' }
    await register(2, { person_ben: 0, person_cid: 1 })
    await expect(putBack({ ...world.deps(), random }, found, order, slots)).rejects.toThrow(
      'changed meanwhile',
    )
    expect(await world.state()).toBeUndefined()
    expect(await readers()).toMatchObject({ given: 2 })
    const again = await lookForReaders(world.deps(), found.epochs)
    await putBack({ ...world.deps(), random }, found, order, again)
    expect(await readers()).toMatchObject({
      given: 3,
      readers: { person_cid: { slot: 1 }, person_ada: { slot: 2 } },
    })
    expect(await world.state()).toMatchObject({ size: 2 })
  })

  test('comes back as far as archives can be read: one that cannot is named, and holds up nothing', async () => {
    await world.beginEpoch(epoch, 4)
    await reads('person_ada', [{ epoch, slot: 1 }])
    await world.sequence()
    // The other one has the month's commitment alone.
    const spoilt = [...world.objects.all.keys()].filter(key => key.startsWith('body/')).at(-1) ?? ''
    await reads('person_ben', [{ epoch, slot: 0 }])
    await world.sequence()
    await world.objects.remove(spoilt)
    await world.objects.put(spoilt, new Uint8Array(64), { ifAbsent: true })
    const { found } = await repaired()
    expect(found.unread).toEqual([expect.stringContaining(spoilt)])
    expect(await readers()).toMatchObject({ given: 1, readers: { person_ben: { slot: 0 } } })
  })
})
