/** Lists: an index says which records there are, each is read strongly, and only what the caller sees is shown. */
import { type Governed, indexes, type RecordKind } from '../../shared/domain/keys.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Key, Page, Query, Store } from '../../shared/ports/store.ts'
import type { Answer } from './operation.ts'

const defaultPage = 50
/** Pages of an index that one request reads at most; the cursor goes on from there. */
const maxPages = 10

export interface Listing<R extends object> {
  /** All of a kind, or those of an owner. */
  readonly record: RecordKind
  readonly owner?: string
  readonly limit?: number | undefined
  readonly after?: string | undefined
  /** `undefined` for what the caller does not see. */
  show(record: R): object | undefined | Promise<object | undefined>
}

/** Items in the order of their ids, with a cursor. */
export async function listRecords<R extends object>(
  store: Store,
  { record, owner, limit = defaultPage, after, show }: Listing<Governed<R>>,
): Promise<Answer | Refusal> {
  const where: Pick<Query, 'index' | 'partition' | 'from' | 'to'> =
    owner === undefined
      ? { index: indexes.byRecord, partition: record }
      : { index: indexes.byOwner, partition: owner, from: `${record}#`, to: `${record}$` }
  const items: object[] = []
  let next = after
  for (let page = 0; page < maxPages; page++) {
    const found = await readPage(store, {
      ...where,
      order: 'asc',
      limit: limit - items.length,
      ...(next !== undefined && { after: next }),
    })
    if (found instanceof Refusal) return found
    for (const one of await store.get(found.keys as readonly Key<Governed<R>>[])) {
      const shown = one && (await show(one))
      if (shown) items.push(shown)
    }
    next = found.next
    if (next === undefined || items.length >= limit) break
  }
  return { status: 200, body: { items, next: next ?? null } }
}

const readPage = (store: Store, query: Query): Promise<Page | Refusal> =>
  store.query(query).catch((error: unknown) => {
    if (error instanceof TypeError)
      return refuse('body_malformed', 'after is the next of an earlier page.', { field: 'after' })
    throw error
  })
