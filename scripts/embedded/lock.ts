import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Takes a data folder for this process. The lock is the operating system's, held through SQLite: it goes with
 * the process however that ends. Throws where another process has it.
 */
export function lockFolder(folder: string): { release(): void } {
  const database = new DatabaseSync(join(folder, 'lock'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    throw new Error(
      `${folder} is in use by another Sallyport: stop that one, or choose another SALLYPORT_DATA.`,
      { cause },
    )
  }
  return { release: () => database.close() }
}
