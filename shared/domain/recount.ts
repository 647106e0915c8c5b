/**
 * What a meter has to say by the outcomes of its calls, which stand in the log: for a meter that was restored, or
 * whose figures are in doubt. Pure.
 */
import type { Update } from '../ports/store.ts'
import { keys } from './keys.ts'
import { dayOf, type Meter, type Reserved, reservedNow } from './meter.ts'

/** A call that has its outcome. */
export interface EndedCall {
  /** When it reserved, in milliseconds since the epoch. */
  readonly at: number
  /** Tokens, the same for every meter. */
  readonly charge: number
  /** The meters that its intent names. */
  readonly meters: readonly string[]
  /** What its outcome tells of their reservations. */
  readonly told: readonly Reserved[]
}

/** What the outcomes come to on one meter. */
export interface Count {
  readonly used: number
  /** Of that, by calls that reserved today. */
  readonly today: number
  /** The highest place in the order of reservations that is told. */
  readonly seq: number
}

export const nothing: Count = { used: 0, today: 0, seq: 0 }

/** Adds a call to the counts, by the meters' ids. `today` is in days since the epoch. */
export function addCall(counts: Map<string, Count>, call: EndedCall, today: number): void {
  const { at, charge, meters, told } = call
  const seqs = new Map(told.map(({ meter, seq }) => [meter, seq]))
  // One that cost nothing may never have come to reserve.
  for (const id of charge > 0 ? meters : seqs.keys()) {
    const count = counts.get(id) ?? nothing
    counts.set(id, {
      used: count.used + charge,
      today: count.today + (dayOf(at) === today ? charge : 0),
      seq: Math.max(count.seq, seqs.get(id) ?? 0),
    })
  }
}

/** Tokens, but for `seq`. */
export interface Figures {
  readonly used: number
  readonly remaining: number
  readonly today: number
  /** By the leases that stand. */
  readonly reserved: number
  readonly seq: number
}

export interface Recount {
  readonly before: Figures
  readonly after: Figures
  readonly update: Update<Meter>
}

/**
 * The write that makes a meter agree with its count; nothing where it does already. What a decision has set stays as
 * it is. It takes effect only if nothing was reserved and no limit or state changed since the meter was read, and no
 * reservation that was made from an older view takes effect after it.
 */
export function recount(meter: Meter, count: Count, now: number): Recount | undefined {
  const day = dayOf(now)
  const before = figuresOf(meter, day)
  const { used, today } = count
  const after: Figures = {
    used,
    remaining: meter.limits.total - used,
    today,
    reserved: 0,
    seq: Math.max(count.seq, meter.seq),
  }
  const names = Object.keys(after) as (keyof Figures)[]
  const held = [meter.leases, meter.seqs, meter.lefts].some(map => Object.keys(map).length > 0)
  if (!held && meter.day <= day && names.every(name => before[name] === after[name])) return undefined
  return {
    before,
    after,
    update: {
      kind: 'update',
      key: keys.meter(meter.id),
      if: { and: [{ eq: [['rev'], meter.rev] }, { eq: [['seq'], meter.seq] }] },
      change: {
        set: [
          [['used'], after.used],
          [['remaining'], after.remaining],
          [['day'], day],
          [['dayUsed'], after.today],
          [['seq'], after.seq],
          [['tat'], Math.min(meter.tat, now * 1000)],
          [['leases'], {}],
          [['seqs'], {}],
          [['lefts'], {}],
        ],
        add: [[['rev'], 1]],
      },
    },
  }
}

const figuresOf = (meter: Meter, day: number): Figures => ({
  used: meter.used,
  remaining: meter.remaining,
  today: meter.day === day ? meter.dayUsed : 0,
  reserved: reservedNow(meter),
  seq: meter.seq,
})
