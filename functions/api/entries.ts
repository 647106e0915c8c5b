import { indexes, keys } from '../../shared/domain/keys.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import type { Key, Store } from '../../shared/ports/store.ts'

export interface EntryPage {
  readonly items: readonly object[]
  readonly next: string | null
}

const maxPage = 100

/** An organisation's own entries in the order of time. `order` and `limit` come from the query string. */
export async function listEntries(
  store: Store,
  organisation: string,
  query: Readonly<Record<string, string | undefined>>,
): Promise<EntryPage | Refusal> {
  const { order = 'desc', limit = '20', after } = query
  if (order !== 'asc' && order !== 'desc') return malformed('order', 'order is asc or desc.')
  const size = /^\d+$/.test(limit) ? Number(limit) : 0
  if (size < 1 || size > maxPage) return malformed('limit', `limit is 1 to ${maxPage}.`)

  const page = await store
    .query({
      index: indexes.byOrganisation,
      partition: organisation,
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
    return entry ? [shown(key.pk, entry)] : []
  })
  return { items, next: page.next ?? null }
}

/** One entry, if it is the organisation's own: another's looks like one that is not there. */
export async function getEntry(store: Store, organisation: string, eid: string): Promise<object | Refusal> {
  const [entry] = await store.get([keys.entry(eid)])
  if (entry === undefined || entry.organisation !== organisation)
    return refuse('entry_unknown', 'It does not exist, or it is not yours.')
  return shown(eid, entry)
}

const shown = (eid: string, entry: Entry): object => ({
  eid,
  digest: entry.digest,
  body: JSON.parse(entry.body),
})

const malformed = (field: string, detail: string): Refusal => refuse('body_malformed', detail, { field })
