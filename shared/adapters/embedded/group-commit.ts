import type { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable } from '../../ports/store.ts'

interface Job {
  /** Does its part of the batch and returns how to tell its caller, once the batch is durable. */
  run(): () => void
  fail(reason: StoreUnavailable): void
}

export interface GroupCommit {
  /**
   * Runs `work` inside the transaction of this turn of the event loop; resolves with its value after the
   * commit. A `TypeError` rejects this work alone and must come before its first write. Any other error,
   * or one of the commit, undoes the whole batch and rejects all of it with `StoreUnavailable`.
   */
  add<T>(work: () => T): Promise<T>
  /** Commits what waits, now. */
  flush(): void
}

/** Syncing the disk is what a write costs, so all that arrive in one turn of the event loop share one. */
export function groupCommit(database: DatabaseSync): GroupCommit {
  let waiting: Job[] = []

  const flush = (): void => {
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    let answers: (() => void)[]
    try {
      // IMMEDIATE: the conditions are decided on what no other process can change before the commit.
      database.exec('BEGIN IMMEDIATE')
      answers = batch.map(job => job.run())
      database.exec('COMMIT')
    } catch (cause) {
      for (const job of batch) job.fail(new StoreUnavailable('The writes were not committed', { cause }))
      // SQLite undoes some failed transactions by itself.
      if (database.isOpen && database.isTransaction) database.exec('ROLLBACK')
      return
    }
    for (const answer of answers) answer()
  }

  return {
    add: work =>
      new Promise((resolve, reject) => {
        const run = (): (() => void) => {
          try {
            const value = work()
            return () => resolve(value)
          } catch (error) {
            if (!(error instanceof TypeError)) throw error
            return () => reject(error)
          }
        }
        if (waiting.push({ run, fail: reject }) === 1) setImmediate(flush)
      }),
    flush,
  }
}
