/**
 * A budget as one item, its reservations ("leases") inside it, so that one conditional write admits a call
 * or does not. Pure: each function looks at a meter as it was last returned and makes the next write; a
 * wrong guess about day or rate fails its condition, returns the item, and is made again from that.
 */
import type { Condition, Path, Update } from '../ports/store.ts'
import { keys } from './keys.ts'

export interface Limits {
  /** Tokens for the whole term. */
  readonly total: number
  /** Tokens a UTC day; absent: no daily limit. */
  readonly perDay?: number
  /** Requests a minute, and how many of them may come at once. */
  readonly rpm: number
  readonly burst: number
  /** Calls under way at once; at most 64 for a grant. */
  readonly streams: number
}

export interface Lease {
  /** Tokens reserved. */
  readonly r: number
  /** The day it was charged to, in days since the epoch. */
  readonly day: number
  /** When it expires, in milliseconds since the epoch. */
  readonly exp: number
}

export interface Meter {
  readonly id: string
  /** Whose budget it is, where more than one grant is charged to it: affiliates', or all of an agreement. */
  readonly shared?: 'pool' | 'agreement'
  readonly state: 'open' | 'closed'
  /** It was closed by a provider's bill; absent where a decision closed it, which takes this mark away. */
  readonly closed?: 'overrun'
  /** Calls that were billed beyond their reservation and not looked at yet, by how many tokens. */
  readonly overruns: Readonly<Record<string, number>>
  /** Changes with each limit and state: a reserve runs only on the limits it was computed from. */
  readonly rev: number
  /** Reservations so far. */
  readonly seq: number
  readonly limits: Limits
  readonly remaining: number
  readonly used: number
  readonly day: number
  readonly dayUsed: number
  /** Theoretical arrival time of GCRA, in microseconds since the epoch. */
  readonly tat: number
  readonly leases: Readonly<Record<string, Lease>>
  /**
   * Of each lease, its place in the order of reservations, and what remained right after it. In maps of their
   * own: DynamoDB computes an attribute from another, but not inside a value that the same update puts.
   */
  readonly seqs: Readonly<Record<string, number>>
  readonly lefts: Readonly<Record<string, number>>
}

/** What stands in an outcome about one meter, as of the reservation. */
export interface Reserved {
  readonly meter: string
  readonly seq: number
  readonly reserved: number
  readonly remaining: number
}

export interface Obstacle {
  readonly code:
    | 'meter_closed'
    | 'request_exceeds_limit'
    | 'budget_exhausted'
    | 'pool_exhausted'
    | 'day_exhausted'
    | 'streams_exhausted'
    | 'rate_limited'
  /** Seconds. */
  readonly retryAfter?: number
}

export const dayOf = (ms: number): number => Math.floor(ms / 86_400_000)

export const freshMeter = (id: string, limits: Limits, now: number, shared?: Meter['shared']): Meter => ({
  id,
  ...(shared && { shared }),
  state: 'open',
  rev: 1,
  seq: 0,
  limits,
  remaining: limits.total,
  used: 0,
  day: dayOf(now),
  dayUsed: 0,
  tat: 0,
  leases: {},
  seqs: {},
  lefts: {},
  overruns: {},
})

/**
 * Why this meter, as it stands, does not admit `r` tokens at `now`; nothing if it does. `rateAt` is when the
 * rate is judged: somewhat earlier than now is stricter. Both in milliseconds.
 */
export function obstacle(meter: Meter, r: number, now: number, rateAt = now): Obstacle | undefined {
  const { limits } = meter
  const day = Math.max(dayOf(now), meter.day)
  const dayUsed = meter.day === day ? meter.dayUsed : 0
  if (meter.state !== 'open') return { code: 'meter_closed' }
  if (r > limits.total || r > (limits.perDay ?? r)) return { code: 'request_exceeds_limit' }
  if (r > meter.remaining) return { code: meter.shared ? 'pool_exhausted' : 'budget_exhausted' }
  if (limits.perDay !== undefined && dayUsed > limits.perDay - r)
    return { code: 'day_exhausted', retryAfter: Math.ceil(((day + 1) * 86_400_000 - now) / 1000) }
  // Before the streams, whose wait is never longer.
  const early = meter.tat - (rateAt * 1000 + tolerance(limits))
  if (early > 0) return { code: 'rate_limited', retryAfter: Math.max(1, Math.ceil(early / 1_000_000)) }
  if (Object.keys(meter.leases).length >= limits.streams) return { code: 'streams_exhausted', retryAfter: 1 }
  return undefined
}

/** As `obstacle`, were every lease that has expired already gone and given back whole. */
export function lastingObstacle(meter: Meter, r: number, now: number): Obstacle | undefined {
  const dead = expiredLeases(meter, now)
  if (dead.length === 0) return obstacle(meter, r, now)
  const leases = { ...meter.leases }
  let { remaining, dayUsed } = meter
  for (const [id, lease] of dead) {
    delete leases[id]
    remaining += lease.r
    if (lease.day === meter.day) dayUsed -= lease.r
  }
  return obstacle({ ...meter, leases, remaining, dayUsed }, r, now)
}

export const expiredLeases = (meter: Meter, now: number): (readonly [string, Lease])[] =>
  Object.entries(meter.leases).filter(([, lease]) => lease.exp < now)

/**
 * The write that takes `r` tokens under a lease named `id`, if the stored meter still admits it under the
 * limits seen; or what blocks it already in the meter as seen.
 */
