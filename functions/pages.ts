import type { Key, Query, Store } from '../shared/ports/store.ts'

/** The keys of every page of a query. An index may lag; what it names is to be read strongly. */
export async function* pages<R extends object>(
  store: Store,
  query: Omit<Query, 'order' | 'limit' | 'after'>,
): AsyncGenerator<readonly Key<R>[]> {
  let after: string | undefined
  do {
    const page = await store.query({
      ...query,
      order: 'asc',
      limit: 100,
      ...(after !== undefined && { after }),
    })
    if (page.keys.length > 0) yield page.keys as readonly Key<R>[]
    after = page.next
  } while (after !== undefined)
}
