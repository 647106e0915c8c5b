/** `GET /entries?q=…`: what a query finds of what somebody may see, page by page of one and the same tree. */

import { keys } from '../../../shared/domain/keys.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { explainPlan } from '../../../shared/search/explain.ts'
import { type Facet, facets } from '../../../shared/search/facets.ts'
import { type SearchFacts, searchFacts } from '../../../shared/search/facts.ts'
import { isFound } from '../../../shared/search/matching.ts'
import type { Plan } from '../../../shared/search/plan.ts'
import { isQueryFault, type QueryFault } from '../../../shared/search/query.ts'
import { viewOf } from '../../log/entry-view.ts'
import { placedSize } from '../../log/placed-size.ts'
import { planFor } from '../../log/plan-for.ts'
import { type PublishedTree, readTree } from '../../log/proofs.ts'
import { type ShownEntry, showEntries } from '../../log/show.ts'
import { partOf, walk } from '../../log/walk.ts'
import type { Context } from '../operation.ts'
import { recordRead } from './record-read.ts'

export interface SearchQuery {
  readonly q: string
  readonly limit: number
  /** Where an earlier page ended: what `next` was sealed from. */
  readonly after?: string | undefined
  readonly by?: 'us' | undefined
  readonly proofs?: boolean | undefined
  readonly explain?: boolean | undefined
}

/** What every page of one search shares: the range in milliseconds, and the tree. */
interface Pin {
  readonly q: string
  readonly by?: 'us'
  /** Relative times go by it. */
  readonly now: number
  readonly size: number
}

interface Position extends Pin {
  /** The last entry that was looked at, or the least id down to which there was none. */
  readonly eid: string
}

export interface Found {
  readonly items: readonly (ShownEntry & { readonly proof?: string })[]
  readonly next: string | null
  readonly pin: { readonly from: string; readonly to: string; readonly size: number }
  readonly facets: readonly Facet[]
  /** Down to here every entry was looked at; the next page goes on from there. */
  readonly looked_until: string
  readonly explain?: readonly string[]
}

/** Entries that are looked at for one page, at most: a query that finds little is answered as soon. */
const lookedAtMost = 2_000

type Asking = Pick<Context, 'deps' | 'caller' | 'request'>

export async function search(asking: Asking, query: SearchQuery): Promise<Found | Refusal> {
  const { deps, caller } = asking
  const position = query.after === undefined ? undefined : (JSON.parse(query.after) as Position)
  if (position && (position.q !== query.q || position.by !== query.by))
    return refuse('body_malformed', 'after belongs to another query.', { field: 'after' })
  const tree = await readTree(deps.log.objects)
  const pin: Pin = position ?? {
    q: query.q,
    now: deps.clock.now(),
    size: await findableSize(deps, tree),
    ...(query.by && { by: query.by }),
  }
  const plan = planFor(caller, pin)
  if (isQueryFault(plan)) return refusedQuery(plan)
  if (query.explain) return { ...explained(plan, pin), explain: explainPlan(plan) }

  const page = await pageOf(asking, plan, pin, query.limit, position?.eid)
  const items = await showEntries(deps.log, caller, page.found)
  if (items instanceof Refusal) return items
  const proved = query.proofs && tree ? await prove(tree, items) : items
  const eids = items.map(({ eid }) => eid)
  await recordRead(asking, { operation: 'search', query: query.q, size: pin.size, eids })
  return {
    items: proved,
    next: page.last === undefined ? null : JSON.stringify({ ...pin, eid: page.last } satisfies Position),
    pin: { from: time(plan.from), to: time(plan.to), size: pin.size },
    facets: facets(page.facts),
    looked_until: time(page.last === undefined ? plan.from : timeOfEntry(page.last)),
  }
}

/** Of the tree that is published, what can be found by its place. */
async function findableSize({ store }: Asking['deps'], tree: PublishedTree | undefined): Promise<number> {
  const [state] = await store.get([keys.logState])
  return Math.min(tree?.size ?? 0, placedSize(state))
}

/** With the position in the text, and what to write instead. */
export const refusedQuery = ({ at, length, message, next }: QueryFault): Refusal =>
  refuse('query_malformed', message, { field: 'q', position: { at, length }, next })

const explained = (plan: Plan, { size }: Pin): Found => ({
  items: [],
  next: null,
  pin: { from: time(plan.from), to: time(plan.to), size },
  facets: [],
  looked_until: time(plan.to),
})

const bodyOf = ({ body }: Entry) => JSON.parse(body) as Readonly<Record<string, unknown>>

interface Looked {
  readonly found: readonly NamedEntry[]
  readonly facts: readonly SearchFacts[]
  /** The last entry that was looked at, or the least id down to which there is none, where there may be more. */
  readonly last: string | undefined
}

async function pageOf(
  { deps, caller }: Asking,
  plan: Plan,
  { size }: Pin,
  limit: number,
  before: string | undefined,
): Promise<Looked> {
  const found: NamedEntry[] = []
  const facts: SearchFacts[] = []
  const part = partOf(plan, before)
  let looked = 0
  for await (const group of walk(deps.store, part.plan, before))
    for (const named of group) {
      const { eid, entry } = named
      looked += 1
      // What has come since the first page has no place in the tree of then. What is not theirs to see is not held
      // against the query either: an answer that took longer would tell of it.
      const seen = entry.i !== undefined && entry.i < size && viewOf(caller, entry) !== undefined
      const told = seen && searchFacts(eid, bodyOf(entry), entry)
      if (told && isFound(plan, told)) {
        found.push(named)
        facts.push(told)
      }
      if (found.length === limit || looked >= lookedAtMost) return { found, facts, last: eid }
    }
  return { found, facts, last: part.until }
}

/** The tree may have grown since the search began: every entry of the pinned one is in it. */
const prove = (tree: PublishedTree, items: readonly ShownEntry[]): Promise<Found['items']> =>
  Promise.all(
    items.map(async item => {
      const { index } = item.view
      return index === null ? item : { ...item, proof: await tree.prove(index) }
    }),
  )
