/** Which slot is whose: one for each reader, for good, and for no organisation so many that others have none. */
import fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  createSlotOf,
  judgeSlots,
  type LogReader,
  logReader,
  type SlotOf,
} from '../../../../functions/log/slots.ts'
import { openSqliteStore } from '../../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../../shared/domain/keys.ts'
import type { EpochReaders } from '../../../../shared/domain/log.ts'
import type { OrganisationKind } from '../../../../shared/domain/parties.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { type Store, StoreUnavailable } from '../../../../shared/ports/store.ts'
import { quiet } from '../../../world/embedded.ts'

const november = { epoch: 24_322, slots: 64 }
const small = { epoch: 1, slots: 8 }

let store: Store
const alarm = vi.fn()
beforeEach(() => {
  store = openSqliteStore(':memory:', Object.values(indexes))
  alarm.mockClear()
})

/** An instance of the API, which remembers what it has read. */
const instance = (over: Store = store): SlotOf =>
  createSlotOf({ store: over, telemetry: { ...quiet, alarm } })
const reader = (organisation: string, n = 1, kind: OrganisationKind = 'partner'): LogReader => ({
  id: `person_${organisation}_${n}`,
  organisation,
  kind,
})
const many = (n: number, organisation: string, kind: OrganisationKind = 'partner'): readonly LogReader[] =>
  Array.from({ length: n }, (_, i) => reader(organisation, i, kind))
async function slots(of: SlotOf, readers: readonly LogReader[], epoch = november) {
  const given: (number | string)[] = []
  for (const one of readers) {
    const slot = await of(epoch, one)
    given.push(slot instanceof Refusal ? slot.code : slot)
  }
  return given
}
const kept = async (epoch = november): Promise<EpochReaders | undefined> =>
  (await store.get([keys.epochReaders(epoch.epoch)]))[0]

describe('a slot', () => {
  test('is given at the first read, in the order in which readers come, and is theirs for ever after', async () => {
    const readers = [reader('cedar'), reader('ofr', 1, 'government'), reader('cedar', 2)]
    const of = instance()
    expect(await slots(of, readers)).toEqual([0, 1, 2])
    expect(await slots(of, readers.toReversed())).toEqual([2, 1, 0])
    expect(await slots(instance(), readers.toReversed())).toEqual([2, 1, 0])
    expect(await kept()).toMatchObject({
      slots: 64,
      given: 3,
      readers: {
        person_cedar_1: { slot: 0, organisation: 'cedar', kind: 'partner' },
        person_ofr_1: { slot: 1, organisation: 'ofr', kind: 'government' },
        person_cedar_2: { slot: 2, organisation: 'cedar', kind: 'partner' },
      },
    })
  })

  test('is another in each month: who reads whose entries in one tells nothing of the next', async () => {
    const of = instance()
    await slots(of, [reader('cedar'), reader('prairie')])
    expect(await slots(of, [reader('prairie'), reader('cedar')], { ...november, epoch: 24_323 })).toEqual([
      0, 1,
    ])
  })

  test('of workloads is one for all of their organisation; of people each has their own', () => {
    const viewer = { organisation: 'cedar', kind: 'partner', roles: [] } as const
    const workload = (id: string) => logReader({ kind: 'workload', client: { id }, viewer } as never)
    expect(workload('client_1')).toEqual({ id: 'workloads.cedar', organisation: 'cedar', kind: 'partner' })
    expect(workload('client_2')).toEqual(workload('client_1'))
    const person = (id: string) => logReader({ kind: 'person', person: { id }, viewer } as never)
    expect(person('person_1')).toEqual({ id: 'person_1', organisation: 'cedar', kind: 'partner' })
  })

  test('that is remembered costs no read of the store', async () => {
    const get = vi.spyOn(store, 'get')
    await slots(instance(), [reader('cedar'), reader('cedar')])
    expect(get).toHaveBeenCalledTimes(1)
  })
})

const bound = (of: Store): Store => ({
  ...of,
  get: of.get.bind(of) as Store['get'],
  write: of.write.bind(of) as Store['write'],
})

