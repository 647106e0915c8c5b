import { indexes, keys } from '../shared/domain/keys.ts'
import { everyPendingShard } from '../shared/entries/id.ts'
import type { Store } from '../shared/ports/store.ts'

/** Two minutes' schedules have then passed an entry by, or the stream has and one of them. Milliseconds. */
export const behindMs = 60_000

/** Of each shard of the index, so that one read has them all. */
export const looksAt = 6

/**
 * When entries that wait for their place were made, of as many as one read has. Milliseconds. An id tells when a call
 * began, and an outcome may come long after: what counts is when an entry was made. The index may still name one that
 * has its place.
 */
export async function readWaiting(store: Pick<Store, 'get' | 'query'>): Promise<readonly number[]> {
  const pages = await Promise.all(
    everyPendingShard().map(partition =>
      store.query({ index: indexes.pending, partition, order: 'asc', limit: looksAt }),
    ),
  )
  const entries = await store.get(pages.flatMap(page => page.keys.map(({ pk }) => keys.entry(pk))))
  return entries.flatMap(entry => (entry && entry.i === undefined ? [Number(entry.exact.time) / 1000] : []))
}
