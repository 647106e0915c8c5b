import { hash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import {
  ObjectsUnavailable,
  type PutCondition,
  type RemovableObjects,
  type StoredObject,
} from '../../ports/objects.ts'
import { checkedKey, checkedRange } from '../object-key.ts'
import type { GroupCommit } from './group-commit.ts'

/** Keys of a page. */
const most = 1_000

/**
 * Objects as rows beside the store's own: for small ones, of which every call puts one. A put shares the commit of its turn
 * of the event loop, where a file takes two syncs and five times as much CPU as all else of a call.
 */
export function sqliteObjects(database: DatabaseSync, commit: GroupCommit): RemovableObjects {
  // Without a rowid, since most keys come in order: a put then touches the last page alone.
  database.exec(
    'CREATE TABLE IF NOT EXISTS objects (key TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID',
  )
  const select = database.prepare('SELECT bytes FROM objects WHERE key = ?')
  const upsert = database.prepare('INSERT OR REPLACE INTO objects (key, bytes) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM objects WHERE key = ?')
  const list = database.prepare(
    'SELECT key FROM objects WHERE key >= ? AND key < ? AND key > ? ORDER BY key LIMIT ?',
  )

  const read = (key: string): StoredObject | undefined => {
    const bytes = select.get(key)?.bytes
    return bytes instanceof Uint8Array ? { bytes, etag: etagOf(bytes) } : undefined
  }
  const holds = (key: string, condition: PutCondition): boolean =>
    'ifAbsent' in condition ? select.get(key) === undefined : read(key)?.etag === condition.ifMatch
  const write = <T>(work: () => T): Promise<T> => commit.add(work).catch(unavailable)

  return {
    async put(key, bytes, condition) {
      checkedKey(key)
      return write(() => {
        if (!holds(key, condition)) return { ok: false }
        upsert.run(key, bytes)
        return { ok: true, etag: etagOf(bytes) }
      })
    },

    async get(key, range) {
      checkedKey(key)
      if (range) checkedRange(range)
      const found = answered(() => read(key))
      return found && range ? { ...found, bytes: found.bytes.subarray(range.from, range.to) } : found
    },

    async remove(key) {
      checkedKey(key)
      return write(() => {
        remove.run(key)
        return { ok: true }
      })
    },

    async list(prefix, after = '') {
      // Keys are ASCII, of which this is the last.
      const rows = answered(() => list.all(prefix, `${prefix}\x7f`, after, most + 1))
      return page(rows.map(({ key }) => String(key)))
    },
  }
}

/** Those whose keys begin with `prefix` in one store, all others in the other. */
export function objectsApart(
  prefix: string,
  within: RemovableObjects,
  others: RemovableObjects,
): RemovableObjects {
  const of = (key: string): RemovableObjects => (key.startsWith(prefix) ? within : others)
  return {
    put: (key, ...rest) => of(key).put(key, ...rest),
    get: (key, range) => of(key).get(key, range),
    remove: key => of(key).remove(key),
    async list(under, after) {
      if (under.startsWith(prefix)) return within.list(under, after)
      const pages = await Promise.all([others.list(under, after), within.list(under, after)])
      const keys = pages.flatMap(one => one.keys).sort()
      const merged = page(keys)
      const whole = pages.every(one => one.next === undefined)
      return whole ? merged : { ...merged, next: merged.keys.at(-1) }
    },
  }
}

const page = (keys: readonly string[]) => ({
  keys: keys.slice(0, most),
  next: keys.length > most ? keys[most - 1] : undefined,
})

const etagOf = (bytes: Uint8Array): string => hash('sha256', bytes, 'base64url')

function answered<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    return unavailable(error)
  }
}

function unavailable(cause: unknown): never {
  if (cause instanceof TypeError) throw cause
  throw new ObjectsUnavailable('The database did not answer', { cause })
}