/** Each call of the store takes turns, by the dice; with `lost`, its change may be made and its answer lost. */
function racing(pick: () => number, lost: boolean): Store {
  const turns = async () => {
    for (let left = pick() % 5; left > 0; left--) await Promise.resolve()
  }
  const once = bound(store)
  return {
    ...once,
    get: (async keys => {
      await turns()
      const found = await once.get(keys)
      await turns()
      return found
    }) as Store['get'],
    write: (async op => {
      await turns()
      const done = await once.write(op)
      await turns()
      if (!lost) return done
      const fate = pick() % 4
      if (fate === 0) throw new StoreUnavailable('the answer was lost')
      // The adapter has asked again, as it does for an answer that did not come.
      return fate === 1 ? once.write(op) : done
    }) as Store['write'],
  }
}

async function persistent(of: SlotOf, one: LogReader): Promise<number | Refusal> {
  for (;;)
    try {
      return await of(november, one)
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
    }
}

test.each([
  ['at once', false],
  ['at once, whose answers may be lost', true],
])('never two readers have one slot, nor one reader two, of instances that give them %s', async (_, lost) => {
  await fc.assert(
    fc
      .asyncProperty(fc.infiniteStream(fc.nat(1_000)), async dice => {
        const pick = () => Number(dice.next().value)
        const readers = [...many(5, 'cedar'), ...many(5, 'prairie'), ...many(6, 'ofr', 'government')]
        const given = await Promise.all(
          Array.from({ length: 3 }, () => instance(racing(pick, lost))).flatMap(of =>
            readers.map(async one => [one.id, await persistent(of, one)] as const),
          ),
        )
        const bySlot = new Map(given.map(([id, slot]) => [slot, id]))
        expect(new Set(given.map(one => one.join(' '))).size).toBe(readers.length)
        expect([...bySlot.keys()].toSorted((a, b) => Number(a) - Number(b))).toEqual(readers.map((_, i) => i))
        // None is spent on nobody: they are few.
        expect(await kept()).toMatchObject({ given: readers.length })
      })
      .beforeEach(() => {
        store = openSqliteStore(':memory:', Object.values(indexes))
      }),
    { numRuns: 30 },
  )
})

