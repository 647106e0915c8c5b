/** Which entries a preservation order covers. Pure: a deletion holds every entry against it, without an index. */
import { floorTime } from '../entries/id.ts'
import type { SearchFacts } from './facts.ts'
import { parseQuery } from './grammar.ts'
import { isFound } from './matching.ts'
import { intersect } from './moments.ts'
import { type Plan, planQuery } from './plan.ts'
import { isQueryFault, type ParsedQuery, type QueryFault } from './query.ts'

export interface Covering {
  readonly parsed: ParsedQuery
  /** Milliseconds; both belong to it. Without an end it covers what is still to come. */
  readonly from: number
  readonly to: number
  readonly plan: Pick<Plan, 'filter' | 'skips'>
}

/** `at`: what relative times go by. Milliseconds. */
export function coveringOf({ q, at }: { readonly q: string; readonly at: number }): Covering | QueryFault {
  const parsed = parseQuery(q)
  if (isQueryFault(parsed)) return parsed
  const range = intersect(parsed.times, at)
  if ('message' in range) return range
  const plan = planQuery({ times: [], terms: parsed.terms }, { now: at, mayWalkAll: true })
  if (isQueryFault(plan)) return plan
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = range
  // Times of entries stand on a grid: a step of it is taken whole.
  return { parsed, from: floorTime(Math.max(0, from)), to, plan }
}

export const covers = ({ from, to, plan }: Covering, facts: SearchFacts): boolean =>
  isFound({ ...(plan as Plan), from, to }, facts)

/** How a part of it is walked. Open calls are no index of it: what was open is closed later, and stays covered. */
export function planOfPart(
  { parsed }: Covering,
  { from, to }: { readonly from: number; readonly to: number },
): Plan | QueryFault {
  const range = { from: { kind: 'at', ms: from }, to: { kind: 'at', ms: to }, at: 0, length: 0 } as const
  const terms = parsed.terms.filter(term => term.key !== 'ending')
  return planQuery({ times: [range], terms }, { now: to, mayWalkAll: true })
}

/** The values of a key that a query names exactly, in every term of it. */
export function namedBy(
  { parsed }: Covering,
  key: 'model' | 'partner' | 'client' | 'person',
): readonly string[] {
  const term = parsed.terms.find(one => one.key === key && !one.negated && 'values' in one)
  if (term === undefined || !('values' in term)) return []
  return term.values.every(({ prefix }) => !prefix) ? term.values.map(({ text }) => text) : []
}
