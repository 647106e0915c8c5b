import type { DatabaseSync } from 'node:sqlite'
import type { Table } from '../../ports/store.ts'
import { column } from './sqlite-schema.ts'

/** Items that end by themselves: at the moment of `exp`, in seconds since the epoch. Without one an item stays. */
export interface Expiring {
  /** The registry is read through a cache, which would not notice. */
  readonly table: Exclude<Table, 'registry'>
  /** An item without this attribute stays as well, whatever its `exp` is. */
  readonly needs?: string
}

export interface SqliteExpiry {
  /**
   * Removes those whose `exp` is before that moment (seconds), the oldest first and at most so many of each table, and
   * tells how many they were. To be called within a transaction.
   */
  remove(before: number, most: number): number
}

/** Makes an index of `exp` for each of them, so that looking for what is over costs nothing where nothing is. */
export function sqliteExpiry(database: DatabaseSync, expiring: readonly Expiring[]): SqliteExpiry {
  const removals = expiring.map(one => {
    database.exec(createIndex(one))
    const { table } = one
    return database.prepare(
      `DELETE FROM ${table} WHERE rowid IN (
        SELECT rowid FROM ${table} INDEXED BY ${indexName(one)}
        WHERE ${ends(one)} AND ${column('exp')} < ? ORDER BY ${column('exp')} LIMIT ?
      )`,
    )
  })
  return {
    remove: (before, most) =>
      removals.reduce((sum, removal) => sum + Number(removal.run(before, most).changes), 0),
  }
}

/** A query repeats it word for word, or SQLite would not use the index. */
const ends = ({ needs }: Expiring): string =>
  [
    `json_type(body, '$.exp') IN ('integer', 'real')`,
    ...(needs === undefined ? [] : [`${column(needs)} IS NOT NULL`]),
  ].join(' AND ')

const indexName = ({ table, needs }: Expiring): string => `"${table}/exp${needs ? `/${needs}` : ''}"`

const createIndex = (one: Expiring): string =>
  `CREATE INDEX IF NOT EXISTS ${indexName(one)} ON ${one.table} (${column('exp')}) WHERE ${ends(one)}`
