import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import type { Key, Store } from '../../../shared/ports/store.ts'

/** More than one request leaves behind. */
const atMost = 25

/** What else there is of the same request, an intent's outcome included, and of the same proposal the request's. */
export async function correlated(
  store: Store,
  { request }: Entry,
  eid: string,
): Promise<readonly NamedEntry[]> {
  if (request === undefined) return []
  const page = await store.query({
    index: indexes.byRequest,
    partition: request,
    order: 'asc',
    limit: atMost,
  })
  const others = page.keys.filter(({ pk }) => pk !== eid) as readonly Key<Entry>[]
  const found = await store.get(others.map(({ pk }) => keys.entry(pk)))
  return others.flatMap(({ pk }, n) => {
    const entry = found[n]
    return entry ? [{ eid: pk, entry }] : []
  })
}
