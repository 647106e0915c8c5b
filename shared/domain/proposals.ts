import type { Effects } from './effects.ts'
import type { RecordKind } from './keys.ts'
import type { Reason, Signature } from './stop.ts'
import type { ActionName } from './who-decides.ts'

/** Something that people want to be different: what `who-decides.ts` names, about one record. */
export interface Action {
  readonly name: ActionName
  /** The record that it is about; of what does not exist yet, the id that it will have. */
  readonly id: string
  readonly params: Readonly<Record<string, unknown>>
}

/** One field before and after, in the words of the API. */
export interface Difference {
  readonly field: string
  readonly from: unknown
  readonly to: unknown
}

/** The record that a decision is about, and whose it is. */
export interface Subject {
  readonly kind: RecordKind
  readonly id: string
  readonly name: string
  /** As it was seen. A decision is made on that version or not at all; 0 where it does not exist yet. */
  readonly rev: number
  /** Whose it is. */
  readonly organisation: string
  /** The developers and the government offices that decide about it. */
  readonly developers: readonly string[]
  readonly governments: readonly string[]
  readonly model?: string
  /** Several: those that an organisation is granted. An auditor's engagement is in models. */
  readonly models?: readonly string[]
  /** The offices whose consultants it is shared with. */
  readonly consulted?: readonly string[]
  /** Of a finding: the offices that it was handed to. */
  readonly handedTo?: readonly string[]
  /** Of a finding or a review: the clause of its agreement that sets its clocks. */
  readonly clause?: string
  /** Of a hold: whom it hit when it was placed. Each of them sees it, and of this its own part. */
  readonly hit?: readonly Hit[]
}

/** What a hold stops of one organisation: how many of its clients and people. */
export interface Hit {
  readonly organisation: string
  readonly clients: number
  readonly people: number
}

export interface Proposal {
  readonly id: string
  readonly state: 'open' | 'approved' | 'applied' | 'declined' | 'withdrawn' | 'timed_out' | 'stale'
  readonly action: Action
  /** Whose seats are to be filled: mostly the action's own. */
  readonly rule: ActionName
  readonly subject: Subject
  readonly reason: Reason
  readonly proposedBy: Signature
  /** Those that fill a seat; the proposer's own, where the role fits one. */
  readonly signatures: readonly Signature[]
  readonly difference: readonly Difference[]
  readonly effects: Effects
  /** SHA-256 of the canonical JSON of action, difference, effects and reason, base64url. */
  readonly shown: string
  /** The version of the rules under which it was opened. */
  readonly rules: number
  readonly createdAt: number
  readonly expiresAt: number
  readonly ended?: {
    readonly at: number
    readonly by?: Signature
    readonly reason?: Reason
    /** The version of the rules then. */
    readonly rules?: number
  }
  /** The entry of its last step. */
  readonly entry: string
}

/** A partner asks once that a decision be looked at again. */
export interface Appeal {
  readonly id: string
  readonly organisation: string
  /** The decision's entry, and what it was about. */
  readonly entry: string
  readonly subject: Pick<Subject, 'kind' | 'id' | 'name' | 'developers' | 'governments' | 'model' | 'models'>
  readonly text: string
  readonly by: Signature
  readonly state: 'open' | 'upheld' | 'dismissed'
  readonly at: number
  /** An answer is due then. */
  readonly dueAt: number
  readonly decided?: { readonly by: readonly Signature[]; readonly reason: Reason; readonly at: number }
}
