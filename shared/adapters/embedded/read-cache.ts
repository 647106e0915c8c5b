import type { DatabaseSync } from 'node:sqlite'

export interface ReadCache {
  /** To be called before reading: forgets everything if another connection has committed since. */
  renew(): void
  /** What `read` gave for this name, until it is forgotten. Nothing is kept of `undefined`. */
  get<T extends object | undefined>(name: string, read: () => T): T
  /** To be called with each write of this connection, of which SQLite tells it nothing. */
  forget(): void
}

/**
 * Keeps what was read until the database changes. Another connection's commit, in this process or in another,
 * shows in `data_version`, which costs less than the least query. What is kept is frozen: one caller must not
 * change what the next one reads.
 */
export function readCache(database: DatabaseSync, capacity: number): ReadCache {
  const version = database.prepare('PRAGMA data_version')
  version.setReturnArrays(true)
  const kept = new Map<string, object>()
  let seen: unknown
  return {
    renew() {
      const [now] = version.get() as unknown as unknown[]
      if (now !== seen || kept.size >= capacity) kept.clear()
      seen = now
    },
    get<T extends object | undefined>(name: string, read: () => T): T {
      const known = kept.get(name)
      if (known !== undefined) return known as T
      const found = read()
      if (found !== undefined) kept.set(name, frozen(found))
      return found
    },
    forget: () => kept.clear(),
  }
}

function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) frozen(part)
  return Object.freeze(value)
}
