/**
 * That a budget was kept, by the outcomes of its calls: each tells its place in the meter's order, what it reserved and what
 * remained. Between two reservations a meter only gets back what calls did not use, so what remained has bounds on both
 * sides. Pure.
 */
import type { BudgetLimits, LimitsChange, MeterRecords, Recounted, Reservation } from './budget-records.ts'

export interface BudgetDay {
  /** `2026-11-27` of UTC, by when the calls came. */
  readonly day: string
  readonly calls: number
  readonly charged: number
}

export interface MeterFacts {
  readonly meter: string
  readonly calls: number
  /** Places in the meter's order: of the first and of the last. */
  readonly first: number
  readonly last: number
  /** Places between 1 and the last that no record has: runs, both ends included; the first of them. */
  readonly gaps: readonly (readonly [from: number, to: number])[]
  readonly gapCount: number
  readonly missing: number
  /** Up to this place nothing is missing, and every token of it is accounted for. 0: none. */
  readonly wholeUntil: number
  readonly reserved: number
  readonly charged: number
  /** What remained after the last reservation. */
  readonly remaining: number
  /** Calls that were billed beyond their reservation, and by how many tokens. */
  readonly overruns: number
  readonly beyond: number
  /** Those in force last; absent: nobody has told any. */
  readonly limits?: BudgetLimits
  /** How often they were changed by a decision. */
  readonly changes: number
  readonly recounts: number
  readonly days: readonly BudgetDay[]
}

export interface MeterFault {
  readonly seq: number
  readonly eid: string
  readonly message: string
}

export interface ExaminedMeter {
  readonly facts: MeterFacts
  readonly faults: readonly MeterFault[]
}

/**
 * How far the time of a reservation and that of a decision, or of midnight, may be from what records tell: they are floored
 * to ten seconds, clocks are apart, and a call may wait until it reserves.
 */
const slackMs = 300_000
const dayMs = 86_400_000
const maxGaps = 10

/** `limits`: of somebody who knows them, in place of what records tell. */
export function examineMeter(
  meter: string,
  { reservations, changes, recounts }: MeterRecords,
  limits?: BudgetLimits,
): ExaminedMeter {
  const ordered = [...reservations].sort((a, b) => a.seq - b.seq)
  const periods = limits ? [{ from: -Infinity, until: Infinity, limits }] : periodsOf(changes)
  const faults: MeterFault[] = []
  const account = new Account(recounts)
  const days = new DayOrder()
  let period = 0
  let wholeUntil = 0
  for (const [n, one] of ordered.entries()) {
    const fault = (message: string) => faults.push({ seq: one.seq, eid: one.eid, message })
    const before = ordered[n - 1]
    if (before?.seq === one.seq) {
      fault(`place ${one.seq} in the order of ${meter} is that of ${before.eid}, too`)
      continue
    }
    if (one.charge > one.reserved && !one.overrun)
      fault(
        `${one.charge} tokens were charged, ${one.reserved} were reserved, and it is said to be no overrun`,
      )
    if (one.remaining < 0) fault(`${-one.remaining} tokens were reserved that were not there`)
    const day = days.next(one)
    account.before(one.seq)
    const possible = periods.filter((p, i) => i >= period && isPossible(p, one))
    const judged = possible.map(p => [p, judge(one, p.limits, account, days.used(day))] as const)
    const kept = judged.find(([, why]) => why === undefined)
    const [, why] = judged.at(-1) ?? []
    if (kept) period = periods.indexOf(kept[0])
    else if (why !== undefined) fault(why)
    account.add(one)
    days.add(day, one)
    if (account.whole && kept) wholeUntil = one.seq
  }
  return { facts: { ...factsOf(meter, ordered), wholeUntil, ...decided(periods, changes, recounts) }, faults }
}

interface Period {
  readonly from: number
  readonly until: number
  readonly limits: BudgetLimits
}

/** What was in force when, by decisions in the order of their times. */
function periodsOf(changes: readonly LimitsChange[]): readonly Period[] {
  const ordered = [...changes].sort((a, b) => a.at - b.at)
  const first = ordered[0]?.from
  const all = [
    ...(first ? [{ at: -Infinity, limits: first }] : []),
    ...ordered.map(({ at, to }) => ({ at, limits: to })),
  ]
  // A meter is made with its first limits: nothing was reserved before.
  return all.map(({ at, limits }, i) => ({
    from: i === 0 ? -Infinity : at,
    until: all[i + 1]?.at ?? Infinity,
    limits,
  }))
}

const isPossible = ({ from, until }: Period, { at }: Reservation): boolean =>
  from <= at + slackMs && at - slackMs <= until

