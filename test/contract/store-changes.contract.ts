import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Change, Key, Store } from '../../shared/ports/store.ts'

interface Case {
  readonly what: string
  readonly change: Change
  readonly before: object
  readonly after: object
}

const cases: readonly Case[] = [
  {
    what: 'set makes and replaces attributes of any kind',
    change: {
      set: [
        [['a'], 'new'],
        [['b'], { deep: [1, { x: null }] }],
        [['c'], false],
      ],
    },
    before: { a: 1, kept: 1 },
    after: { a: 'new', b: { deep: [1, { x: null }] }, c: false, kept: 1 },
  },
  {
    what: 'set inside maps leaves what is beside it',
    change: {
      set: [
        [['leases', 'l2'], { r: 5 }],
        [['leases', 'l1', 'r'], 4],
      ],
    },
    before: { leases: { l1: { r: 3, day: 1 }, l0: {} } },
    after: { leases: { l1: { r: 4, day: 1 }, l0: {}, l2: { r: 5 } } },
  },
  {
    what: 'names with dots, spaces, quotes and other scripts are names',
    change: { set: [[['map', 'a.b'], 1]], add: [[['map', "it's"], 2]], remove: [['map', 'größe #1']] },
    before: { map: { 'größe #1': 1, a: { b: 0 } } },
    after: { map: { 'a.b': 1, "it's": 2, a: { b: 0 } } },
  },
  {
    what: 'add counts up, down and from nothing',
    change: {
      add: [
        [['n'], -3],
        [['fresh'], 2],
        [['map', 'n'], 1],
        [['map', 'fresh'], -1],
      ],
    },
    before: { n: 5, map: { n: 1 } },
    after: { n: 2, fresh: 2, map: { n: 2, fresh: -1 } },
  },
  {
    what: 'remove takes attributes out, and leaves an empty map',
    change: { remove: [['a'], ['map', 'only'], ['missing']] },
    before: { a: 1, map: { only: 1 }, kept: 1 },
    after: { map: {}, kept: 1 },
  },
  {
    what: 'sum reads the source as it stood before the change',
    change: {
      add: [[['seq'], 1]],
      sum: [
        [['seqs', 'l1'], ['seq'], 1],
        [['seq2'], ['seq2'], 10],
      ],
    },
    before: { seq: 7, seq2: 1, seqs: {} },
    after: { seq: 8, seq2: 11, seqs: { l1: 8 } },
  },
  {
    what: 'sum reads what the same change sets or removes',
    change: { set: [[['a'], 100]], remove: [['b']], sum: [[['c'], ['a'], 0] as const, [['d'], ['b'], 0]] },
    before: { a: 1, b: 2 },
    after: { a: 100, c: 1, d: 2 },
  },
  {
    what: 'all kinds at once',
    change: {
      set: [[['leases', 'l2'], { r: 40 }]],
      add: [[['remaining'], -40]],
      sum: [[['lefts', 'l2'], ['remaining'], -40]],
      remove: [
        ['leases', 'l1'],
        ['lefts', 'l1'],
      ],
    },
    before: { remaining: 100, leases: { l1: { r: 1 } }, lefts: { l1: 100 } },
    after: { remaining: 60, leases: { l2: { r: 40 } }, lefts: { l2: 60 } },
  },
]

export function changeContract(store: () => Store): void {
  const fresh = (): Key => ({ table: 'meters', pk: `test#${randomUUID()}`, sk: '-' })

  test.each(cases)('$what', async ({ change, before, after }) => {
    const key = fresh()
    await store().write({ kind: 'put', key, item: before })
    const expected = { ...after, pk: key.pk, sk: '-' }
    expect(await store().write({ kind: 'update', key, change })).toEqual({ ok: true, item: expected })
    expect(await store().get([key])).toStrictEqual([expected])
  })

  test.each(cases)('$what, in a transaction', async ({ change, before, after }) => {
    const key = fresh()
    await store().write({ kind: 'put', key, item: before })
    expect(await store().transact([{ kind: 'update', key, change }])).toEqual({ ok: true })
    expect(await store().get([key])).toStrictEqual([{ ...after, pk: key.pk, sk: '-' }])
  })
}
