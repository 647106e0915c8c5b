import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { indexes } from '../../shared/domain/keys.ts'
import type { Index, Key, Query, Store } from '../../shared/ports/store.ts'

/** An index may lag behind the table: what is asked for is what it comes to. */
const eventually = (assertion: () => Promise<void>): Promise<void> =>
  vi.waitFor(assertion, { timeout: 10_000, interval: 50 })

const listedBy = { index: indexes.byOwner, order: 'asc', limit: 100 } as const

export function queryContract(store: () => Store): void {
  /** All pages of a query; every page but the last may be short, none may be too long. */
  async function pages(query: Query): Promise<string[]> {
    const found: string[] = []
    let after: string | undefined
    do {
      const page = await store().query(after === undefined ? query : { ...query, after })
      expect(page.keys.length).toBeLessThanOrEqual(query.limit)
      for (const key of page.keys) expect(key.table).toBe(query.index.table)
      found.push(...page.keys.map(({ pk }) => pk))
      after = page.next
    } while (after !== undefined)
    return found
  }

  const owner = (): string => `test-owner-${randomUUID()}`

  async function put(item: object, pk = `test#${randomUUID()}`): Promise<Key> {
    const key: Key = { table: 'registry', pk, sk: '-' }
    await store().write({ kind: 'put', key, item })
    return key
  }

  /** In order of their sort attribute: c00, c01, …, each with a key that sorts otherwise. */
  async function ten(partition: string): Promise<string[]> {
    const keys: string[] = []
    for (let i = 0; i < 10; i++)
      keys.push((await put({ record: 'client', owner: partition, listed: `c0${i}` })).pk)
    return keys
  }

  test.each([1, 3, 5, 10, 100])('pages of %i go through a partition both ways', async limit => {
    const partition = owner()
    const keys = await ten(partition)
    await eventually(async () => {
      expect(await pages({ ...listedBy, partition, limit })).toEqual(keys)
      expect(await pages({ ...listedBy, partition, limit, order: 'desc' })).toEqual(keys.toReversed())
    })
  })

  test.each([
    { bounds: { from: 'c03' }, first: 3, end: 10 },
    { bounds: { to: 'c03' }, first: 0, end: 4 },
    { bounds: { from: 'c03', to: 'c06' }, first: 3, end: 7 },
    { bounds: { from: 'c03', to: 'c03' }, first: 3, end: 4 },
    { bounds: { from: 'c025', to: 'c055' }, first: 3, end: 6 },
    { bounds: { from: 'd' }, first: 0, end: 0 },
    { bounds: { to: 'b' }, first: 0, end: 0 },
  ])('the bounds $bounds are inclusive, both ways', async ({ bounds, first, end }) => {
    const partition = owner()
    const keys = (await ten(partition)).slice(first, end)
    await eventually(async () => {
      expect(await pages({ ...listedBy, ...bounds, partition, limit: 2 })).toEqual(keys)
      expect(await pages({ ...listedBy, ...bounds, partition, limit: 2, order: 'desc' })).toEqual(
        keys.toReversed(),
      )
    })
  })

  test('items with equal sort attributes are each found once', async () => {
    const partition = owner()
    const keys: string[] = []
    for (let i = 0; i < 7; i++) keys.push((await put({ owner: partition, listed: 'same' })).pk)
    await eventually(async () => {
      for (const order of ['asc', 'desc'] as const)
        expect((await pages({ ...listedBy, partition, limit: 2, order })).sort()).toEqual(keys.toSorted())
    })
  })

  test('the sort attribute may be the partition key of the table', async () => {
    const partition = owner()
    const ids = ['b', 'a', 'c'].map(letter => `${letter}-${randomUUID()}`)
    for (const pk of ids)
      await store().write({
        kind: 'put',
        key: { table: 'entries', pk, sk: '-' },
        item: { organisation: partition },
      })
    const query = { index: indexes.byOrganisation, partition, order: 'asc', limit: 2 } as const
    await eventually(async () => {
      expect(await pages(query)).toEqual(ids.toSorted())
      expect(await pages({ ...query, order: 'desc', to: 'b~' })).toEqual(ids.slice(0, 2))
    })
  })

  test('a partition holds its own items only', async () => {
    const [mine, other] = [owner(), owner()]
    const { pk } = await put({ owner: mine, listed: 'a' })
    await put({ owner: other, listed: 'a' })
    await eventually(async () => expect(await pages({ ...listedBy, partition: mine })).toEqual([pk]))
    expect(await pages({ ...listedBy, partition: owner() })).toEqual([])
  })

  test('an item without both attributes is in no index, until it gets them and once it loses one', async () => {
    const partition = owner()
    const key = await put({ owner: partition })
    await put({ listed: 'a' })
    const all: Query = { ...listedBy, partition }
    expect(await pages(all)).toEqual([])

    await store().write({ kind: 'update', key, change: { set: [[['listed'], 'b']] } })
    await eventually(async () => expect(await pages(all)).toEqual([key.pk]))

    await store().write({ kind: 'update', key, change: { remove: [['owner']] } })
    await eventually(async () => expect(await pages(all)).toEqual([]))
  })

  test('a removed item leaves every index', async () => {
    const partition = owner()
    const key = await put({ owner: partition, listed: 'a' })
    await eventually(async () => expect(await pages({ ...listedBy, partition })).toEqual([key.pk]))
    await store().write({ kind: 'remove', key })
    await eventually(async () => expect(await pages({ ...listedBy, partition })).toEqual([]))
  })

  test('what is written between two pages makes no other key come twice or not at all', async () => {
    const partition = owner()
    const keys = await ten(partition)
    await eventually(async () => expect(await pages({ ...listedBy, partition })).toEqual(keys))
    const first = await store().query({ ...listedBy, partition, limit: 5 })
    await put({ owner: partition, listed: 'a' })
    await store().write({ kind: 'remove', key: { table: 'registry', pk: keys[0] ?? '', sk: '-' } })
    expect(first.next).toBeDefined()
    const rest = await store().query({ ...listedBy, partition, after: first.next ?? '' })
    expect([...first.keys, ...rest.keys].map(({ pk }) => pk)).toEqual(keys)
  })

  test('an index that the store does not have is a TypeError', async () => {
    const index: Index = { table: 'registry', name: 'none', partition: 'nowhere', sort: 'pk' }
    await expect(store().query({ ...listedBy, index, partition: 'x' })).rejects.toThrow(TypeError)
  })
}
