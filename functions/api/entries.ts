import { indexes, keys } from '../../shared/domain/keys.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { isEntryId } from '../../shared/entries/id.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import type { Key, Query, Store } from '../../shared/ports/store.ts'
import { readTree } from '../log/proofs.ts'
import { type ShownEntry, showEntries } from '../log/show.ts'
import { correlated } from './log/correlated.ts'
import { refuseDeleted } from './log/deleted.ts'
import { recordRead } from './log/record-read.ts'
import { search } from './log/search.ts'
import type { Context } from './operation.ts'

type Asking = Pick<Context, 'deps' | 'caller' | 'request'>

export interface EntryPage {
  readonly items: readonly ShownEntry[]
  readonly next: string | null
}

export interface ListQuery {
  readonly order?: 'asc' | 'desc' | undefined
  readonly limit?: string | undefined
  readonly after?: string | undefined
  readonly by?: 'us' | undefined
}

const maxPage = 100

export interface FindQuery extends ListQuery {
  readonly q?: string | undefined
  readonly proofs?: 'true' | undefined
  readonly explain?: 'true' | undefined
}

/** A search where there is a query, else a list. */
export async function findEntries(asking: Asking, query: FindQuery): Promise<object | Refusal> {
  const { q, proofs, explain, ...rest } = query
  if (rest.after !== undefined && isOfSearch(rest.after) !== (q !== undefined))
    return malformed('after', 'after belongs to another query.')
  if (q === undefined)
    return proofs || explain
      ? malformed(proofs ? 'proofs' : 'explain', 'This goes with a query, q.')
      : listEntries(asking, rest)
  if (rest.order === 'asc') return malformed('order', 'A search shows the newest first.')
  const limit = pageSize(rest.limit)
  if (limit instanceof Refusal) return limit
  const { after, by } = rest
  return search(asking, { q, limit, after, by, proofs: proofs === 'true', explain: explain === 'true' })
}

/** Where a search has ended is told in JSON, and where a list has in no such form. */
const isOfSearch = (after: string): boolean => after.startsWith('{')

function pageSize(limit = '20'): number | Refusal {
  const size = /^\d+$/.test(limit) ? Number(limit) : 0
  return size < 1 || size > maxPage ? malformed('limit', `limit is 1 to ${maxPage}.`) : size
}

/** In the order of time: entries about the caller's organisation, or of what its people decided. Readings are left out. */
export async function listEntries(asking: Asking, query: ListQuery): Promise<EntryPage | Refusal> {
  const { deps, caller } = asking
  const { order = 'desc', after, by } = query
  const size = pageSize(query.limit)
  if (size instanceof Refusal) return size

  const index = by === 'us' ? indexes.byActor : indexes.byOrganisation
  const listed = await pageWithoutReadings(deps.store, {
    ...{ index, partition: caller.viewer.organisation, order, limit: size },
    ...(after && { after }),
  }).catch((error: unknown) => {
    if (error instanceof TypeError) return malformed('after', 'after is the next of an earlier page.')
    throw error
  })
  if (listed instanceof Refusal) return listed
  const items = await showEntries(deps.log, caller, listed.entries)
  if (items instanceof Refusal) return items
  // Whoever follows the log asks every second: once a minute is said that they found nothing new.
  const asked = { ...query, ...(after && { after: true }) }
  await recordRead(asking, { operation: 'list', query: JSON.stringify(asked), eids: eidsOf(items) }, true)
  return { items, next: listed.next ?? null }
}

/** Whoever reads often has many readings, and would be shown empty pages: so many are looked at in place of one. */
const pagesInOne = 10

async function pageWithoutReadings(
  store: Store,
  query: Query,
): Promise<{ readonly entries: readonly NamedEntry[]; readonly next: string | undefined }> {
  const entries: NamedEntry[] = []
  let next = query.after
  for (let looked = 0; looked < pagesInOne; looked++) {
    const limit = query.limit - entries.length
    const page = await store.query({ ...query, limit, ...(next !== undefined && { after: next }) })
    const found = await store.get(page.keys as readonly Key<Entry>[])
    page.keys.forEach(({ pk }, i) => {
      const entry = found[i]
      if (entry && !isReading(entry)) entries.push({ eid: pk, entry })
    })
    next = page.next
    if (next === undefined || entries.length === query.limit) break
  }
  return { entries, next }
}

const isReading = ({ body }: Entry): boolean =>
  (JSON.parse(body) as { unmapped: { kind: string } }).unmapped.kind === 'log_read'

export const eidsOf = (items: readonly { readonly eid: string }[]): readonly string[] =>
  items.map(({ eid }) => eid)

/** One entry, if the caller may see it: another looks like one that is not there. With its outcome, or its intent. */
export async function getEntry(asking: Asking, eid: string): Promise<object | Refusal> {
  const found = await readEntry(asking, eid)
  if (found instanceof Refusal) return found
  const { deps, caller } = asking
  const others = await correlated(deps.store, found.entry, eid)
  const shown = await showEntries(deps.log, caller, others)
  if (shown instanceof Refusal) return shown
  await recordRead(asking, { operation: 'record', eids: [eid, ...eidsOf(shown)] })
  return { ...found.shown, correlated: shown }
}

/** The same with the proof that it is in the tree that is published: a `.tlog-proof` file. */
export async function proveEntry(asking: Asking, eid: string): Promise<object | Refusal> {
  const found = await readEntry(asking, eid)
  if (found instanceof Refusal) return found
  const tree = await readTree(asking.deps.log.objects)
  const { i } = found.entry
  if (tree === undefined || i === undefined || i >= tree.size)
    return refuse('not_in_tree_yet', 'It is recorded, and waits for its place.', { retryAfter: 2 })
  const proof = await tree.prove(i)
  await recordRead(asking, { operation: 'proof', size: tree.size, eids: [eid] })
  return { ...found.shown, proof }
}

async function readEntry(
  { deps, caller }: Asking,
  eid: string,
): Promise<{ readonly entry: Entry; readonly shown: ShownEntry } | Refusal> {
  // What else stands in that table is no entry.
  const [entry] = isEntryId(eid) ? await deps.store.get([keys.entry(eid)]) : []
  const shown = entry && (await showEntries(deps.log, caller, [{ eid, entry }]))
  if (shown instanceof Refusal) return shown
  const [one] = shown ?? []
  if (entry === undefined || one === undefined)
    return (
      (await refuseDeleted(deps.store, eid)) ??
      refuse('entry_unknown', 'It does not exist, or it is not yours.')
    )
  return { entry, shown: one }
}

const malformed = (field: string, detail: string): Refusal => refuse('body_malformed', detail, { field })
