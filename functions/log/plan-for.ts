import { parseQuery } from '../../shared/search/grammar.ts'
import { type Plan, planQuery } from '../../shared/search/plan.ts'
import { isQueryFault, type QueryFault } from '../../shared/search/query.ts'
import type { Reader } from './entry-view.ts'

export interface Queried {
  readonly q: string
  /** What the organisation's people decided, in place of what is about it. */
  readonly by?: 'us'
  /** Milliseconds: what relative times go by. */
  readonly now: number
}

/** What is read for somebody's query. What of it they are shown is judged entry by entry. */
export function planFor({ kind, viewer }: Reader, { q, now, by }: Queried): Plan | QueryFault {
  const parsed = parseQuery(q)
  if (isQueryFault(parsed)) return parsed
  // A partner is shown little else than what is about it; whoever may see entries of others has to look at all.
  const ownAlone = kind === 'workload' || viewer.kind === 'partner'
  return planQuery(parsed, {
    now,
    mayWalkAll: !ownAlone,
    organisation: viewer.organisation,
    ...(by && { by }),
  })
}
