import type { Role } from './parties.ts'

/** Why something was decided: the published list. `other` still needs its words. */
export const reasonCodes = [
  'security_incident',
  'key_compromised',
  'extraction_suspected',
  'agreement_breach',
  'insider_risk',
  'nationality_restriction',
  'region_restriction',
  'legal_order',
  'inactivity',
  'confirmation_missed',
  'mission_need',
  'vetting_complete',
  'requirements_met',
  'requirements_not_met',
  'concern_resolved',
  'request',
  'operational',
  'other',
] as const
export type ReasonCode = (typeof reasonCodes)[number]

/** What a person says with a decision. */
export interface Reason {
  readonly code: ReasonCode
  /** Their words. At most 2,000 characters, never markup. */
  readonly text: string
  /** A ticket or case of theirs. */
  readonly reference?: string
  /** The words are for the deciding side alone. */
  readonly sealed?: true
}

/** A person's part in a decision, taken from their verified token. */
export interface Signature {
  readonly person: string
  readonly name: string
  readonly organisation: string
  /** The role in which they signed; an operator has none, and fills no seat. */
  readonly role: Role | 'operator'
  readonly at: number
  /** When they had last authenticated, and how. */
  readonly authTime: number
  readonly acr?: string
}

/** A stop that time put in force: nobody signed it, and nobody has to stand by it. */
export interface LapseStop {
  readonly reason: Reason
  /** The entry that records it. */
  readonly entry: string
  readonly at: number
  /** It stands after an appeal that was upheld, by which nothing could be given back: that is answered once. */
  readonly appealed?: true
}

/** A stop that one person put in force at once. */
export interface Stop {
  readonly by: Signature
  readonly reason: Reason
  /** The entry that records it. */
  readonly entry: string
  /** A second person stands by it until then, or it is flagged. */
  readonly ratifyBy: number
  readonly ratified?: Signature
  /** Nobody did in time. */
  readonly missed?: true
  /** Without the second person that the change needs: somebody of another organisation reviews it. */
  readonly breakGlass?: true
}
