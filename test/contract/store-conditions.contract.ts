import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Condition, Key, Store } from '../../shared/ports/store.ts'

const item = {
  n: 5,
  s: 'm',
  yes: true,
  nothing: null,
  // U+FFFD: before U+1F600 in UTF-8, after it in UTF-16.
  replacement: '\uFFFD',
  list: [1, 2],
  map: { a: 1, inner: { b: 'x' } },
  none: {},
}

const onItem: readonly (readonly [Condition, boolean])[] = [
  [{ exists: ['n'] }, true],
  [{ exists: ['pk'] }, true],
  [{ exists: ['nothing'] }, true],
  [{ exists: ['map', 'inner', 'b'] }, true],
  [{ exists: ['missing'] }, false],
  [{ exists: ['missing', 'below'] }, false],
  [{ exists: ['n', 'below'] }, false],
  [{ exists: ['list', 'length'] }, false],
  [{ exists: ['map', 'constructor'] }, false],
  [{ absent: ['n'] }, false],
  [{ absent: ['map', 'a'] }, false],
  [{ absent: ['map', 'b'] }, true],
  [{ absent: ['missing', 'below'] }, true],
  [{ absent: ['s', 'below'] }, true],

  [{ eq: [['n'], 5] }, true],
  [{ eq: [['n'], 6] }, false],
  [{ eq: [['n'], '5'] }, false],
  [{ eq: [['s'], 'm'] }, true],
  [{ eq: [['s'], 'M'] }, false],
  [{ eq: [['yes'], true] }, true],
  [{ eq: [['yes'], false] }, false],
  [{ eq: [['yes'], 1] }, false],
  [{ eq: [['map', 'inner', 'b'], 'x'] }, true],
  [{ eq: [['missing'], 5] }, false],
  [{ eq: [['map'], 1] }, false],

  [{ lt: [['n'], 6] }, true],
  [{ lt: [['n'], 5] }, false],
  [{ le: [['n'], 5] }, true],
  [{ le: [['n'], 4] }, false],
  [{ gt: [['n'], 4] }, true],
  [{ gt: [['n'], 5] }, false],
  [{ ge: [['n'], 5] }, true],
  [{ ge: [['n'], 6] }, false],
  [{ lt: [['n'], -1] }, false],
  [{ lt: [['s'], 'n'] }, true],
  [{ le: [['s'], 'm'] }, true],
  [{ gt: [['s'], 'Z'] }, true],
  [{ ge: [['s'], 'ma'] }, false],
  [{ lt: [['replacement'], '\u{1F600}'] }, true],
  [{ gt: [['map', 'a'], 0] }, true],
  [{ lt: [['n'], '6'] }, false],
  [{ ge: [['n'], ''] }, false],
  [{ gt: [['s'], 0] }, false],
  [{ lt: [['missing'], 6] }, false],
  [{ ge: [['missing'], 0] }, false],
  [{ gt: [['list'], 0] }, false],

  [{ sizeLt: [['map'], 3] }, true],
  [{ sizeLt: [['map'], 2] }, false],
  [{ sizeLt: [['none'], 1] }, true],
  [{ sizeLt: [['none'], 0] }, false],
  [{ sizeLt: [['map', 'inner'], 2] }, true],
  [{ sizeLt: [['s'], 9] }, false],
  [{ sizeLt: [['list'], 9] }, false],
  [{ sizeLt: [['n'], 9] }, false],
  [{ sizeLt: [['missing'], 9] }, false],

  [{ and: [{ exists: ['n'] }, { eq: [['s'], 'm'] }] }, true],
  [{ and: [{ exists: ['n'] }, { eq: [['s'], 'x'] }] }, false],
  [{ or: [{ absent: ['n'] }, { eq: [['s'], 'm'] }] }, true],
  [{ or: [{ absent: ['n'] }, { eq: [['s'], 'x'] }] }, false],
  [{ not: { lt: [['missing'], 6] } }, true],
  [{ not: { lt: [['n'], '6'] } }, true],
  [{ or: [{ and: [{ absent: ['n'] }, { exists: ['s'] }] }, { not: { not: { exists: ['yes'] } } }] }, true],
  [{ and: [{ or: [{ absent: ['n'] }, { exists: ['s'] }] }, { not: { exists: ['yes'] } }] }, false],
]

const onAbsentItem: readonly (readonly [Condition, boolean])[] = [
  [{ absent: ['pk'] }, true],
  [{ exists: ['pk'] }, false],
  [{ absent: ['map', 'a'] }, true],
  [{ eq: [['n'], 0] }, false],
  [{ lt: [['n'], 1] }, false],
  [{ le: [['n'], 1] }, false],
  [{ gt: [['n'], -1] }, false],
  [{ ge: [['n'], -1] }, false],
  [{ sizeLt: [['map'], 1] }, false],
  [{ not: { eq: [['n'], 0] } }, true],
]

export function conditionContract(store: () => Store): void {
  const fresh = (): Key => ({ table: 'registry', pk: `test#${randomUUID()}`, sk: '-' })

  describe.each(onItem)('%j of an item', (condition, holds) => {
    test(`${holds ? 'holds' : 'fails'} in a transaction, and its negation does not`, async () => {
      const key = fresh()
      await store().write({ kind: 'put', key, item })
      const check = await store().transact([{ kind: 'check', key, if: condition }])
      expect(check.ok).toBe(holds)
      const negated = await store().transact([{ kind: 'check', key, if: { not: condition } }])
      expect(negated.ok).toBe(!holds)
    })

    test(`${holds ? 'lets' : 'keeps'} a write ${holds ? 'pass' : 'out'}`, async () => {
      const key = fresh()
      await store().write({ kind: 'put', key, item })
      const change = { set: [[['touched'], true]] } as const
      const written = await store().write({ kind: 'update', key, if: condition, change })
      expect(written.ok).toBe(holds)
      const [after] = await store().get([key])
      expect(after).toStrictEqual({ ...item, pk: key.pk, sk: '-', ...(holds && { touched: true }) })
    })
  })

  test.each(onAbsentItem)('%j of an absent item: %s', async (condition, holds) => {
    const key = fresh()
    const written = await store().write({ kind: 'put', key, item: { n: 1 }, if: condition })
    expect(written.ok).toBe(holds)
    const [after] = await store().get([key])
    expect(after !== undefined).toBe(holds)
  })
}
