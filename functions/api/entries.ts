import { indexes, keys } from '../../shared/domain/keys.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Key, Store } from '../../shared/ports/store.ts'
import { type Reader, viewOf } from './entry-view.ts'

export interface EntryPage {
  readonly items: readonly object[]
  readonly next: string | null
}

const maxPage = 100

/**
 * In the order of time: entries about the caller's organisation, or of what its people decided. `order`, `limit` and
 * `by` come from the query string.
 */
export async function listEntries(
  store: Store,
  reader: Reader,
  query: Readonly<Record<string, string | undefined>>,
): Promise<EntryPage | Refusal> {
  const { order = 'desc', limit = '20', after, by } = query
  if (order !== 'asc' && order !== 'desc') return malformed('order', 'order is asc or desc.')
  const size = /^\d+$/.test(limit) ? Number(limit) : 0
  if (size < 1 || size > maxPage) return malformed('limit', `limit is 1 to ${maxPage}.`)

  const page = await store
    .query({
      index: by === 'us' ? indexes.byActor : indexes.byOrganisation,
      partition: reader.viewer.organisation,
      order,
      limit: size,
      ...(after && { after }),
    })
    .catch((error: unknown) => {
      if (error instanceof TypeError) return malformed('after', 'after is the next of an earlier page.')
      throw error
    })
  if (!('keys' in page)) return page
  const found = await store.get(page.keys as readonly Key<Entry>[])
  const items = page.keys.flatMap((key, i) => {
    const entry = found[i]
    const shown = entry && viewOf(reader, key.pk, entry)
    return shown ? [shown] : []
  })
  return { items, next: page.next ?? null }
}

/** One entry, if the caller may see it: another looks like one that is not there. */
export async function getEntry(store: Store, reader: Reader, eid: string): Promise<object | Refusal> {
  const [entry] = await store.get([keys.entry(eid)])
  return (
    (entry && viewOf(reader, eid, entry)) ?? refuse('entry_unknown', 'It does not exist, or it is not yours.')
  )
}

const malformed = (field: string, detail: string): Refusal => refuse('body_malformed', detail, { field })
