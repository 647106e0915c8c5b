/** What the world has seen of requests, calls and decisions: what the invariants are judged by. */
import type { Entry } from '../../shared/entries/entry.ts'
import type { Key } from '../../shared/ports/store.ts'
import type { Process } from './scheduler.ts'
import type { Asked } from './upstream.ts'

/** One HTTP request of a partner's, copies included. */
export interface Sent {
  readonly id: string
  readonly call: string
  readonly partner: string
  readonly token: string
  readonly proof: string
  /** False where the signature was broken on the way. */
  readonly sound: boolean
  arrivedAt: number
  /** When whoever sent it went away, if it did. */
  leftAt: number | undefined
  at: Process | undefined
  answer: { readonly status: number; readonly code: string | undefined } | undefined
}

export interface Revocation {
  readonly what: string
  covers(sent: Pick<Sent, 'partner' | 'token'>): boolean
  /** When whoever decided it heard that it stands. */
  acknowledgedAt: number
  /** When it began to be taken back, or ended. */
  liftedAt: number
  /** The record that it stands on, and whether it does: whoever decided on it since, the record says. */
  readonly stands?: { readonly key: Key; on(item: object | undefined): boolean }
  /** Others than its developer have stopped it: that counts at a model until it is released. */
  readonly untilRelease?: boolean
}

export interface Call {
  readonly eid: string
  readonly intent: Entry
  readonly sent: Sent
  readonly asked: Asked[]
  outcome: Entry | undefined
  /** Since when a lease of it is gone while the provider may be at work for it. */
  bareSince: number | undefined
  /** Meters that it took a lease on after its outcome stood. */
  readonly lateLeases: Set<string>
}
