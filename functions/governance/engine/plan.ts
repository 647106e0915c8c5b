/** What the engine asks of each action: to look at the records, judge, and say what would be written. */
import type { Effects, Named } from '../../../shared/domain/effects.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Organisation, Person } from '../../../shared/domain/parties.ts'
import type { Action, Difference, Hit, Subject } from '../../../shared/domain/proposals.ts'
import type { HoldScope } from '../../../shared/domain/records.ts'
import type { Refusal } from '../../../shared/domain/refusal.ts'
import type { Rules } from '../../../shared/domain/rules.ts'
import type { Reason, Signature } from '../../../shared/domain/stop.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import type { Signer } from '../../../shared/ports/keys.ts'
import type { Store, TransactOp } from '../../../shared/ports/store.ts'
import type { Clock, Random, Telemetry } from '../../../shared/ports/world.ts'

export interface GovernanceDeps {
  readonly store: Store
  /** The key of this deployment's own statements: an attested signature is one of them. Where nobody signs, there is none. */
  readonly statements?: Pick<Signer, 'kid' | 'publicJwk'>
  /** For how long the log is kept at least; where nobody says, nothing of it is deleted. Milliseconds. */
  readonly retentionMs?: number
  readonly clock: Clock
  readonly random: Random
  readonly telemetry: Telemetry
}

/** The proposal that is being signed. */
export interface ProposedBefore {
  readonly by: Signature
  /** The entry of its last step so far. */
  readonly entry: string
  readonly subject: Subject
}

/** The person behind a request, from their verified token and the records as they stand. Never from a body. */
export interface Actor {
  readonly person: Governed<Person>
  readonly organisation: Governed<Organisation>
  /** Milliseconds. */
  readonly authTime: number
  readonly acr?: string
}

/** What a plan is made with. */
export interface Planning {
  readonly now: number
  readonly rules: Rules
  /** Who asks: their organisation matters to some judgements. Absent where time or an operator acts. */
  readonly actor?: Actor
  readonly reason: Reason
  readonly breakGlass: boolean
  readonly proposed?: ProposedBefore
  /**
   * Whether the time is over for what can be left to the sweeper, or untold: a decision that nothing holds up does not
   * wait for it, in whichever attempt. Absent: it never is.
   */
  isLate?(): boolean
}

/** Under what a plan is carried out. */
export interface Carried {
  readonly now: number
  /** The entry that will record it, in the same transaction. */
  readonly eid: string
  readonly by: Signature
  readonly signatures: readonly Signature[]
  readonly reason: Reason
  readonly rules: Rules
  readonly breakGlass: boolean
  readonly proposed?: ProposedBefore
  /** What was shown: the dry run, for records that keep it. */
  readonly effects: Effects
  readonly shown: string
  /** Of a hold: whose clients and people it stops. */
  readonly hit?: readonly Hit[]
}

export interface Plan {
  readonly subject: Subject
  readonly difference: readonly Difference[]
  /** The writes, the subject's own first, each on the version that was seen. No item twice. */
  writes(carried: Carried): readonly TransactOp[]
  /** It leaves the version of its subject as it was: nothing that others decide about it goes stale by it. */
  readonly keeps?: true
  /** Whom it stops: the dry run counts over it. */
  readonly stops?: HoldScope
  /** Its people too are refused from then on, whatever is attested of them. */
  readonly stopsPeople?: true
  /** Grants that a stop leaves alone because a mission hangs on them. */
  readonly continues?: readonly Named[]
  /** What is proposed at once with it, in the same transaction. */
  readonly proposes?: readonly Proposed[]
  /** The person whose rights it raises: they sign nothing of it. */
  readonly raises?: string
  /** The rule it takes, where that is not the action's own. */
  readonly rule?: ActionName
  /** What a partner asks for has a record of its own while it waits: its writes, and the version that they leave. */
  readonly asked?: {
    readonly rev: number
    writes(at: { readonly now: number; readonly eid: string }): readonly TransactOp[]
  }
  /** The writes when a proposal of it ends without being applied. */
  unwind?(end: Unwound): readonly TransactOp[]
  /**
   * `partner.suspended`: what notices call it; the sentence says it to people. Absent: it is the daily work of one
   * organisation, and stands in its log alone.
   */
  readonly told?: { readonly type: string; readonly text: string; readonly next?: string }
  /** Nobody is told by a notice: it is the daily work of one organisation, and stands in its log. */
  readonly quiet?: true
  /** Organisations that are told beside those of the subject. */
  readonly tells?: readonly string[]
  /** What its entry tells of the parameters, where some are not for everybody who may read it. */
  readonly recorded?: Action['params']
}

/** How a proposal ended, and by which entry. */
export interface Unwound {
  readonly how: 'declined' | 'withdrawn' | 'timed_out'
  readonly at: number
  readonly entry: string
  readonly reason?: Reason
}

/** An action that another one leaves to two people. */
export interface Proposed {
  readonly action: Action
  readonly rule: ActionName
  readonly subject: Subject
  readonly difference: readonly Difference[]
}

export type PlanDeps = Pick<GovernanceDeps, 'store' | 'statements' | 'retentionMs'>

export interface Definition {
  plan(deps: PlanDeps, action: Action, planning: Planning): Promise<Plan | Refusal>
  /** The same, where it could not be planned any more. */
  unwind?(deps: Pick<GovernanceDeps, 'store'>, action: Action): Promise<Plan['unwind']>
}
