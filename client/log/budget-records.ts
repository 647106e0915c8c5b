/** What records tell of budgets: reservations with their charges, and the limits that were decided. Pure. */
import { at, listAt, numberAt, textAt } from '../../shared/search/body.ts'

/** Of a call that has its outcome, on one meter. Tokens. */
export interface Reservation {
  /** Of the outcome. */
  readonly eid: string
  /** The place in the order of the meter's reservations. */
  readonly seq: number
  readonly reserved: number
  /** What remained right after it. */
  readonly remaining: number
  readonly charge: number
  /** The outcome says that the provider has billed more. */
  readonly overrun: boolean
  /** When the call came, to ten seconds; milliseconds. */
  readonly at: number
}

export interface BudgetLimits {
  readonly total: number
  readonly perDay?: number
  /** Calls under way at once. */
  readonly streams?: number
}

export interface LimitsChange {
  /** Milliseconds, to ten seconds. */
  readonly at: number
  readonly from?: BudgetLimits
  readonly to: BudgetLimits
}

/** An operator has made a meter agree with its outcomes. */
export interface Recounted {
  readonly seq: number
  readonly used: number
}

export interface MeterRecords {
  readonly reservations: Reservation[]
  readonly changes: LimitsChange[]
  readonly recounts: Recounted[]
}

export interface BudgetRecords {
  readonly meters: Map<string, MeterRecords>
  /** Calls that came and have no outcome among the records, by the ids of their intents. */
  readonly open: Set<string>
  readonly outcomes: Set<string>
  refusals: number
  records: number
}

export const noBudgetRecords = (): BudgetRecords => ({
  meters: new Map(),
  open: new Set(),
  outcomes: new Set(),
  refusals: 0,
  records: 0,
})

/** `undefined`: it was taken up. Otherwise what is wrong with it, in words. */
export function takeRecord(
  found: BudgetRecords,
  { eid, body }: { readonly eid: string; readonly body: object },
): string | undefined {
  found.records++
  switch (textAt(body, 'unmapped', 'kind')) {
    case 'intent':
      if (!found.outcomes.has(`${eid}.outcome`)) found.open.add(eid)
      return undefined
    case 'outcome':
      return takeOutcome(found, eid, body)
    case 'refusal':
      found.refusals++
      return undefined
    case 'decision':
      if (textAt(body, 'unmapped', 'decision') === 'applied') takeDecision(found, body)
      return undefined
    case 'recount':
      return takeRecount(found, body)
    default:
      return undefined
  }
}

export function meterOf({ meters }: BudgetRecords, id: string): MeterRecords {
  const found = meters.get(id) ?? { reservations: [], changes: [], recounts: [] }
  meters.set(id, found)
  return found
}

function takeOutcome(found: BudgetRecords, eid: string, body: object): string | undefined {
  // The same record may stand in a file twice, and was charged once.
  if (found.outcomes.has(eid)) return undefined
  const charge = tokensAt(body, 'unmapped', 'charge')
  const time = numberAt(body, 'start_time') ?? numberAt(body, 'time')
  if (charge === undefined || time === undefined) return `${eid} is an outcome without a charge or a time`
  const overrun = at(body, 'unmapped', 'overrun') === true
  const told: [string, Reservation][] = []
  for (const one of listAt(body, 'unmapped', 'meters')) {
    const [meter, seq] = [textAt(one, 'meter'), tokensAt(one, 'seq')]
    const [reserved, remaining] = [tokensAt(one, 'reserved'), numberAt(one, 'remaining')]
    if (meter === undefined || !seq || reserved === undefined || !Number.isSafeInteger(remaining))
      return `${eid} tells of a reservation that is none`
    told.push([meter, { eid, seq, reserved, remaining: remaining as number, charge, overrun, at: time }])
  }
  found.outcomes.add(eid)
  found.open.delete(eid.replace(/\.outcome$/, ''))
  for (const [meter, reservation] of told) meterOf(found, meter).reservations.push(reservation)
  return undefined
}

/** A grant's own meter has its name; limits of what several share stand in the agreement's document, and in no record. */
const meterOfGrant = (grant: string): string => grant.replace(/^grant_/, 'meter_')

function takeDecision(found: BudgetRecords, body: object): void {
  const time = numberAt(body, 'time')
  if (time === undefined) return
  const own = textAt(body, 'entity', 'type') === 'grant' ? textAt(body, 'entity', 'uid') : undefined
  for (const one of listAt(body, 'unmapped', 'difference')) {
    const field = textAt(one, 'field') ?? ''
    const grant = field === 'limits' ? own : /^grants\.(grant_[0-9a-z]+)\.limits$/.exec(field)?.[1]
    const [from, to] = [limitsAt(one, 'from'), limitsAt(one, 'to')]
    if (grant === undefined || to === undefined) continue
    meterOf(found, meterOfGrant(grant)).changes.push({ at: time, ...(from && { from }), to })
  }
}

function takeRecount(found: BudgetRecords, body: object): string | undefined {
  const meter = textAt(body, 'unmapped', 'meter')
  const [seq, used] = [
    tokensAt(body, 'unmapped', 'after', 'seq'),
    tokensAt(body, 'unmapped', 'after', 'used'),
  ]
  if (meter === undefined || seq === undefined || used === undefined) return 'a recount tells no figures'
  meterOf(found, meter).recounts.push({ seq, used })
  return undefined
}

/** `undefined` where it is none, or has a figure that is no whole number. */
export function limitsAt(value: unknown, ...path: readonly string[]): BudgetLimits | undefined {
  const limits = at(value, ...path)
  const total = tokensAt(limits, 'total')
  if (total === undefined) return undefined
  const [perDay, streams] = [tokensAt(limits, 'per_day'), tokensAt(limits, 'streams')]
  return { total, ...(perDay !== undefined && { perDay }), ...(streams !== undefined && { streams }) }
}

function tokensAt(value: unknown, ...path: readonly string[]): number | undefined {
  const number = numberAt(value, ...path)
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}
