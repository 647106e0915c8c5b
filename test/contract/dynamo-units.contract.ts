import { randomUUID } from 'node:crypto'
import { beforeEach, expect, test } from 'vitest'
import type { Consumed, Units } from '../../shared/adapters/aws/dynamo-capacity.ts'
import { indexes } from '../../shared/domain/keys.ts'
import type { Key, Store, Table } from '../../shared/ports/store.ts'

/** What each operation costs in capacity units. `opened` is told the hook that the store has to call. */
export function unitsContract(opened: (consumed: Consumed) => Store): void {
  let told: [operation: string, table: Table, units: Units][]
  let store: Store
  beforeEach(() => {
    told = []
    store = opened((...one) => told.push(one))
  })

  const fresh = (table: Table): Key => ({ table, pk: `test#${randomUUID()}`, sk: '-' })
  const ofBytes = (bytes: number) => ({ body: 'x'.repeat(bytes) })
  const cost = async (act: () => Promise<unknown>): Promise<typeof told> => {
    told = []
    await act()
    return told
  }
  const written = (write: number, index = 0): Units => ({ read: 0, write, index })
  const read = (units: number): Units => ({ read: units, write: 0, index: 0 })

  test('a write is one unit for each kilobyte that was begun', async () => {
    for (const [bytes, units] of [
      [100, 1],
      [900, 1],
      [1_100, 2],
      [2_100, 3],
    ] as const) {
      const key = fresh('meters')
      const put = () => store.write({ kind: 'put', key, item: ofBytes(bytes) })
      expect(await cost(put)).toEqual([['write', 'meters', written(units)]])
      const update = () =>
        store.write({ kind: 'update', key, change: { set: [[['n'], 1]] }, if: { absent: ['n'] } })
      expect(await cost(update)).toEqual([['write', 'meters', written(units)]])
      expect(await cost(() => store.write({ kind: 'remove', key }))).toEqual([
        ['write', 'meters', written(units)],
      ])
    }
  })

  test('each index that an item is in is one more, and none where what it shows stays the same', async () => {
    const key = fresh('registry')
    const put = () =>
      store.write({ kind: 'put', key, item: { owner: 'o', listed: 'client#1', record: 'client' } })
    expect(await cost(put)).toEqual([['write', 'registry', written(1, 2)]])
    const other = () => store.write({ kind: 'update', key, change: { set: [[['n'], 1]] } })
    expect(await cost(other)).toEqual([['write', 'registry', written(1)]])
    const leave = () => store.write({ kind: 'update', key, change: { remove: [['owner']] } })
    expect(await cost(leave)).toEqual([['write', 'registry', written(1, 1)]])
  })

  test('a transaction is two for each item', async () => {
    const [put, check] = [fresh('entries'), fresh('meters')]
    await store.write({ kind: 'put', key: check, item: {} })
    const transact = () =>
      store.transact([
        { kind: 'put', key: put, item: ofBytes(100) },
        { kind: 'check', key: check },
      ])
    expect(new Set(await cost(transact))).toEqual(
      new Set([
        ['transact', 'entries', written(2)],
        ['transact', 'meters', written(2)],
      ]),
    )
  })

  test('a read is one for each four kilobytes of each item, in one request for all tables', async () => {
    const keys = [fresh('registry'), fresh('registry'), fresh('spent')]
    for (const [i, key] of keys.entries())
      await store.write({ kind: 'put', key, item: ofBytes(i === 0 ? 4_200 : 100) })
    expect(new Set(await cost(() => store.get(keys)))).toEqual(
      new Set([
        ['get', 'registry', read(3)],
        ['get', 'spent', read(1)],
      ]),
    )
  })

  // AWS charges as much where nothing is found; the emulator nothing.
  test('a page of an index is half of one for each four kilobytes of keys', async () => {
    const owner = `o-${randomUUID()}`
    await store.write({ kind: 'put', key: fresh('registry'), item: { owner, listed: 'client#1' } })
    const query = { index: indexes.byOwner, partition: owner, order: 'asc', limit: 10 } as const
    expect(await cost(() => store.query(query))).toEqual([
      ['query', 'registry', { read: 0, write: 0, index: 0.5 }],
    ])
  })
}
