/**
 * The records that admission reads. Times are milliseconds since the epoch unless a name says otherwise.
 * States are those of the machines in governance; whoever reads one acts on the states it knows and
 * refuses every other.
 */
import type { PublicJwk, SigningAlgorithm } from '../ports/keys.ts'
import type { Attributes, Sponsor } from './parties.ts'
import type { LapseStop, Reason, ReasonCode, Signature, Stop } from './stop.ts'

export type {
  Agreement,
  AgreementEnd,
  AgreementKind,
  AgreementSignature,
  AgreementVersion,
  Bounds,
  Clocks,
  CloseOut,
  Eligibility,
  NextVersion,
} from './agreements.ts'
export type { Organisation, PartnerState } from './parties.ts'

/** A conjunction: a hold applies to a call that matches every field it names. */
export interface HoldScope {
  readonly model?: string
  readonly organisation?: string
  readonly client?: string
  /** Whoever signs in as this person, and the clients that this person answers for. */
  readonly person?: string
  /** What is attested of a client or a person, expired or not; who has none attested is not held. */
  readonly nationality?: string
  readonly region?: string
}

/** What admission needs of a hold; its record, `hold#…`, tells the rest. */
export interface Hold {
  readonly scope: HoldScope
  readonly reason: ReasonCode
  readonly placedAt: number
  /** The organisation that placed it, or `operator`. */
  readonly by?: string
  /** When it lapses by itself. */
  readonly until?: number
}

/** Since when a restored registry is being looked through, by whom, and the entry that says so. */
export interface Restoring {
  readonly since: number
  readonly by: string
  readonly entry: string
}

/** The one item that every admission reads: what stops calls across records. */
export interface Standing {
  /** By hold id; at most 100. */
  readonly holds: Readonly<Record<string, Hold>>
  /** Key ids of token signing keys that are no longer trusted, by the time they were marked. */
  readonly compromised: Readonly<Record<string, number>>
  /** The version of the approval rules, for whoever refuses; absent until they are changed for the first time. */
  readonly rules?: number
  /** The records may have forgotten that somebody was stopped: while it stands, no workload is admitted. */
  readonly restoring?: Restoring
}

export const protocols = ['openai', 'anthropic'] as const
export type Protocol = (typeof protocols)[number]

export interface Upstream {
  /** For OpenAI it ends in `/v1`, for Anthropic it stands without. */
  readonly url: string
  /** The name of the credential, never the credential. */
  readonly credential: string
  /** The model's name in the upstream's own API. */
  readonly model: string
  /** How chat completions limit their output here, where it is not `max_completion_tokens`: older servers ignore that. */
  readonly limitField?: 'max_tokens'
}

export type ModelState =
  | 'engaged'
  | 'under_assessment'
  | 'designated'
  | 'not_designated'
  | 'government_window'
  | 'partner_access'
  | 'released'
  | 'withdrawn'

export interface Model {
  readonly id: string
  readonly name: string
  /** The organisation that develops it. */
  readonly developer: string
  /** The offices that it is engaged with. */
  readonly governments?: readonly string[]
  /** The protected agreement that it is engaged under. */
  readonly agreement?: string
  readonly state: ModelState
  /** The developer's kill switch. */
  readonly killed: boolean
  readonly createdAt: number
  readonly upstreams: Readonly<Partial<Record<Protocol, Upstream>>>
  readonly tokens: TokenBounds
  readonly assessment?: Assessment
  readonly designation?: Designation
  readonly window?: GovernmentWindow
  /** The offices whose consultants are shown it. */
  readonly sharedWith?: readonly string[]
}

export interface Assessment {
  readonly by: Signature
  readonly startedAt: number
  /** It lapses then by itself. */
  readonly endsAt: number
}

/** That the determination was made, by whom, and where it is kept: never what it rests on. */
export interface Designation {
  readonly outcome: 'designated' | 'not_designated'
  /** Opaque: it means something to the office alone. */
  readonly reference: string
  /** Who signed the determination. */
  readonly signer: string
  /** Who recorded it here. */
  readonly by: Signature
  readonly at: number
  readonly entry: string
}

