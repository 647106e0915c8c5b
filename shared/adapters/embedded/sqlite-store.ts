import { DatabaseSync } from 'node:sqlite'
import type { RemovableObjects } from '../../ports/objects.ts'
import {
  type Index,
  type Key,
  type RecordAt,
  type Store,
  StoreUnavailable,
  type Table,
  type Transacted,
  type TransactOp,
  tables,
  type WriteOp,
  type Written,
} from '../../ports/store.ts'
import { checkKeys, checkTransaction, type Decision, decide, transacted, written } from '../decision.ts'
import { groupCommit } from './group-commit.ts'
import { readCache } from './read-cache.ts'
import { type Expiring, sqliteExpiry } from './sqlite-expiry.ts'
import { sqliteObjects } from './sqlite-objects.ts'
import { sqliteQuery } from './sqlite-query.ts'
import { prepareDatabase } from './sqlite-schema.ts'

export type SqliteStore = Store & {
  /** Small ones, in the commits of what is written at the same time. */
  readonly objects: RemovableObjects
  /** `SqliteExpiry.remove`, in a transaction of its own: nothing else removes what has ended. */
  removeExpired(before: number, most: number): Promise<number>
  close(): void
}

/**
 * `path` is a file, made when it is not there, or `:memory:`. Throws on a file it does not know. `expiring` is for whoever
 * removes what has ended.
 */
export function openSqliteStore(
  path: string,
  indexes: readonly Index[],
  expiring: readonly Expiring[] = [],
): SqliteStore {
  const database = new DatabaseSync(path)
  try {
    return sqliteStore(database, indexes, expiring)
  } catch (error) {
    database.close()
    throw error
  }
}

/**
 * The store on a connection of its own. Everything it does is synchronous between two turns of the event
 * loop, so a read never sees a write that is not yet committed.
 */
export function sqliteStore(
  database: DatabaseSync,
  indexes: readonly Index[],
  expiring: readonly Expiring[] = [],
): SqliteStore {
  prepareDatabase(database, indexes)
  const expiry = sqliteExpiry(database, expiring)
  const rows = Object.fromEntries(tables.map(table => [table, rowsOf(database, table)])) as Record<
    Table,
    Rows
  >
  const commit = groupCommit(database)
  const find = sqliteQuery(database, indexes)

  // The registry changes seldom, and every request reads it.
  const cache = readCache(database, 10_000)

  const stored = (key: Key): object | undefined => {
    const body = rows[key.table].read(key.pk, key.sk)
    return body === undefined ? undefined : JSON.parse(body)
  }

  const read = (key: Key): object | undefined =>
    key.table === 'registry' ? cache.get(`${key.pk} ${key.sk}`, () => stored(key)) : stored(key)

  /** Reads and decides; `apply` alone writes. */
  const prepare = (op: TransactOp): Prepared => {
    const { table, pk, sk } = op.key
    const decision = decide(op, op.kind === 'put' && op.if === undefined ? undefined : stored(op.key))
    if (!decision.held || op.kind === 'check') return { decision, apply: () => {} }
    const body = op.kind === 'remove' ? undefined : JSON.stringify(decision.item)
    return {
      decision,
      apply: () => {
        if (table === 'registry') cache.forget()
        if (body === undefined) rows[table].remove(pk, sk)
        else rows[table].put(pk, sk, body)
      },
    }
  }

  return {
    async get<const K extends readonly Key[]>(keys: K) {
      checkKeys(keys)
      return answered(() => {
        if (keys.some(({ table }) => table === 'registry')) cache.renew()
        return keys.map(read)
      }) as { [I in keyof K]: RecordAt<K[I]> | undefined }
    },

    write: <R extends object>(op: WriteOp<R>): Promise<Written<R>> =>
      commit.add(() => {
        const { decision, apply } = prepare(op)
        apply()
        return written<R>(decision)
      }),

    writeInOrder: ops =>
      commit
        .add(() => {
          const done: Written<object>[] = []
          for (const op of ops) {
            const { decision, apply } = prepare(op)
            apply()
            const one = written<object>(decision)
            done.push(one)
            if (!one.ok) break
          }
          return { written: done }
        })
        .catch((failure: unknown) => {
          if (!(failure instanceof StoreUnavailable)) throw failure
          return { written: [], failure }
        }),

    async transact(ops): Promise<Transacted> {
      checkTransaction(ops)
      return commit.add(() => {
        const prepared = ops.map(prepare)
        if (prepared.every(({ decision }) => decision.held)) for (const { apply } of prepared) apply()
        return transacted(prepared.map(({ decision }) => decision))
      })
    },

    query: async query =>
      answered(() => {
        if (query.index.table !== 'registry') return find(query)
        cache.renew()
        return cache.get(JSON.stringify(query), () => find(query))
      }),

    objects: sqliteObjects(database, commit),

    removeExpired: (before, most) => commit.add(() => expiry.remove(before, most)),

    close() {
      commit.flush()
      database.close()
    },
  }
}

interface Prepared {
  readonly decision: Decision
  readonly apply: () => void
}

type Rows = ReturnType<typeof rowsOf>

function rowsOf(database: DatabaseSync, table: Table) {
  const select = database.prepare(`SELECT body FROM ${table} WHERE pk = ? AND sk = ?`)
  const upsert = database.prepare(
    `INSERT INTO ${table} (pk, sk, body) VALUES (?, ?, ?)
      ON CONFLICT (pk, sk) DO UPDATE SET body = excluded.body`,
  )
  const remove = database.prepare(`DELETE FROM ${table} WHERE pk = ? AND sk = ?`)
  return {
    read: (pk: string, sk: string): string | undefined => select.get(pk, sk)?.body?.toString(),
    put: (pk: string, sk: string, body: string): void => void upsert.run(pk, sk, body),
    remove: (pk: string, sk: string): void => void remove.run(pk, sk),
  }
}

/** A `TypeError` is the caller's mistake; every other error is the database's. */
function answered<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof TypeError) throw error
    throw new StoreUnavailable('The database did not answer', { cause: error })
  }
}
