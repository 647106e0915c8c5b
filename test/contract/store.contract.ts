import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  itemAbsent,
  type Key,
  type Store,
  type Table,
  type TransactOp,
  tables,
} from '../../shared/ports/store.ts'
import { changeContract } from './store-changes.contract.ts'
import { conditionContract } from './store-conditions.contract.ts'
import { modelContract } from './store-model.contract.ts'
import { queryContract } from './store-queries.contract.ts'

export interface OpenedStore {
  readonly store: Store
  close(): void | Promise<void>
}

/**
 * What every backend must do. Each test has keys of its own, so that a backend may keep what it has. `sequences` is how
 * many random ones are put to it.
 */
export function storeContract(name: string, open: () => Promise<OpenedStore>, sequences = 200): void {
  describe(name, () => {
    let opened: OpenedStore
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(() => opened.close())
    const store = (): Store => opened.store

    describe('get', () => readContract(store))
    describe('write', () => writeContract(store))
    describe('writes in order', () => orderContract(store))
    describe('transact', () => transactContract(store))
    describe('conditions', () => conditionContract(store))
    describe('changes', () => changeContract(store))
    describe('queries', () => queryContract(store))
    describe('any sequence of operations', () => modelContract(store, sequences))
  })
}

interface Counter {
  readonly n: number
  readonly by?: string
}

const fresh = (table: Table = 'registry'): Key<Counter> => ({ table, pk: `test#${randomUUID()}`, sk: '-' })

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

function readContract(store: () => Store): void {
  test('an acknowledged write is read at once, from every table', async () => {
    for (const table of tables) {
      const key = fresh(table)
      await store().write({ kind: 'put', key, item: { n: 1 } })
      expect(await store().get([key])).toEqual([{ n: 1, pk: key.pk, sk: '-' }])
      await store().write({ kind: 'update', key, change: { add: [[['n'], 1]] } })
      expect(await store().get([key])).toEqual([{ n: 2, pk: key.pk, sk: '-' }])
      await store().write({ kind: 'remove', key })
      expect(await store().get([key])).toEqual([undefined])
    }
  })

  test('100 keys, present and absent, of several tables, come in the order asked for', async () => {
    const keys = times(100, i => fresh(i % 2 === 0 ? 'registry' : 'spent'))
    const present = (i: number) => i % 3 !== 0
    await Promise.all(
      keys.map((key, n) => (present(n) ? store().write({ kind: 'put', key, item: { n } }) : undefined)),
    )
    const items = await store().get(keys)
    expect(items.map(item => item?.n)).toEqual(times(100, i => (present(i) ? i : undefined)))
  })

  test('items that differ only in their sort key, or in their table, are apart', async () => {
    const key = fresh()
    const beside: Key<Counter> = { ...key, sk: 'other' }
    await store().write({ kind: 'put', key, item: { n: 1 } })
    await store().write({ kind: 'put', key: beside, item: { n: 2 } })
    const elsewhere: Key<Counter> = { ...key, table: 'spent' }
    const items = await store().get([beside, elsewhere, key])
    expect(items.map(item => item?.n)).toEqual([2, undefined, 1])
  })

  test('what is undefined in an item is absent from it', async () => {
    const key: Key = fresh()
    await store().write({ kind: 'put', key, item: { n: 1, by: undefined, map: { inner: undefined } } })
    expect(await store().get([key])).toStrictEqual([{ n: 1, map: {}, pk: key.pk, sk: key.sk }])
  })

  test('no keys are no items; more than 100 are a TypeError', async () => {
    expect(await store().get([])).toEqual([])
    await expect(store().get(times(101, () => fresh()))).rejects.toThrow(TypeError)
  })
}

