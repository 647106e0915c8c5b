import { exit, Failure } from './failure.ts'

/**
 * Takes a file for this process. The lock is the operating system's, held through SQLite on a file beside it: it goes
 * with the process however that ends. `path` is without links, so that one file has one lock.
 */
export async function lockFile(path: string): Promise<{ release(): void }> {
  const { DatabaseSync } = await import('node:sqlite').catch(() => {
    throw new Failure(exit.failed, `This Node.js (${process.version}) cannot lock files.`, {
      code: 'node_too_old',
      next: 'Run it by Node.js 22.13 or a later one.',
    })
  })
  try {
    const lock = new DatabaseSync(`${path}.lock`)
    try {
      lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    } catch (error) {
      lock.close()
      throw error
    }
    return { release: () => lock.close() }
  } catch (error) {
    if (error instanceof Error && /locked/.test(error.message))
      throw new Failure(exit.failed, `Another witness uses ${path}.`, {
        code: 'state_in_use',
        next: 'Stop that one. Two that share a memory could sign two trees.',
      })
    throw new Failure(exit.failed, `The file ${path}.lock could not be made.`, {
      code: 'state_unwritable',
      next: 'Name a file in a folder that you may write: --state <file>',
    })
  }
}