/** The developer's offer to an office that it is engaged with. It opens and ends by itself. */
export interface GovernmentWindow {
  readonly government: string
  readonly opensAt: number
  readonly endsAt: number
  /** What the model becomes when it ends. */
  readonly becomes: 'partner_access' | 'designated'
  readonly grant: string
  readonly entry: string
}

/** What a request may cost in tokens, as the developer states it: true ceilings. */
export interface TokenBounds {
  /** Tokens beyond the bytes of the body: once a request, for each message, for each tool. */
  readonly overhead: { readonly request: number; readonly message: number; readonly tool: number }
  /** Tokens of one image at most; absent: images are refused. */
  readonly image?: number
  /** Written into a request that states no output limit; absent: such a request is refused. */
  readonly defaultOutput?: number
  /** The model produces tokens that are not sent (reasoning): received bytes bound nothing. */
  readonly hiddenOutput: boolean
  /** It reasons unless a request switches that off; such a request uses the capability. */
  readonly reasons?: boolean
}

export interface ClientKey {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly jwk: PublicJwk
  /** A rotation by overlap: the key that is replaced still counts until then. */
  readonly until?: number
  /** Whoever has it is not trusted any more: no assertion by it is taken. */
  readonly compromisedAt?: number
}

export interface Client {
  readonly id: string
  readonly name: string
  readonly organisation: string
  readonly kind: 'workload' | 'agent'
  /** For an agent: the client or person that answers for it. */
  readonly operator?: string
  readonly state: 'enrolled' | 'active' | 'suspended' | 'expired' | 'revoked' | 'compromised'
  readonly expiresAt: number
  readonly keys: readonly ClientKey[]
  readonly attributes?: Attributes
  /** A contractor's: without a confirmation in time it is refused. */
  readonly sponsor?: Sponsor
  readonly stop?: Stop
  /** Why time suspended it; never beside a stop. */
  readonly lapse?: LapseStop
  readonly createdAt?: number
  /** The last day, in days since the epoch, on which it was given a token or was reinstated. */
  readonly seenOn?: number
}

export const capabilities = ['infer', 'embed', 'tools', 'reasoning', 'logprobs', 'images'] as const
export type Capability = (typeof capabilities)[number]

export interface Grant {
  readonly id: string
  readonly organisation: string
  readonly model: string
  readonly agreement: string
  /** Only these of its clients; absent: all of them. */
  readonly clients?: readonly string[]
  readonly state: 'requested' | 'approved' | 'active' | 'suspended' | 'expired' | 'revoked'
  readonly startsAt: number
  readonly expiresAt: number
  /** The meters that every call under this grant is charged to, in key order. */
  readonly meters: readonly string[]
  /** Somebody's mission hangs on it: even to suspend it takes two people. */
  readonly missionContinuity?: true
  readonly stop?: Stop
  /** By which decision it came to its end; absent where its term ran out, and while it has not ended. */
  readonly ended?: GrantEnd
}

export interface GrantEnd {
  /** A request that was not granted, or a grant that was. */
  readonly how: 'declined' | 'withdrawn' | 'timed_out' | 'revoked'
  readonly at: number
  /** The entry that records it: a partner appeals by it. */
  readonly entry: string
  readonly reason?: Reason
}

/** An id in `spent`: a proof, an assertion, a revoked token. Past `exp` it counts as absent. */
export interface Spent {
  /** The request that spent it. */
  readonly by: string
  /** Seconds since the epoch (the expiry attribute's unit). */
  readonly exp: number
}

/** One generation of the token signing key. */
export interface SigningKey {
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly jwk: PublicJwk
  /** Which private key it is, in the signer's own terms (a file, a KMS key id). */
  readonly ref: string
  readonly signsFrom: number
  /** Published until then; absent while it is the newest. */
  readonly retiresAt?: number
}

export interface KeyRing {
  readonly version: number
  readonly keys: readonly SigningKey[]
}
