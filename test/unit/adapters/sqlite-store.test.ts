import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  openSqliteStore,
  type SqliteStore,
  sqliteStore,
} from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes } from '../../../shared/domain/keys.ts'
import { type Key, StoreUnavailable, type Table } from '../../../shared/ports/store.ts'

let folder: string
let path: string
let database: DatabaseSync
let store: SqliteStore

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  path = join(folder, 'store.db')
  database = new DatabaseSync(path)
  store = sqliteStore(database, Object.values(indexes))
})
afterEach(async () => {
  vi.restoreAllMocks()
  if (database.isOpen) database.close()
  await rm(folder, { recursive: true })
})

const key = (pk: string, table: Table = 'registry'): Key<{ n: number }> => ({ table, pk, sk: '-' })
const put = (pk: string, table?: Table) => store.write({ kind: 'put', key: key(pk, table), item: { n: 1 } })

/** What a second connection finds, which sees committed rows only. */
function committed(pk: string): unknown {
  const other = new DatabaseSync(path, { readOnly: true })
  const row = other.prepare('SELECT body FROM registry WHERE pk = ?').get(pk)
  other.close()
  return row
}

describe('durability', () => {
  test('the live connection syncs each commit and keeps a write-ahead log', () => {
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(database.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 5000 })
  })

  test('a write is committed when it is acknowledged', async () => {
    const written = put('a')
    expect(committed('a')).toBeUndefined()
    await written
    expect(committed('a')).toBeDefined()
  })

  test('a write that waits is not read before its commit', async () => {
    const written = put('a')
    expect(await store.get([key('a')])).toEqual([undefined])
    await written
    expect(await store.get([key('a')])).toEqual([{ n: 1, pk: 'a', sk: '-' }])
  })

  test('closing commits what waits', async () => {
    const written = put('a')
    store.close()
    expect((await written).ok).toBe(true)
    expect(committed('a')).toBeDefined()
  })
})

describe('one turn of the event loop', () => {
  test('shares one commit among all its writes', async () => {
    const exec = vi.spyOn(database, 'exec')
    await Promise.all(Array.from({ length: 50 }, (_, i) => put(`k${i}`)))
    expect(exec.mock.calls).toEqual([['BEGIN IMMEDIATE'], ['COMMIT']])
  })

  test('shares it among writes in order too, and a failing one leaves none of them', async () => {
    const puts = ['a', 'b', 'c'].map(pk => ({ kind: 'put', key: key(pk), item: { n: 1 } }) as const)
    const exec = vi.spyOn(database, 'exec')
    expect((await store.writeInOrder(puts)).written).toHaveLength(3)
    expect(exec.mock.calls).toEqual([['BEGIN IMMEDIATE'], ['COMMIT']])
    exec.mockRestore()

    const later = puts.map(op => ({ ...op, item: { n: 2 } }))
    const real = database.exec.bind(database)
    const fault = vi.spyOn(database, 'exec').mockImplementation(sql => {
      if (sql === 'COMMIT') throw new Error('disk full')
      real(sql)
    })
    expect(await store.writeInOrder(later)).toMatchObject({
      written: [],
      failure: expect.any(StoreUnavailable),
    })
    fault.mockRestore()
    expect(await store.get(puts.map(({ key }) => key))).toMatchObject([{ n: 1 }, { n: 1 }, { n: 1 }])
  })

  test('decides its writes in the order they came, each on what the ones before have done', async () => {
    await put('a')
    const raise = (n: number) =>
      store.write({
        kind: 'update',
        key: key('a'),
        if: { eq: [['n'], n] },
        change: { add: [[['n'], 1]] },
      })
    const results = await Promise.all([raise(1), raise(2), raise(2), raise(3)])
    expect(results.map(({ ok, item }) => [ok, item?.n])).toEqual([
      [true, 2],
      [true, 3],
      [false, 3],
      [true, 4],
    ])
  })

  test('a failed condition and a wrong change leave the writes beside them alone', async () => {
    await put('a')
    const [failed, wrong, circular, beside] = await Promise.allSettled([
      store.write({ kind: 'remove', key: key('a'), if: { gt: [['n'], 1] } }),
      store.write({ kind: 'update', key: key('a'), change: { set: [[['no', 'map'], 1]] } }),
      store.write({ kind: 'put', key: key('c') as Key, item: { n: 1n } }),
      put('b'),
    ])
    expect(failed).toMatchObject({ value: { ok: false } })
    expect(wrong).toMatchObject({ reason: expect.any(TypeError) })
    expect(circular).toMatchObject({ reason: expect.any(TypeError) })
    expect(beside).toMatchObject({ value: { ok: true } })
    expect(await store.get([key('a'), key('b'), key('c')])).toMatchObject([{ n: 1 }, { n: 1 }, undefined])
  })
})