function writeContract(store: () => Store): void {
  test('of 100 concurrent updates under a limit of 50, exactly 50 succeed', async () => {
    const key = fresh('meters')
    await store().write({ kind: 'put', key, item: { n: 0 } })
    const results = await Promise.all(
      times(100, () =>
        store().write({ kind: 'update', key, if: { lt: [['n'], 50] }, change: { add: [[['n'], 1]] } }),
      ),
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(50)
    // Each of them saw a state of its own.
    expect(new Set(results.flatMap(({ ok, item }) => (ok ? [item?.n] : []))).size).toBe(50)
    expect((await store().get([key]))[0]?.n).toBe(50)
  })

  test('of 20 concurrent puts that ask for absence, one succeeds and the others are given its item', async () => {
    const key = fresh('spent')
    const results = await Promise.all(
      times(20, n => store().write({ kind: 'put', key, item: { n }, if: itemAbsent })),
    )
    const won = results.filter(({ ok }) => ok)
    expect(won).toHaveLength(1)
    const [item] = await store().get([key])
    expect(results.map(result => result.item?.n)).toEqual(times(20, () => item?.n))
    expect(won[0]?.item).toEqual(item)
  })

  test('a put replaces the whole item', async () => {
    const key = fresh()
    await store().write({ kind: 'put', key, item: { n: 1, by: 'me' } })
    const written = await store().write({ kind: 'put', key, item: { n: 2 } })
    expect(written).toEqual({ ok: true, item: { n: 2, pk: key.pk, sk: '-' } })
    expect((await store().get([key]))[0]).toStrictEqual({ n: 2, pk: key.pk, sk: '-' })
  })

  test('a failed condition returns the item as it stands and changes nothing', async () => {
    const key = fresh()
    const item = { n: 1, pk: key.pk, sk: '-' }
    await store().write({ kind: 'put', key, item })
    const never = { gt: [['n'], 1] } as const
    for (const op of [
      { kind: 'put', key, item: { n: 9 }, if: never },
      { kind: 'update', key, change: { set: [[['n'], 9]] }, if: never },
      { kind: 'remove', key, if: never },
    ] as const)
      expect(await store().write(op)).toEqual({ ok: false, item })
    expect(await store().get([key])).toEqual([item])
  })

  test('an update of an absent item fails, whatever it asks for, and creates nothing', async () => {
    const key = fresh()
    const change = { set: [[['n'], 1]] } as const
    for (const op of [
      { kind: 'update', key, change },
      { kind: 'update', key, change, if: itemAbsent },
      { kind: 'update', key, change, if: { not: { exists: ['n'] } } },
      { kind: 'update', key, change, ours: { absent: ['n'] } },
    ] as const)
      expect(await store().write(op)).toEqual({ ok: false, item: undefined })
    expect(await store().get([key])).toEqual([undefined])
  })

  test('a removal returns what it removed, and nothing where nothing was', async () => {
    const key = fresh()
    await store().write({ kind: 'put', key, item: { n: 1 } })
    expect(await store().write({ kind: 'remove', key })).toEqual({
      ok: true,
      item: { n: 1, pk: key.pk, sk: '-' },
    })
    expect(await store().write({ kind: 'remove', key })).toEqual({ ok: true, item: undefined })
  })

  describe('lost answers', () => {
    test('a put, an update and a removal that were done before count as done', async () => {
      const key = fresh()
      const ours = { eq: [['by'], 'me'] } as const
      const put = { kind: 'put', key, item: { n: 1, by: 'me' }, if: itemAbsent, ours } as const
      const item = { n: 1, by: 'me', pk: key.pk, sk: '-' }
      expect(await store().write(put)).toEqual({ ok: true, item })
      expect(await store().write(put)).toEqual({ ok: true, item })

      const update = {
        kind: 'update',
        key,
        change: { set: [[['n'], 2]] },
        if: { eq: [['n'], 1] },
        ours: { eq: [['n'], 2] },
      } as const
      expect(await store().write(update)).toEqual({ ok: true, item: { ...item, n: 2 } })
      expect(await store().write(update)).toEqual({ ok: true, item: { ...item, n: 2 } })

      const remove = { kind: 'remove', key, if: { eq: [['n'], 2] }, ours: itemAbsent } as const
      expect(await store().write(remove)).toEqual({ ok: true, item: { ...item, n: 2 } })
      expect(await store().write(remove)).toEqual({ ok: true, item: undefined })
    })

    test('what another has done does not', async () => {
      const key = fresh()
      await store().write({ kind: 'put', key, item: { n: 1, by: 'them' } })
      const ours = { eq: [['by'], 'me'] } as const
      const again = await store().write({ kind: 'put', key, item: { n: 1, by: 'me' }, if: itemAbsent, ours })
      expect(again).toEqual({ ok: false, item: { n: 1, by: 'them', pk: key.pk, sk: '-' } })
    })

    test('a condition that holds is applied, even if the item already looks like ours', async () => {
      const key = fresh()
      await store().write({ kind: 'put', key, item: { n: 1 } })
      const change = { add: [[['n'], 1]] } as const
      const ours = { ge: [['n'], 1] } as const
      const written = await store().write({ kind: 'update', key, change, if: { lt: [['n'], 2] }, ours })
      expect(written.item?.n).toBe(2)
    })
  })
}

function orderContract(store: () => Store): void {
  test('take place one after the other, each with the item of its own', async () => {
    const [a, b] = [fresh(), fresh('entries')]
    const { written, failure } = await store().writeInOrder([
      { kind: 'put', key: a, item: { n: 1 } },
      { kind: 'put', key: b, item: { n: 1 }, if: itemAbsent },
      { kind: 'update', key: a, change: { add: [[['n'], 1]] }, if: { eq: [['n'], 1] } },
    ])
    expect(failure).toBeUndefined()
    expect(written).toMatchObject([
      { ok: true, item: { n: 1 } },
      { ok: true, item: { n: 1 } },
      { ok: true, item: { n: 2 } },
    ])
    expect(await store().get([a, b])).toMatchObject([{ n: 2 }, { n: 1 }])
  })

  test('end with the first that does not hold: what came before it stays, what would come after does not', async () => {
    const [a, b, c] = [fresh(), fresh(), fresh()]
    await store().write({ kind: 'put', key: b, item: { n: 7 } })
    const { written } = await store().writeInOrder([
      { kind: 'put', key: a, item: { n: 1 } },
      { kind: 'put', key: b, item: { n: 1 }, if: itemAbsent },
      { kind: 'put', key: c, item: { n: 1 } },
    ])
    expect(written).toMatchObject([{ ok: true }, { ok: false, item: { n: 7 } }])
    expect(written).toHaveLength(2)
    expect(await store().get([a, b, c])).toMatchObject([{ n: 1 }, { n: 7 }, undefined])
  })

  test('go on over one that was done before and whose answer was lost', async () => {
    const [a, b] = [fresh(), fresh()]
    const put = {
      kind: 'put',
      key: a,
      item: { n: 1, by: 'me' },
      if: itemAbsent,
      ours: { eq: [['by'], 'me'] },
    } as const
    await store().write(put)
    const { written } = await store().writeInOrder([put, { kind: 'put', key: b, item: { n: 1 } }])
    expect(written.map(({ ok }) => ok)).toEqual([true, true])
  })

  test('of many callers are each whole: only one gets past a condition', async () => {
    const [a, b] = [fresh(), fresh()]
    await store().write({ kind: 'put', key: b, item: { n: 0 } })
    const all = await Promise.all(
      times(20, i =>
        store().writeInOrder([
          { kind: 'put', key: a, item: { n: i }, if: itemAbsent },
          { kind: 'update', key: b, change: { add: [[['n'], 1]] } },
        ]),
      ),
    )
    expect(all.filter(({ written }) => written.length === 2)).toHaveLength(1)
    expect(await store().get([b])).toMatchObject([{ n: 1 }])
  })
}

function transactContract(store: () => Store): void {
  test('puts, updates, removals and checks over several tables take effect together', async () => {
    const [made, raised, gone, looked] = [fresh('entries'), fresh('meters'), fresh('spent'), fresh()]
    for (const key of [raised, gone, looked]) await store().write({ kind: 'put', key, item: { n: 1 } })
    const done = await store().transact([
      { kind: 'put', key: made, item: { n: 5 }, if: itemAbsent },
      { kind: 'update', key: raised, change: { add: [[['n'], 1]] }, if: { eq: [['n'], 1] } },
      { kind: 'remove', key: gone, if: { exists: ['n'] } },
      { kind: 'check', key: looked, if: { eq: [['n'], 1] } },
    ])
    expect(done).toEqual({ ok: true })
    const items = await store().get([made, raised, gone, looked])
    expect(items.map(item => item?.n)).toEqual([5, 2, undefined, 1])
  })

  test('one failed condition undoes all, and the items of the failed ones come back by position', async () => {
    const [a, b, c] = [fresh(), fresh(), fresh()]
    await store().write({ kind: 'put', key: a, item: { n: 1 } })
    await store().write({ kind: 'put', key: b, item: { n: 1 } })
    const result = await store().transact([
      { kind: 'update', key: a, change: { add: [[['n'], 1]] } },
      { kind: 'check', key: b, if: { eq: [['n'], 2] } },
      { kind: 'update', key: c, change: { set: [[['n'], 1]] } },
    ])
    expect(result).toEqual({
      ok: false,
      failed: new Map<number, unknown>([
        [1, { n: 1, pk: b.pk, sk: '-' }],
        [2, undefined],
      ]),
    })
    expect((await store().get([a, b, c])).map(item => item?.n)).toEqual([1, 1, undefined])
  })

  test('a check of an absent item fails, even without a condition', async () => {
    const key = fresh()
    expect(await store().transact([{ kind: 'check', key }])).toEqual({
      ok: false,
      failed: new Map([[0, undefined]]),
    })
    expect(await store().get([key])).toEqual([undefined])
  })

  test('50 concurrent transfers from a balance of 20: 20 succeed, and nothing is lost or made', async () => {
    const [from, to] = [fresh('meters'), fresh('registry')]
    await store().write({ kind: 'put', key: from, item: { n: 20 } })
    await store().write({ kind: 'put', key: to, item: { n: 0 } })
    const receipts = times(50, () => fresh('entries'))
    const results = await Promise.all(
      receipts.map(receipt =>
        store().transact([
          { kind: 'put', key: receipt, item: { n: 1 } },
          { kind: 'update', key: from, change: { add: [[['n'], -1]] }, if: { gt: [['n'], 0] } },
          { kind: 'update', key: to, change: { add: [[['n'], 1]] } },
        ]),
      ),
    )
    expect(results.filter(({ ok }) => ok)).toHaveLength(20)
    expect((await store().get([from, to])).map(item => item?.n)).toEqual([0, 20])
    const written = await store().get(receipts)
    expect(written.map(item => item !== undefined)).toEqual(results.map(({ ok }) => ok))
  })

  test('a transaction whose answer was lost counts as done, without being done twice', async () => {
    const [spent, meter] = [fresh('spent'), fresh('meters')]
    await store().write({ kind: 'put', key: meter, item: { n: 0 } })
    const ops: TransactOp[] = [
      {
        kind: 'put',
        key: spent,
        item: { n: 0, by: 'me' },
        if: itemAbsent,
        ours: { eq: [['by'], 'me'] },
      },
      { kind: 'update', key: meter, change: { add: [[['n'], 1]] } },
    ]
    expect(await store().transact(ops)).toEqual({ ok: true })
    expect(await store().transact(ops)).toEqual({ ok: true })
    expect((await store().get([meter]))[0]?.n).toBe(1)
  })

  test('it does not count as done while any failed operation is not ours', async () => {
    const [mine, theirs] = [fresh('spent'), fresh('spent')]
    await store().write({ kind: 'put', key: mine, item: { n: 0, by: 'me' } })
    await store().write({ kind: 'put', key: theirs, item: { n: 0, by: 'them' } })
    const put = (key: Key<Counter>): TransactOp => ({
      kind: 'put',
      key,
      item: { n: 0, by: 'me' },
      if: itemAbsent,
      ours: { eq: [['by'], 'me'] },
    })
    const result = await store().transact([put(mine), put(theirs)])
    expect(result.ok || [...result.failed.keys()]).toEqual([0, 1])
  })

  test('100 operations are taken; more, or one item twice, are a TypeError', async () => {
    const puts = (n: number): TransactOp[] =>
      times(n, i => ({ kind: 'put', key: fresh('entries'), item: { n: i } }))
    expect(await store().transact(puts(100))).toEqual({ ok: true })
    await expect(store().transact(puts(101))).rejects.toThrow(TypeError)
    const key = fresh()
    await expect(
      store().transact([
        { kind: 'check', key },
        { kind: 'put', key, item: { n: 1 } },
      ]),
    ).rejects.toThrow(TypeError)
  })
}
