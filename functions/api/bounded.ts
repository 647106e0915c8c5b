import type { Key, Query, Store } from '../../shared/ports/store.ts'

/** Of 100 records each. */
const maxPages = 10

/** As many records as one request looks at; `atLeast` where there were more. */
export async function readBounded<R extends object>(
  store: Store,
  range: Omit<Query, 'limit' | 'after'>,
): Promise<{ readonly records: readonly R[]; readonly atLeast: boolean }> {
  const records: R[] = []
  let after: string | undefined
  for (let page = 0; page < maxPages; page++) {
    const found = await store.query({ ...range, limit: 100, ...(after !== undefined && { after }) })
    for (const one of await store.get(found.keys as readonly Key<R>[])) if (one) records.push(one)
    after = found.next
    if (after === undefined) return { records, atLeast: false }
  }
  return { records, atLeast: true }
}
