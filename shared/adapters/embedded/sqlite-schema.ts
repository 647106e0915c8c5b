import type { DatabaseSync } from 'node:sqlite'
import { type Index, tables } from '../../ports/store.ts'

/** Raised with every change to what stands in the file; `user_version` holds it. */
const version = 2

/**
 * Makes the connection durable and the file ready. Throws on a file that another version, or another
 * program, has written: guessing at it could lose records.
 */
export function prepareDatabase(database: DatabaseSync, indexes: readonly Index[]): void {
  // Another process may hold the write lock, for instance while it rotates a key. Milliseconds.
  database.exec('PRAGMA busy_timeout = 5000')
  refuseUnknown(database)
  database.exec('PRAGMA journal_mode = WAL')
  // In WAL mode only FULL syncs the log at each commit; NORMAL would lose acknowledged writes with the power.
  database.exec('PRAGMA synchronous = FULL')

  database.exec('BEGIN IMMEDIATE')
  // With a rowid, since keys come in no order: without one, each new row is moved about with its whole body.
  for (const table of tables)
    database.exec(
      `CREATE TABLE IF NOT EXISTS ${table} (
        pk TEXT NOT NULL, sk TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (pk, sk)
      )`,
    )
  for (const index of indexes) database.exec(createIndex(index))
  database.exec(`PRAGMA user_version = ${version}`)
  database.exec('COMMIT')
}

function refuseUnknown(database: DatabaseSync): void {
  const found = database.prepare('PRAGMA user_version').get()?.user_version
  if (found === version) return
  const empty = database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
  if (found === 0 && empty) return
  throw new Error(
    `The database has schema version ${found}, but this program reads version ${version}: ${database.location()}. ` +
      'Start the program that wrote it, or move the file away to begin with an empty one.',
  )
}

/** An index's name tells its definition, so that one of another definition is another index. */
export const indexName = ({ table, partition, sort }: Index): string => `"${table}/${partition}/${sort}"`

/** The SQL of an attribute. The names are the program's own (the declared indexes), never a caller's. */
export const column = (attribute: string): string =>
  isKeyColumn(attribute) ? attribute : `json_extract(body, '$.${attribute}')`

/** What makes an index sparse; a query repeats it word for word, or SQLite would not use the index. */
export const indexed = ({ partition, sort }: Index): string =>
  [partition, sort]
    .filter(attribute => !isKeyColumn(attribute))
    .map(attribute => `json_type(body, '$.${attribute}') = 'text'`)
    .join(' AND ')

const isKeyColumn = (attribute: string): boolean => attribute === 'pk' || attribute === 'sk'

/** Each entry ends with the item's key, which makes the order total. */
function createIndex(index: Index): string {
  const columns = new Set([column(index.partition), column(index.sort), 'pk', 'sk'])
  return `CREATE INDEX IF NOT EXISTS ${indexName(index)}
    ON ${index.table} (${[...columns].join(', ')}) WHERE ${indexed(index)}`
}
