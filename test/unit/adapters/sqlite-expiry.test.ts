/** What has ended is removed some time later, the oldest first, and nothing else ever is. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { expire } from '../../../scripts/embedded/expire.ts'
import { openSqliteStore, type SqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { expiring, indexes } from '../../../shared/domain/keys.ts'
import { type Key, StoreUnavailable, type Table } from '../../../shared/ports/store.ts'

let folder: string
let store: SqliteStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  store = openStore()
})
afterEach(async () => {
  store.close()
  await rm(folder, { recursive: true })
})

const openStore = () => openSqliteStore(join(folder, 'store.db'), Object.values(indexes), expiring)
const key = (table: Table, pk: string): Key => ({ table, pk, sk: '-' })
const put = (table: Table, pk: string, item: object) =>
  store.write({ kind: 'put', key: key(table, pk), item })
const there = async (table: Table, ...pks: string[]): Promise<readonly string[]> => {
  const found = await store.get(pks.map(pk => key(table, pk)))
  return pks.filter((_, n) => found[n] !== undefined)
}
const daysLater = (days: number) => ({ now: () => 1_000_000_000 + days * 86_400_000, sleep: async () => {} })

test('an entry goes a day after its moment, once it has its place, and stays without either', async () => {
  const exp = 1_000_000
  await put('entries', 'placed', { i: 0, exp, day: 'day#1', organisation: 'cedar' })
  await put('entries', 'first', { i: 1, exp: exp - 5 })
  await put('entries', 'later', { i: 2, exp: exp + 86_400 })
  await put('entries', 'preserved', { i: 3 })
  await put('entries', 'waiting', { exp, pending: 'pending#1' })
  await put('entries', 'odd', { i: 4, exp: String(exp) })
  const all = ['placed', 'first', 'later', 'preserved', 'waiting', 'odd']
  expect(await expire(store, daysLater(1))).toBe(1)
  expect(await there('entries', ...all)).toEqual(['placed', 'later', 'preserved', 'waiting', 'odd'])
  expect(await expire(store, { ...daysLater(1), now: () => (exp + 86_401) * 1000 })).toBe(1)
  expect(await there('entries', ...all)).toEqual(['later', 'preserved', 'waiting', 'odd'])
  expect(await expire(store, daysLater(36_500))).toBe(1)
  expect(await there('entries', ...all)).toEqual(['preserved', 'waiting', 'odd'])
  // It is gone from the indexes too.
  const range = { partition: 'cedar', order: 'asc', limit: 10 } as const
  expect((await store.query({ index: indexes.byOrganisation, ...range })).keys).toEqual([])
})

test('an entry that loses its moment stays, and one that gets its place goes', async () => {
  await put('entries', 'freed', { i: 0, exp: 1 })
  await put('entries', 'placed', { exp: 1 })
  await store.write({ kind: 'update', key: key('entries', 'freed'), change: { remove: [['exp']] } })
  await store.write({ kind: 'update', key: key('entries', 'placed'), change: { set: [[['i'], 1]] } })
  expect(await expire(store, daysLater(2))).toBe(1)
  expect(await there('entries', 'freed', 'placed')).toEqual(['freed'])
})

test('what was spent goes, records and meters never, whatever they hold', async () => {
  await put('spent', 'proof#1', { by: 'r', exp: 5 })
  await put('spent', 'proof#2', { by: 'r', exp: 5.5 })
  await put('spent', 'proof#3', { by: 'r', exp: 9_999_999_999 })
  await put('registry', 'grant#1', { exp: 5 })
  await put('meters', 'meter#1', { exp: 5 })
  expect(await expire(store, daysLater(2))).toBe(2)
  expect(await there('spent', 'proof#1', 'proof#2', 'proof#3')).toEqual(['proof#3'])
  expect([...(await there('registry', 'grant#1')), ...(await there('meters', 'meter#1'))]).toHaveLength(2)
})

test('a run takes small groups, the oldest first, until nothing is left', async () => {
  for (let n = 0; n < 250; n++) await put('spent', `proof#${n}`, { by: 'r', exp: 250 - n })
  expect(await store.removeExpired(10_000, 100)).toBe(100)
  expect(await there('spent', 'proof#149', 'proof#150')).toEqual(['proof#149'])
  const groups: number[] = []
  const counting = {
    removeExpired: async (before: number, most: number) => {
      groups.push(most)
      return store.removeExpired(before, most)
    },
  }
  expect(await expire(counting, daysLater(2))).toBe(150)
  expect(groups).toEqual([100, 100, 100])
})

test('a store that was made without it removes from a file that had none, and one that fails says so', async () => {
  store.close()
  const plain = openSqliteStore(join(folder, 'old.db'), Object.values(indexes))
  await plain.write({ kind: 'put', key: key('spent', 'proof#1'), item: { by: 'r', exp: 5 } })
  expect(await plain.removeExpired(10, 10)).toBe(0)
  plain.close()
  store = openSqliteStore(join(folder, 'old.db'), Object.values(indexes), expiring)
  expect(await store.removeExpired(10, 10)).toBe(1)
  store.close()
  await expect(store.removeExpired(10, 10)).rejects.toThrow(StoreUnavailable)
  store = openStore()
})