/** Why a reservation was not within these limits. */
function judge(
  { reserved, remaining }: Reservation,
  { total, perDay, streams = Infinity }: BudgetLimits,
  account: Account,
  today: number,
): string | undefined {
  if (reserved > total) return `${reserved} tokens were reserved, and the limit is ${total}`
  if (perDay !== undefined && reserved > perDay)
    return `${reserved} tokens were reserved, and the limit of a day is ${perDay}`
  const found = remaining + reserved
  if (found + account.least > total)
    return `${found} tokens remained before it by its record; of ${total} at least ${account.least} were spent by calls before it`
  const most = account.most(streams)
  if (account.whole && found + most < total)
    return `${found} tokens remained before it by its record; of ${total} at most ${most} can have been spent or reserved by all calls before it`
  if (perDay !== undefined && today + reserved > perDay)
    return `${reserved} tokens were reserved when at least ${today} of the ${perDay} of that day were spent`
  return undefined
}

/** What calls before a reservation have taken from a meter: as charged, or as reserved while they were under way. */
class Account {
  readonly #recounts: Recounted[]
  #next = 1
  #least = 0
  #charged = 0
  /** What calls gave back that reserved more, the largest first; as many as can be under way. */
  #back: number[] = []
  #allBack = 0
  #whole = true

  constructor(recounts: readonly Recounted[]) {
    this.#recounts = [...recounts].sort((a, b) => a.seq - b.seq)
  }

  /** Nothing that was reserved before is missing. */
  get whole(): boolean {
    return this.#whole
  }

  /** Tokens that were taken by then, at least. */
  get least(): number {
    return this.#least
  }

  /** At most; `streams` calls can be under way, of which one is that which reserves. */
  most(streams: number): number {
    if (streams > mostStreams) return this.#charged + this.#allBack
    return this.#back.slice(0, Math.max(0, streams - 1)).reduce((sum, back) => sum + back, this.#charged)
  }

  /** What was counted anew by an operator is what counts from there. */
  before(seq: number): void {
    for (let one = this.#recounts[0]; one && one.seq < seq; one = this.#recounts[0]) {
      this.#recounts.shift()
      this.#least = one.used
      this.#charged = one.used
      this.#back = []
      this.#allBack = 0
      this.#whole = true
      this.#next = one.seq + 1
    }
    if (seq !== this.#next) this.#whole = false
  }

  add({ seq, reserved, charge }: Reservation): void {
    this.#next = seq + 1
    this.#least += Math.min(reserved, charge)
    this.#charged += charge
    if (charge < reserved) this.#keep(reserved - charge)
  }

  #keep(back: number): void {
    this.#allBack += back
    let [low, high] = [0, this.#back.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#back[middle] ?? 0) < back) high = middle
      else low = middle + 1
    }
    this.#back.splice(low, 0, back)
    if (this.#back.length > mostStreams) this.#back.pop()
  }
}

/** Where more may be under way, or nobody tells how many, all of them may. */
const mostStreams = 1_024

/** Which day each reservation is charged to. A meter's day never goes back; around midnight it may be either of two. */
class DayOrder {
  readonly #used = new Map<number, number>()
  #least = -Infinity

  /** `undefined`: it may be one of two. */
  next({ at }: Reservation): number | undefined {
    const least = Math.max(this.#least, Math.floor(at / dayMs))
    // Another clock that is ahead may have brought the meter to its next day, or this call waited.
    const most = Math.max(least, Math.floor((at + slackMs) / dayMs))
    this.#least = least
    return least === most ? least : undefined
  }

  /** Tokens of that day that were taken by then, at least. */
  used(day: number | undefined): number {
    return day === undefined ? 0 : (this.#used.get(day) ?? 0)
  }

  add(day: number | undefined, { reserved, charge }: Reservation): void {
    if (day !== undefined) this.#used.set(day, this.used(day) + Math.min(reserved, charge))
  }
}

function factsOf(meter: string, ordered: readonly Reservation[]) {
  const gaps: [number, number][] = []
  let [gapCount, missing, next] = [0, 0, 1]
  const days = new Map<string, { calls: number; charged: number }>()
  let [reserved, charged, overruns, beyond] = [0, 0, 0, 0]
  for (const one of ordered) {
    if (one.seq > next) {
      gapCount++
      missing += one.seq - next
      if (gaps.length < maxGaps) gaps.push([next, one.seq - 1])
    }
    next = one.seq + 1
    reserved += one.reserved
    charged += one.charge
    if (one.charge > one.reserved) {
      overruns++
      beyond += one.charge - one.reserved
    }
    const day = new Date(one.at).toISOString().slice(0, 10)
    const { calls, charged: sum } = days.get(day) ?? { calls: 0, charged: 0 }
    days.set(day, { calls: calls + 1, charged: sum + one.charge })
  }
  const last = ordered.at(-1)
  return {
    meter,
    calls: ordered.length,
    first: ordered[0]?.seq ?? 0,
    last: last?.seq ?? 0,
    gaps,
    gapCount,
    missing,
    reserved,
    charged,
    remaining: last?.remaining ?? 0,
    overruns,
    beyond,
    days: [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([day, sums]) => ({ day, ...sums })),
  }
}

function decided(
  periods: readonly Period[],
  changes: readonly LimitsChange[],
  recounts: readonly Recounted[],
) {
  const limits = periods.at(-1)?.limits
  return { ...(limits && { limits }), changes: changes.length, recounts: recounts.length }
}
