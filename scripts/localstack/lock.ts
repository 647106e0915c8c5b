import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Does `work` while no other process does any under the same lock; waits for one that does, and tells `waiting`
 * of it once. The lock is the operating system's, held through SQLite: it goes with the process however that ends.
 */
export async function withLock<T>(file: string, waiting: () => void, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true })
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    let told = false
    while (!taken(database)) {
      if (!told) waiting()
      told = true
      await sleep(100)
    }
    return await work()
  } finally {
    database.close()
  }
}

function taken(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false
    throw error
  }
}

/** SQLITE_BUSY. */
const busy = 5