describe('faults', () => {
  /** From now on, the statement does this instead. */
  const instead = (statement: string, act: () => void) => {
    const real = database.exec.bind(database)
    return vi.spyOn(database, 'exec').mockImplementation(sql => (sql === statement ? act() : real(sql)))
  }

  const diskFull = new Error('disk is full')
  const fails = () => {
    throw diskFull
  }

  test.each(['BEGIN IMMEDIATE', 'COMMIT'])('a failing %s rejects its whole batch', async statement => {
    const fault = instead(statement, fails)
    const results = await Promise.allSettled([
      put('a'),
      store.transact([{ kind: 'put', key: key('b'), item: { n: 1 } }]),
      store.write({ kind: 'remove', key: key('c'), if: { exists: ['n'] } }),
    ])
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { cause: diskFull } })
      expect(result.status === 'rejected' && result.reason).toBeInstanceOf(StoreUnavailable)
    }

    fault.mockRestore()
    expect(await store.get([key('a'), key('b')])).toEqual([undefined, undefined])
    expect((await put('a')).ok).toBe(true)
  })

  test('nothing is answered between the write and its commit', async () => {
    const answers: string[] = []
    let answeredBefore: string[] | undefined
    const real = database.exec.bind(database)
    vi.spyOn(database, 'exec').mockImplementation(sql => {
      if (sql === 'COMMIT') answeredBefore = [...answers]
      real(sql)
    })
    const one = put('a').then(() => answers.push('a'))
    // Turns in which an answer that did not wait for the commit would come.
    await Promise.resolve()
    const two = put('b').then(() => answers.push('b'))
    await Promise.all([one, two])
    expect(answeredBefore).toEqual([])
    expect(answers).toEqual(['a', 'b'])
  })

  test('a statement that fails undoes what its batch wrote before it', async () => {
    database.exec('DROP TABLE spent')
    const results = await Promise.allSettled([put('a'), put('b', 'spent'), put('c')])
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) })
    expect(await store.get([key('a'), key('c')])).toEqual([undefined, undefined])
  })

  test('a write lock that another process holds too long is an unavailable store', async () => {
    database.exec('PRAGMA busy_timeout = 1')
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    await expect(put('a')).rejects.toThrow(StoreUnavailable)
    other.exec('ROLLBACK')
    other.close()
    expect((await put('a')).ok).toBe(true)
  })

  test('reads and writes of a closed store are an unavailable store', async () => {
    store.close()
    await expect(store.get([key('a')])).rejects.toThrow(StoreUnavailable)
    await expect(put('a')).rejects.toThrow(StoreUnavailable)
    const query = { index: indexes.byOwner, partition: 'x', order: 'asc', limit: 1 } as const
    await expect(store.query(query)).rejects.toThrow(StoreUnavailable)
  })
})

describe('opening', () => {
  test('finds what was written, and fills an index that is new', async () => {
    store.close()
    const before = openSqliteStore(path, [])
    await before.write({
      kind: 'put',
      key: { table: 'registry', pk: 'client#1', sk: '-' },
      item: { owner: 'o', listed: 'client#1' },
    })
    before.close()
    const again = openSqliteStore(path, [indexes.byOwner, { ...indexes.byOwner, sort: 'pk' }])
    const query = { partition: 'o', order: 'asc', limit: 1 } as const
    for (const index of [indexes.byOwner, { ...indexes.byOwner, sort: 'pk' }])
      expect(await again.query({ ...query, index })).toEqual({
        keys: [{ table: 'registry', pk: 'client#1', sk: '-' }],
        next: undefined,
      })
    again.close()
  })

  test('a file of another schema version is refused, with a hint, and left as it is', () => {
    database.exec('PRAGMA user_version = 7')
    store.close()
    expect(() => openSqliteStore(path, [])).toThrow(/schema version 7.*reads version 2.*move the file away/)
    const after = new DatabaseSync(path)
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 })
    after.close()
  })

  test("another program's database is refused", () => {
    const foreign = join(folder, 'foreign.db')
    const other = new DatabaseSync(foreign)
    other.exec('CREATE TABLE theirs (x)')
    other.close()
    expect(() => openSqliteStore(foreign, [])).toThrow(/schema version 0/)
  })
})

test.each(['', 'x', 'YQ', 'YQ.YQ.YQ.YQ', '!'])('%j is no place to go on from', async after => {
  const query = { index: indexes.byOwner, partition: 'x', order: 'asc', limit: 1, after } as const
  await expect(store.query(query)).rejects.toThrow(TypeError)
})

describe('what is kept of the registry', () => {
  const other = (): SqliteStore => openSqliteStore(path, Object.values(indexes))
  const set = (by: SqliteStore, n: number) =>
    by.write({ kind: 'update', key: key('a'), change: { set: [[['n'], n]] } })
  const read = async (): Promise<number | undefined> => (await store.get([key('a')]))[0]?.n

  test('is forgotten with the next write, be it by this connection or by another', async () => {
    await put('a')
    expect(await read()).toBe(1)
    await set(store, 2)
    expect(await read()).toBe(2)
    const second = other()
    await set(second, 3)
    expect(await read()).toBe(3)
    await second.write({ kind: 'remove', key: key('a') })
    second.close()
    expect(await read()).toBeUndefined()
  })

  test('is no write that was undone', async () => {
    await put('a')
    expect(await read()).toBe(1)
    const failing = store.transact([
      { kind: 'update', key: key('a'), change: { set: [[['n'], 2]] } },
      { kind: 'check', key: key('absent') },
    ])
    expect((await failing).ok).toBe(false)
    expect(await read()).toBe(1)
  })

  test('holds for a page of an index as well', async () => {
    const query = { index: indexes.byOwner, partition: 'o', order: 'asc', limit: 10 } as const
    const add = (by: SqliteStore, pk: string) =>
      by.write({
        kind: 'put',
        key: key(pk),
        item: { n: 1, owner: 'o', listed: `grant#${pk}` } as { n: number },
      })
    await add(store, 'a')
    expect((await store.query(query)).keys).toHaveLength(1)
    await add(store, 'b')
    expect((await store.query(query)).keys).toHaveLength(2)
    const second = other()
    await add(second, 'c')
    second.close()
    expect((await store.query(query)).keys).toHaveLength(3)
  })

  test('is nothing that a caller could change', async () => {
    await put('a')
    const [found] = await store.get([key('a')])
    expect(() => Object.assign(found ?? {}, { n: 9 })).toThrow(TypeError)
    expect(await read()).toBe(1)
  })
})
