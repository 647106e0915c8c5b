/**
 * Preservation orders: what matches one is kept, now and later, for as long as it stands. The record is for people; what
 * a deletion and a lift are judged by stands in one item, `standing orders`, so that both are made on what stands at that
 * moment.
 */
import type { Reason, Signature } from './stop.ts'

/** What an order covers. Its query is read at `at`, by which relative times go. */
export interface Order {
  readonly q: string
  /** Milliseconds. */
  readonly at: number
}

export interface Preservation extends Order {
  readonly id: string
  readonly state: 'active' | 'lifted'
  readonly organisation: string
  readonly developers: readonly string[]
  readonly governments: readonly string[]
  /** The models that its query names. */
  readonly models?: readonly string[]
  readonly reason: Reason
  readonly placedBy: Signature
  readonly entry: string
  readonly lifted?: {
    readonly at: number
    readonly by: readonly Signature[]
    readonly reason: Reason
    readonly entry: string
  }
  readonly work: PreservationWork
  /** Set while the exporter has something to do for it. */
  readonly due?: typeof preservationDue
}

export const preservationDue = 'preserve'

/** How far the exporter has come. Raised by each step of it, and by no decision: people's versions stay as they are. */
export interface PreservationWork {
  readonly turn: number
  /** Not before; milliseconds. */
  readonly nextAt: number
  /** Everything before has been looked at. Absent: nothing yet. */
  readonly until?: number
  /** The walk that is under way, from its end back to its beginning. */
  readonly walk?: PreservationWalk
  /** What a lifted one had kept was let go by then. */
  readonly freedAt?: number
}

export interface PreservationWalk {
  /** Milliseconds; both belong to it. */
  readonly from: number
  readonly to: number
  /** The last entry that was looked at. */
  readonly position?: string
  /** The earliest entry that cannot be settled yet: it has no place, or an outcome of it is still to come. */
  readonly waits?: number
}

/** One item for all of them: each of its changes raises `rev`, and whoever takes something away checks that. */
export interface StandingOrders {
  readonly orders: Readonly<Record<string, Order>>
  readonly rev: number
}

/** Each entry that is to be deleted is held against all of them. */
export const maxOrders = 100
/** Of one organisation: none of them can keep the others from placing theirs. */
export const maxOrdersOfOne = 25