describe('nobody can take all', () => {
  test('a partner has an eighth of them, and is told what to do; whoever has one keeps it', async () => {
    const of = instance()
    expect(await slots(of, many(9, 'cedar'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 'reader_slots_exhausted'])
    const refused = await of(november, reader('cedar', 8))
    expect(refused).toMatchObject({
      code: 'reader_slots_exhausted',
      facts: { detail: expect.stringMatching(/56 readers, of whom 8 .* 8 of your organisation/) },
    })
    expect(await slots(instance(), many(8, 'cedar'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(await slots(of, [reader('prairie')])).toEqual([8])
    expect(await kept()).toMatchObject({ given: 9 })
  })

  test('all partners have half of them, by whatever names; the rest is for those who answer for them', async () => {
    const of = instance()
    for (let i = 0; i < 4; i++) await slots(of, many(8, `partner_${i}`))
    expect(await slots(of, [reader('partner_5')])).toEqual(['reader_slots_exhausted'])
    for (const [organisation, kind] of [
      ['halcyon', 'developer'],
      ['ofr', 'government'],
      ['audit', 'auditor'],
    ] as const)
      expect((await slots(of, [reader(organisation, 1, kind)])).every(Number.isInteger), kind).toBe(true)
  })

  test.each(['developer', 'government', 'auditor'] as const)('a %s has a quarter of them', async kind => {
    const given = await slots(instance(), many(17, 'other', kind))
    expect(given).toEqual([...Array.from({ length: 16 }, (_, i) => i), 'reader_slots_exhausted'])
  })

  test('where all are taken there is none for anybody, and no slot beyond the last', async () => {
    const of = instance()
    for (let i = 0; i < 4; i++) await slots(of, many(2, `other_${i}`, 'developer'), small)
    expect(await kept(small)).toMatchObject({ given: 7 })
    for (const kind of ['partner', 'developer', 'government', 'auditor'] as const)
      expect(await slots(of, [reader('late', 1, kind)], small)).toEqual(['reader_slots_exhausted'])
    expect(await kept(small)).toMatchObject({ given: 7 })
  })

  test('a slot that was given to somebody who is forgotten counts as well: it is nobody else’s', async () => {
    const readers = { person_a: { slot: 5, organisation: 'ofr', kind: 'government' as const } }
    await store.write({ kind: 'put', key: keys.epochReaders(1), item: { slots: 8, given: 6, readers } })
    const late = many(2, 'halcyon', 'developer')
    expect(await slots(instance(), late, small)).toEqual([6, 'reader_slots_exhausted'])
    expect(await kept(small)).toMatchObject({ given: 7 })
  })

  test('of few slots there is still one for each partner, and partners leave half', () => {
    const taken = (n: number): EpochReaders => ({
      slots: 4,
      given: n,
      readers: Object.fromEntries(
        Array.from({ length: n }, (_, slot) => [
          `p${slot}`,
          { slot, organisation: `o${slot}`, kind: 'partner' },
        ]),
      ),
    })
    const late = { organisation: 'late', kind: 'partner' } as const
    expect(judgeSlots(undefined, 4, late)).toBeUndefined()
    expect(judgeSlots(taken(1), 4, late)).toBeUndefined()
    expect(judgeSlots(taken(1), 4, { organisation: 'o0', kind: 'partner' })).toBeInstanceOf(Refusal)
    expect(judgeSlots(taken(2), 4, late)).toBeInstanceOf(Refusal)
    expect(judgeSlots(taken(2), 4, { organisation: 'ofr', kind: 'government' })).toBeUndefined()
  })
})

describe('evidence', () => {
  const witness = (n: number): LogReader => ({
    ...reader('halcyon', n, 'developer'),
    id: `evidence.p${n}`,
    plain: true,
  })

  test('has slots of its own, the last eighth, whatever else is given', async () => {
    const of = instance()
    expect(await slots(of, [witness(0), reader('cedar'), witness(1), reader('prairie'), witness(0)])).toEqual(
      [56, 0, 57, 1, 56],
    )
    expect(await kept()).toMatchObject({ given: 2, plain: 2 })
  })

  test('leaves all others theirs, and they leave it its own', async () => {
    const of = instance()
    const all = Array.from({ length: 9 }, (_, n) => witness(n))
    expect(await slots(of, all)).toEqual([56, 57, 58, 59, 60, 61, 62, 63, 'reader_slots_exhausted'])
    expect(await slots(of, many(9, 'cedar'))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 'reader_slots_exhausted'])
  })

  test('of the smallest number of slots has one', async () => {
    expect(await slots(instance(), [witness(0), witness(1)], { epoch: 3, slots: 4 })).toEqual([
      3,
      'reader_slots_exhausted',
    ])
  })
})

describe('the operator is told', () => {
  test('from four fifths on that they become few, at each that is given and at no other time', async () => {
    const of = instance()
    const epoch = { epoch: 2, slots: 16 }
    const readers = ['a', 'b', 'c', 'd'].flatMap(name => many(4, name, 'developer'))
    await slots(of, readers.slice(0, 11), epoch)
    expect(alarm).not.toHaveBeenCalled()
    await slots(of, readers.slice(0, 14), epoch)
    expect(alarm.mock.calls).toEqual(
      [12, 13, 14].map(given => ['reader_slots_low', { epoch: 2, slots: 16, given }]),
    )
    await slots(instance(), readers.slice(0, 14), epoch)
    expect(alarm).toHaveBeenCalledTimes(3)
  })

  test('of whoever is refused: whose people they are, and no name', async () => {
    const of = instance()
    await slots(of, many(9, 'cedar'))
    expect(alarm.mock.calls).toEqual([
      ['reader_slots_exhausted', { epoch: november.epoch, slots: 64, given: 8, organisation: 'cedar' }],
    ])
  })
})
