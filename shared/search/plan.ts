/**
 * How a query is answered: which index is walked, over which time, and what is compared after reading. It only saves
 * reading: who may see an entry is judged of each that is found.
 */
import { everyDayShard, everyOpenShard, floorTime } from '../entries/id.ts'
import { openEnding } from './kinds.ts'
import { isValue } from './matching.ts'
import { emptyRange, intersect, type Range } from './moments.ts'
import { type ParsedQuery, type QueryFault, type Term, timeUnits, type WordKey } from './query.ts'

/** The indexes by their names in `shared/domain/keys.ts`; `entry` reads the entries themselves, by id. */
export type PlanIndex = 'by_request' | 'by_organisation' | 'by_actor' | 'open_intents' | 'by_day' | 'entry'

export interface Plan {
  readonly index: PlanIndex
  readonly why: Why
  /** In the order in which they are walked: of days the newest first; of `entry` the ids. */
  readonly partitions: readonly string[]
  /** Milliseconds, absolute; both belong to the range. `from` is on the grid of ids, so that a step is taken whole. */
  readonly from: number
  readonly to: number
  readonly range: 'asked' | 'last_day' | 'everything'
  readonly order: 'desc'
  /** All that is compared after reading; what the index has chosen by is compared again. */
  readonly filter: readonly Term[]
  /** Kinds of entries that are left out. */
  readonly skips: readonly 'log_read'[]
}

export type Why =
  | 'entry'
  | 'request'
  | 'decided_by_own'
  | 'partner'
  | 'own_alone'
  | 'open'
  | 'nothing_narrower'

export type PlanContext = {
  /** Milliseconds: what relative times go by. */
  readonly now: number
  /** What the organisation's people decided, in place of what is about it. */
  readonly by?: 'us'
} & (
  | { readonly mayWalkAll: true; readonly organisation?: string }
  /** There is nothing for them but what is about their organisation, so that nothing else is read. */
  | { readonly mayWalkAll: false; readonly organisation: string }
)

/** Longer ranges are not walked day by day: so many days are 16 partitions each. */
const maxDays = 1_100

/** Characters: no request has an id as long, and stores bound what an index is asked for. */
const maxRequest = 500

/** A fault where ranges of fixed and of relative times contradict each other, or are too long to be walked. */
export function planQuery({ times, terms }: ParsedQuery, context: PlanContext): Plan | QueryFault {
  const { now } = context
  const place = times[0] ?? { at: 0, length: 0 }
  const asked = intersect(times, now)
  if ('message' in asked) return asked
  const chosen = choose(terms, context)
  const { from, to, range } = rangeOf(asked, chosen.index, now)
  if (from > to)
    return emptyRange(place, 'The range begins after now.', 'Begin with an earlier moment: time:>=-24h')
  const plan: Plan = {
    ...chosen,
    from,
    to,
    range,
    order: 'desc',
    filter: terms,
    skips: asksForReads(terms) ? [] : ['log_read'],
  }
  if (plan.index !== 'by_day') return plan
  // Nothing is recorded for later; but clocks differ.
  const last = dayOf(Math.min(to, now + timeUnits.d))
  const first = asked.from === undefined ? Math.max(dayOf(from), last - maxDays + 1) : dayOf(from)
  if (last - first >= maxDays)
    return emptyRange(
      place,
      `The range has more than ${maxDays.toLocaleString('en-US')} days, which are too many to be walked one by one.`,
      'Begin later, or name one request: time:>=-90d',
    )
  return {
    ...plan,
    from: Math.max(from, first * timeUnits.d),
    partitions: daysBack(first, last).flatMap(day => everyDayShard(day * timeUnits.d)),
  }
}

function choose(terms: readonly Term[], context: PlanContext): Pick<Plan, 'index' | 'why' | 'partitions'> {
  const { mayWalkAll, organisation, by } = context
  const entries = exactly(terms, 'entry')
  if (entries.length > 0)
    return { index: 'entry', why: 'entry', partitions: [...new Set(entries)].sort().reverse() }
  const [request, ...requests] = exactly(terms, 'request')
  if (request !== undefined && requests.length === 0 && request.length <= maxRequest)
    return { index: 'by_request', why: 'request', partitions: [request] }
  if (by === 'us' && organisation !== undefined)
    return { index: 'by_actor', why: 'decided_by_own', partitions: [organisation] }
  if (!mayWalkAll) return { index: 'by_organisation', why: 'own_alone', partitions: [context.organisation] }
  const [ending, ...endings] = exactly(terms, 'ending')
  if (ending === openEnding && endings.length === 0)
    return { index: 'open_intents', why: 'open', partitions: everyOpenShard() }
  const [partner, ...partners] = exactly(terms, 'partner')
  // Of another's entries only some are there for the reader: how many were passed over would tell of the rest.
  if (partner !== undefined && partner === organisation && partners.length === 0)
    return { index: 'by_organisation', why: 'partner', partitions: [partner] }
  return { index: 'by_day', why: 'nothing_narrower', partitions: [] }
}

/** The values of the first term that says exactly what a key has to be; none where no term does. */
function exactly(terms: readonly Term[], key: WordKey): readonly string[] {
  for (const term of terms)
    if (term.key === key && !term.negated && 'values' in term && term.values.every(({ prefix }) => !prefix))
      return term.values.map(({ text }) => text)
  return []
}

/** Who names one entry or one request wants it, however old it is; everybody else is shown the last day first. */
function rangeOf({ from, to }: Range, index: PlanIndex, now: number): Required<Range> & Pick<Plan, 'range'> {
  const last = Math.max(0, to ?? now)
  if (from !== undefined) return { from: floorTime(Math.max(0, from)), to: last, range: 'asked' }
  if (to !== undefined) return { from: 0, to: last, range: 'asked' }
  return index === 'entry' || index === 'by_request'
    ? { from: 0, to: last, range: 'everything' }
    : { from: floorTime(Math.max(0, now - timeUnits.d)), to: last, range: 'last_day' }
}

/** They are asked for by their type, by their kind, or as that one entry. */
const asksForReads = (terms: readonly Term[]): boolean =>
  exactly(terms, 'entry').length > 0 ||
  terms.some(
    term =>
      term.key === 'type' &&
      !term.negated &&
      term.values.some(value => isValue('read', value) || isValue('log_read', value)),
  )

const dayOf = (ms: number): number => Math.floor(ms / timeUnits.d)

const daysBack = (first: number, last: number): readonly number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, back) => last - back)
