/**
 * What somebody found and reports: an incident at their own place, or a vulnerability of a model. And what nobody reports:
 * a pattern in what a partner was sent, which the deployment finds, for its developer to decide about.
 */
import type { Machine } from './machines.ts'
import { rolesOf } from './parties.ts'
import type { PatternMeasures } from './patterns.ts'
import type { Signature } from './stop.ts'
import type { Viewer } from './who-sees.ts'

/** Those that people report. */
export const reportedKinds = ['incident', 'vulnerability'] as const
export type ReportedKind = (typeof reportedKinds)[number]
export const findingKinds = [...reportedKinds, 'pattern'] as const
export type FindingKind = (typeof findingKinds)[number]

export const severities = ['low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

export const findingStates = ['reported', 'handed_off', 'received', 'resolved'] as const
export type FindingState = (typeof findingStates)[number]

/** `receive`: the clearinghouse has answered with a receipt. */
export const findingMachine = {
  noun: 'finding',
  states: findingStates,
  events: {
    hand_off: { from: ['reported'], to: 'handed_off' },
    receive: { from: ['handed_off'], to: 'received' },
    resolve: { from: ['reported', 'handed_off', 'received'], to: 'resolved' },
  },
} as const satisfies Machine<FindingState, string>

export const embargo = { defaultDays: 90, maxDays: 365 } as const

export interface Finding {
  readonly id: string
  readonly kind: FindingKind
  /** Who reports it; of a pattern, the developer, who decides about it. */
  readonly organisation: string
  /** Of a pattern under an agreement on several, the one that most of it was sent by. */
  readonly model: string
  readonly developer: string
  /** The offices that decide about the model or its reporter, and may be handed it. */
  readonly governments: readonly string[]
  /** Under which the clocks run, and the clause that sets them. */
  readonly agreement?: string
  readonly clause?: string
  readonly severity: Severity
  readonly title: string
  readonly text: string
  /** Of the digest of title and text in the log: 16 random bytes, base64url. Shown with the words, and never without. */
  readonly salt: string
  readonly state: FindingState
  readonly discoveredAt: number
  readonly reportedAt: number
  /** By when it was to be reported. */
  readonly dueAt?: number
  readonly late?: true
  /** Its text is kept until then to the reporter, the developer, and whom it is handed to. */
  readonly embargoUntil?: number
  /** Absent of a pattern: nobody reports it. */
  readonly by?: Signature
  /** Of the report. */
  readonly entry: string
  /** Of a pattern: whom it is about, who is not shown it; those of their clients that have most part in it. */
  readonly about?: string
  readonly clients?: readonly string[]
  readonly measures?: PatternMeasures
  /** The offices that it was handed to; of a pattern, those that can stop the agreement. */
  readonly handedTo: readonly string[]
  /** The offices whose consultants are shown it. */
  readonly sharedWith: readonly string[]
  readonly handOff?: HandOff
  /** Stands until the clearinghouse has taken it, whatever else becomes of it: the sparse index `by_due`. */
  readonly due?: 'hand_off'
  readonly resolved?: {
    readonly by: Signature
    readonly text: string
    /** Of the digest of this text. */
    readonly salt: string
    readonly entry: string
  }
}

/** A signed advisory on its way to the clearinghouse. */
export interface HandOff {
  readonly to: string
  /** The CSAF 2.0 document, and the compact JWS over its bytes. */
  readonly advisory: string
  readonly jws: string
  /** SHA-256 of the document, lower-case hex. */
  readonly digest: string
  readonly by: Signature
  readonly at: number
  readonly entry: string
  readonly attempts: number
  /** Milliseconds: not sent again before then. */
  readonly nextAt: number
  readonly receipt?: {
    readonly at: number
    /** What the receiver calls it. */
    readonly id: string
    /** SHA-256 of the receipt as it came, base64url. */
    readonly digest: string
    readonly entry: string
  }
}

/**
 * Whether its words are kept from somebody who is shown that there is one: until the embargo ends they are for the
 * reporter, the developer, and the office that it was handed to; not for its consultants, and not for auditors.
 */
export function isWithheld(
  { organisation, kind, roles }: Viewer,
  finding: Pick<Finding, 'organisation' | 'developer' | 'handedTo' | 'embargoUntil'>,
  now: number,
): boolean {
  if ((finding.embargoUntil ?? 0) <= now) return false
  const acts = roles.some(role => role !== 'consultant' && rolesOf[kind].includes(role))
  const among = [finding.organisation, finding.developer, ...finding.handedTo].includes(organisation)
  return !(acts && among)
}
