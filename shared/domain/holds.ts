/** A hold as people decide about it; admission reads only what stands of it in `standing`. */
import type { Effects } from './effects.ts'
import type { Subject } from './proposals.ts'
import type { HoldScope } from './records.ts'
import type { Reason, Signature, Stop } from './stop.ts'

export const maxActiveHolds = 100

export interface HoldRecord {
  readonly id: string
  readonly state: 'active' | 'lifted' | 'lapsed'
  readonly scope: HoldScope
  readonly reason: Reason
  readonly placedAt: number
  readonly placedBy: Signature
  /** Second look, as at every stop. */
  readonly stop: Stop
  /** When it lapses by itself. */
  readonly until?: number
  /** The developer stands by a government's hold: it lapses no more. */
  readonly concurred?: Signature
  readonly ended?: { readonly at: number; readonly by?: Signature; readonly reason?: Reason }
  /** Whom it would hit, as its dry run said, and the digest of what was shown. */
  readonly effects: Effects
  readonly shown: string
  /** Whom it is about, and who decides on it. */
  readonly subject: Subject
}