export function reserve(
  meter: Meter,
  id: string,
  r: number,
  now: number,
  leaseMs: number,
  rateAt = now,
): Update<Meter> | Obstacle {
  const blocked = obstacle(meter, r, now, rateAt)
  if (blocked) return blocked
  const { limits } = meter
  const day = Math.max(dayOf(now), meter.day)
  const rateMicros = rateAt * 1000
  const conditions: Condition[] = [
    { eq: [['state'], 'open'] },
    { eq: [['rev'], meter.rev] },
    { absent: ['leases', id] },
    { ge: [['remaining'], r] },
    { sizeLt: [['leases'], limits.streams] },
  ]
  const set: [Path, unknown][] = [[['leases', id], { r, day, exp: now + leaseMs }]]
  const add: [Path, number][] = [
    [['remaining'], -r],
    [['seq'], 1],
  ]

  if (meter.day === day) {
    conditions.push({ eq: [['day'], day] })
    if (limits.perDay !== undefined) conditions.push({ le: [['dayUsed'], limits.perDay - r] })
    add.push([['dayUsed'], r])
  } else {
    conditions.push({ lt: [['day'], day] })
    set.push([['day'], day], [['dayUsed'], r])
  }

  if (meter.tat <= rateMicros) {
    conditions.push({ le: [['tat'], rateMicros] })
    set.push([['tat'], rateMicros + interval(limits)])
  } else {
    conditions.push({ gt: [['tat'], rateMicros] }, { le: [['tat'], rateMicros + tolerance(limits)] })
    add.push([['tat'], interval(limits)])
  }

  return {
    kind: 'update',
    key: keys.meter(meter.id),
    if: { and: conditions },
    ours: { eq: [['leases', id, 'r'], r] },
    change: {
      set,
      add,
      sum: [
        [['seqs', id], ['seq'], 1],
        [['lefts', id], ['remaining'], -r],
      ],
    },
  }
}

/** Keeps the lease alive until `exp`; fails once it was purged. */
export const renew = (meter: string, id: string, exp: number): Update<Meter> => ({
  kind: 'update',
  key: keys.meter(meter),
  if: { exists: ['leases', id] },
  change: { set: [[['leases', id, 'exp'], exp]] },
})

/**
 * Ends a lease: charges what its outcome says and gives the rest back; to the day only while that is still
 * the day it was taken from. A charge above the reservation (a provider that bills more than the ceiling)
 * is charged in full and closes the meter, unless a decision has closed it already. It ends the lease that was seen:
 * one of the same name may have been taken since, by a request that reached the store twice. `expirySeen` makes it a
 * purge: it takes effect only if the lease was not renewed since.
 */
export function settle(
  meter: Meter,
  id: string,
  charge: number,
  expirySeen?: number,
): Update<Meter> | undefined {
  const lease = meter.leases[id]
  if (lease === undefined) return undefined
  const seq = meter.seqs[id]
  if (seq === undefined) throw new Error(`the lease ${id} of ${meter.id} is not whole`)
  const back = lease.r - charge
  const overrun = back < 0
  const sameDay = meter.day === lease.day
  return {
    kind: 'update',
    key: keys.meter(meter.id),
    if: {
      and: [
        { eq: [['seqs', id], seq] },
        sameDay ? { eq: [['day'], lease.day] } : { gt: [['day'], lease.day] },
        ...(expirySeen === undefined ? [] : [{ eq: [['leases', id, 'exp'], expirySeen] } as const]),
        ...(overrun ? [{ eq: [['state'], meter.state] } as const] : []),
      ],
    },
    ours: { absent: ['leases', id] },
    change: {
      remove: [
        ['leases', id],
        ['seqs', id],
        ['lefts', id],
      ],
      add: [
        [['remaining'], back],
        [['used'], charge],
        ...(sameDay ? [[['dayUsed'], -back] as const] : []),
        ...(overrun ? [[['rev'], 1] as const] : []),
      ],
      ...(overrun && {
        set: [
          [['overruns', id], -back],
          ...(meter.state === 'open'
            ? ([
                [['state'], 'closed'],
                [['closed'], 'overrun'],
              ] as const)
            : []),
        ],
      }),
    },
  }
}

/**
 * Takes overruns that were looked at off a meter that they closed, as it was seen; it opens with the last of
 * them. What was charged stays charged.
 */
export function reopen(meter: Meter, lookedAt: readonly string[]): Update<Meter> {
  const done = Object.keys(meter.overruns).every(id => lookedAt.includes(id))
  return {
    kind: 'update',
    key: keys.meter(meter.id),
    if: {
      and: [{ eq: [['state'], 'closed'] }, { eq: [['closed'], 'overrun'] }, { eq: [['rev'], meter.rev] }],
    },
    change: {
      add: [[['rev'], 1]],
      remove: [
        ...lookedAt.filter(id => id in meter.overruns).map((id): Path => ['overruns', id]),
        ...(done ? [['closed'] as const] : []),
      ],
      ...(done && { set: [[['state'], 'open']] }),
    },
  }
}

/** What the outcome tells about a lease that stands in `meter`. */
export function reserved(meter: Meter, id: string): Reserved | undefined {
  const lease = meter.leases[id]
  if (lease === undefined) return undefined
  const seq = meter.seqs[id]
  const remaining = meter.lefts[id]
  if (seq === undefined || remaining === undefined)
    throw new Error(`the lease ${id} of ${meter.id} is not whole`)
  return { meter: meter.id, seq, reserved: lease.r, remaining }
}

/** Tokens that are reserved now. */
export const reservedNow = (meter: Meter): number =>
  Object.values(meter.leases).reduce((sum, lease) => sum + lease.r, 0)

/** Microseconds from one request to the next at the full rate. */
const interval = (limits: Limits): number => Math.ceil(60_000_000 / limits.rpm)

/** How far ahead of now the theoretical arrival time may stand, in microseconds. */
const tolerance = (limits: Limits): number => (limits.burst - 1) * interval(limits)
