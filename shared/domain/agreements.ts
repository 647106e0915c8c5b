/** Protected agreements as they are kept: what admission needs of one, and its versions. Times are milliseconds since the epoch. */
import type { PublicJwk } from '../ports/keys.ts'
import type { ClauseIds } from './clauses.ts'
import type { Limits } from './meter.ts'
import type { Capability } from './records.ts'
import type { Reason, Signature, Stop } from './stop.ts'

export type AgreementKind = 'engagement' | 'access'

/** What admission needs of an agreement is compiled from the version in force; the document is in its version. */
export interface Agreement {
  readonly id: string
  /** `engagement`: developer and government. `access`: developer and partner. */
  readonly kind: AgreementKind
  readonly title: string
  readonly state:
    | 'draft'
    | 'offered'
    | 'signed'
    | 'effective'
    | 'suspended'
    | 'expired'
    | 'terminated'
    | 'closing_out'
    | 'closed'
    | 'discarded'
  /** From 1; the version that is in force, or that is on its way to be the first. */
  readonly version: number
  /** SHA-256 of the canonical document, base64url: the identity of this version. */
  readonly digest: string
  /** The version before: tokens issued under it work until `until`. */
  readonly previous?: { readonly digest: string; readonly until: number }
  /** The version that is to come after the one in force. */
  readonly next?: NextVersion
  readonly developer: string
  /** Who is given access: the partner, or of an engagement the office. */
  readonly counterparty: string
  /** The offices that sign it: of an engagement the counterparty, of an access agreement a third party. */
  readonly governments: readonly string[]
  readonly models: readonly string[]
  readonly startsAt: number
  readonly endsAt: number
  readonly purposes: readonly string[]
  readonly capabilities: readonly Capability[]
  readonly clauses: ClauseIds
  /** When the counterparty acknowledged the notices; absent: no call yet. */
  readonly consentedAt?: number
  /** What a grant under it may be given at most; absent: nothing was agreed, so no quota can be set. */
  readonly ceiling?: Limits
  /** The meter that every grant under it is charged to as well. */
  readonly pool?: string
  /** Whom of the counterparty it admits; absent: everybody. */
  readonly eligibility?: Eligibility
  readonly clocks?: Clocks
  /** Of access reviews: the one that is open, and from when the days to the next one count, if not from the start. */
  readonly review?: { readonly open?: string; readonly from?: number }
  readonly stop?: Stop
  readonly ended?: AgreementEnd
  readonly closeOut?: CloseOut
}

export interface NextVersion {
  readonly version: number
  readonly digest: string
  readonly state: 'draft' | 'offered'
}

/** By the attributes of a client. Who has none that is in force is not admitted. */
export interface Eligibility {
  readonly nationality?: Bounds
  readonly region?: Bounds
  readonly screening?: true
}

/** Exactly one of both. */
export interface Bounds {
  readonly admit?: readonly string[]
  readonly exclude?: readonly string[]
}

/** By when something is due under an agreement, after what starts it. */
export interface Clocks {
  /** From discovery. */
  readonly incidentHours?: number
  readonly vulnerabilityHours?: number
  /** From the report. */
  readonly embargoDays?: number
  /** From one access review to the next. */
  readonly reviewDays?: number
  /** From the end of the agreement. */
  readonly destructionDays?: number
}

export interface AgreementEnd {
  /** `left`: by one side alone, which may do so at any time. */
  readonly how: 'expired' | 'terminated' | 'left'
  readonly at: number
  readonly entry: string
  readonly by?: Signature
  readonly reason?: Reason
}

export interface CloseOut {
  /** By when destruction is attested. */
  readonly dueAt?: number
  readonly attested?: { readonly by: Signature; readonly text: string; readonly entry: string }
  readonly closed?: { readonly by: Signature; readonly entry: string }
}

/** One version of an agreement: what was signed, and by whom. The document never changes. */
export interface AgreementVersion {
  readonly agreement: string
  readonly version: number
  readonly digest: string
  /** Canonical JSON (RFC 8785). */
  readonly document: string
  readonly draftedAt: number
  /** When it was last offered; absent: its developer alone has seen it. */
  readonly offeredAt?: number
  readonly effectiveAt?: number
  /** By organisation. */
  readonly signatures: Readonly<Record<string, AgreementSignature>>
}

export interface AgreementSignature {
  /** `key`: by a key of the signatory's own. `attested`: this deployment says who signed, and how. */
  readonly kind: 'key' | 'attested'
  /** Compact JWS (RFC 7515); of `key` its payload is the document, of `attested` a statement about it. */
  readonly jws: string
  /** RFC 7638 thumbprint of the key that it verifies with. */
  readonly kid: string
  readonly jwk: PublicJwk
  readonly by: Signature
  readonly entry: string
}
