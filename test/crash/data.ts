/** The data folder of the series, as it is looked at from outside of its server. */
import { constants, copyFile, mkdtemp, readdir, rm, watch } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqliteStore, type SqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../shared/domain/keys.ts'
import { everyPendingShard } from '../../shared/entries/id.ts'
import type { Store } from '../../shared/ports/store.ts'

export const databaseOf = (folder: string): string => join(folder, 'sallyport.db')
/** Where the commits of the log are staged. */
export const stagingOf = (data: string): string => join(data, 'bucket', 'objects', 'staging')
/** What every object comes through. */
export const incomingOf = (data: string): string => join(data, 'bucket', 'incoming')
export const openStore = (folder: string): SqliteStore =>
  openSqliteStore(databaseOf(folder), Object.values(indexes))

/** Looked at in a copy: the next start is to find the file and its log as the kill left them. */
export async function readCopy<T>(
  data: string,
  look: (store: SqliteStore, file: string) => Promise<T>,
): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'sallyport-copy-'))
  // Without the index of the log: that is made anew, as after a crash of the machine.
  const files = (await readdir(data)).filter(name => /^sallyport\.db(-wal)?$/.test(name))
  for (const name of files) await copyFile(join(data, name), join(copy, name), constants.COPYFILE_FICLONE)
  const store = openStore(copy)
  const found = await look(store, databaseOf(copy))
  store.close()
  await rm(copy, { recursive: true })
  return found
}

/** Resolves when the names in a folder have changed so many times, or when nothing happens there for a second. */
export async function nextIn(folder: string, changes: number): Promise<void> {
  const quiet = new AbortController()
  const timer = setTimeout(() => quiet.abort(), 1_000)
  let seen = 0
  try {
    for await (const _ of watch(folder, { signal: quiet.signal })) {
      timer.refresh()
      seen += 1
      if (seen === changes) return
    }
  } catch (error) {
    if (!quiet.signal.aborted) throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Some entry has no place yet, or the last commit is not finished. */
export async function isWaiting(store: Store): Promise<boolean> {
  const pages = await Promise.all(
    everyPendingShard().map(partition =>
      store.query({ index: indexes.pending, partition, order: 'asc', limit: 1 }),
    ),
  )
  const [state] = await store.get([keys.logState])
  return pages.some(({ keys }) => keys.length > 0) || state?.finished !== state?.staged
}
