/** Whether all that must hold does hold, told by the store alone and by what its callers were told. */
import { dayOf, type Meter } from '../../shared/domain/meter.ts'
import { announcedReserve, reservedMeters } from '../../shared/entries/call.ts'
import type { Entry } from '../../shared/entries/entry.ts'
import { outcomeId } from '../../shared/entries/id.ts'
import type { Store } from '../../shared/ports/store.ts'
import { entriesOf, told } from '../world/entries.ts'
import { driftOf, metersOf, openCalls } from './stages.ts'
import type { Told } from './traffic.ts'

export interface Verdict {
  readonly violations: readonly string[]
  readonly meters: readonly Meter[]
  readonly intents: number
  /** Outcomes by how the call ended. */
  readonly endings: ReadonlyMap<string, number>
  /** Tokens. */
  readonly charged: number
}

interface Call {
  readonly intent: Entry
  readonly outcome: Entry
}

/** `meterOf` has the meter of each organisation's own; `meters` are these and those that they share. */
export async function judge(
  store: Store,
  where: { readonly meterOf: Readonly<Record<string, string>>; readonly meters: readonly string[] },
  seen: Told,
  upstream: { readonly produced: number; readonly since: number },
): Promise<Verdict> {
  const violations: string[] = []
  const entries = new Map<string, Entry>()
  for (const organisation of Object.keys(where.meterOf))
    for (const { eid, entry } of await entriesOf(store, organisation)) entries.set(eid, entry)
  const calls = pairs(entries, violations)
  const meters = await metersOf(store, where.meters)
  for (const meter of meters) judgeMeter(meter, calls, upstream.since, violations)
  for (const [eid, stage] of await openCalls(store, meters)) violations.push(`${eid} is open: ${stage}`)
  judgeTold(seen, entries, calls, violations)

  const endings = new Map<string, number>()
  let charged = 0
  for (const [eid, { intent, outcome }] of calls) {
    const charge = outcome.charge ?? Number.NaN
    const ending = String(told(outcome).ending)
    endings.set(ending, (endings.get(ending) ?? 0) + 1)
    charged += charge
    if (!intent.meters?.includes(where.meterOf[intent.organisation ?? ''] ?? ''))
      violations.push(`${eid} is not charged to the grant of ${intent.organisation}`)
    if (!(charge <= announcedReserve(intent)))
      violations.push(`${eid} is charged ${charge}, beyond its reservation`)
  }
  if (!(charged >= upstream.produced))
    violations.push(`${charged} tokens are charged, and the upstream produced ${upstream.produced}`)
  return { violations, meters, intents: calls.size, endings, charged }
}

/** Intents with their outcomes. An outcome's id is made of its intent's, so that none can have two. */
function pairs(entries: ReadonlyMap<string, Entry>, violations: string[]): ReadonlyMap<string, Call> {
  const calls = new Map<string, Call>()
  const answered = new Set<string>()
  for (const [eid, intent] of entries) {
    if (told(intent).kind !== 'intent') continue
    const outcome = entries.get(outcomeId(eid))
    if (outcome === undefined || told(outcome).kind !== 'outcome') {
      violations.push(`${eid} has no outcome`)
      continue
    }
    calls.set(eid, { intent, outcome })
    answered.add(outcomeId(eid))
  }
  for (const [eid, entry] of entries)
    if (told(entry).kind === 'outcome' && !answered.has(eid)) violations.push(`${eid} has no intent`)
  return calls
}

function judgeMeter(
  meter: Meter,
  calls: ReadonlyMap<string, Call>,
  since: number,
  violations: string[],
): void {
  const { id, used, remaining, limits, leases, seqs, lefts, overruns, day, dayUsed, seq, state } = meter
  if (driftOf(meter) !== 0 || used + remaining !== limits.total)
    violations.push(`${id}: ${used} used and ${remaining} remaining are not ${limits.total}`)
  if (remaining < 0) violations.push(`${id} is charged beyond its total`)
  for (const [what, left] of Object.entries({ leases, seqs, lefts, overruns }))
    if (Object.keys(left).length > 0) violations.push(`${id} has ${what} left: ${JSON.stringify(left)}`)
  if (state !== 'open') violations.push(`${id} is ${state}`)
  if (day === dayOf(since) && dayUsed !== used) violations.push(`${id}: ${dayUsed} of ${used} used today`)

  const charges = [...calls].filter(([, { intent }]) => intent.meters?.includes(id))
  const charged = charges.reduce((sum, [, { outcome }]) => sum + (outcome.charge ?? Number.NaN), 0)
  if (charged !== used) violations.push(`${id}: ${used} used, and its outcomes charge ${charged}`)

  // Each reservation that ever was has its number, and stands in the outcome of one call.
  const told = charges.flatMap(([, { outcome }]) => reservedMeters(outcome).filter(one => one.meter === id))
  const numbers = new Set(told.map(one => one.seq))
  if (told.length !== seq || numbers.size !== seq)
    violations.push(`${id}: ${seq} reservations, and outcomes tell of ${told.length}, ${numbers.size} unlike`)
}

/** No acknowledged entry is lost, and each says what the caller saw. */
function judgeTold(
  seen: Told,
  entries: ReadonlyMap<string, Entry>,
  calls: ReadonlyMap<string, Call>,
  violations: string[],
): void {
  for (const [eid, { tokens, end, usage }] of seen.calls) {
    const call = calls.get(eid)
    if (call === undefined) {
      violations.push(`${eid} was told to a caller and is lost`)
      continue
    }
    const { charge = Number.NaN } = call.outcome
    const { ending } = told(call.outcome)
    if (end !== undefined && (ending === 'completed') !== (end === 'completed'))
      violations.push(`${eid} ${end} for its caller, and its outcome says ${ending}`)
    if (end !== undefined && ending === 'estimated') violations.push(`the outcome of ${eid} is lost`)
    if (ending === 'abandoned') violations.push(`${eid} was answered, and its outcome says ${ending}`)
    if (!(charge >= tokens)) violations.push(`${eid} is charged ${charge}, and its caller got ${tokens}`)
    if (usage !== undefined && charge !== usage)
      violations.push(`${eid} is charged ${charge}, and its reply says ${usage}`)
  }
  const issued = new Set(
    [...entries.values()].map(told).flatMap(one => (one.kind === 'issuance' ? [one.token] : [])),
  )
  for (const token of seen.tokens) if (!issued.has(token)) violations.push(`the issuance of ${token} is lost`)
  for (const [answer, times] of seen.answers)
    if (answer.startsWith('500')) violations.push(`${times} answers were ${answer}`)
}
