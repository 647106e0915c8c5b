import type { Signature } from './stop.ts'

/** An access review: an organisation looks through its people and clients, and certifies that each is still needed. */
export interface Review {
  readonly id: string
  readonly organisation: string
  /** The agreement whose insider-risk clause asks for it. */
  readonly agreement: string
  readonly clause: string
  readonly developer: string
  readonly governments: readonly string[]
  /** `ended`: the agreement came to its end first, and nobody owes it any more. */
  readonly state: 'due' | 'certified' | 'ended'
  readonly openedAt: number
  readonly dueAt: number
  /** Nobody certified it in time; the parties have heard of it. */
  readonly missed?: true
  readonly certified?: {
    readonly by: Signature
    readonly at: number
    readonly entry: string
    /** The people and clients that keep their access, by id, in order. */
    readonly kept: readonly string[]
    /** A signed statement of it: compact JWS. */
    readonly certificate: string
  }
}
