/** Who takes part: organisations and their people. Times are milliseconds since the epoch. */
import type { PublicJwk, SigningAlgorithm } from '../ports/keys.ts'
import type { LapseStop, Stop } from './stop.ts'

export const organisationKinds = ['developer', 'government', 'partner', 'auditor'] as const
export type OrganisationKind = (typeof organisationKinds)[number]

export const roles = [
  'nsa-admin',
  'developer-admin',
  'partner-admin',
  'partner-user',
  'counsel',
  'consultant',
  'auditor',
] as const
export type Role = (typeof roles)[number]

/** The roles that people of each kind of organisation can hold: a partner has no administrator of the NSA's. */
export const rolesOf: Readonly<Record<OrganisationKind, readonly Role[]>> = {
  developer: ['developer-admin', 'counsel'],
  government: ['nsa-admin', 'counsel', 'consultant'],
  partner: ['partner-admin', 'partner-user', 'counsel'],
  auditor: ['auditor', 'counsel'],
}

/** Whose something is that is nobody's own: a hold by attributes alone, the rules. */
export const everyone = 'everyone'

/**
 * Ids that stand for nobody in particular: what is about all, or done by an operator; and the one name in their form that
 * every object has by itself, so that it looks as if it had signed and answered everything. No organisation has one.
 */
export const reservedIds: readonly string[] = [everyone, 'operator', 'deployment', 'constructor']

/** The role that looks after an organisation's own people and clients. */
export const adminOf: Readonly<Record<OrganisationKind, Role>> = {
  developer: 'developer-admin',
  government: 'nsa-admin',
  partner: 'partner-admin',
  auditor: 'auditor',
}

/** An OpenID provider, where an organisation's people sign in. */
export interface Provider {
  /** As it stands in its metadata and in `iss`. */
  readonly issuer: string
  /** How the provider knows this deployment. */
  readonly clientId: string
  /** `private_key_jwt`: it reads the key from this deployment's JWKS. `none`: PKCE alone. */
  readonly authentication: 'private_key_jwt' | 'none'
  /** One of these values in `acr`, or in `amr`, says that the sign-in could not be phished. */
  readonly phishingResistant: { readonly acr: readonly string[]; readonly amr: readonly string[] }
}

export const partnerStates = [
  'nominated',
  'vetting',
  'selected',
  'active',
  'suspended',
  'revoked',
  'reinstated',
  'closed',
] as const
export type PartnerState = (typeof partnerStates)[number]

/** As a sentence. */
export const standingText = ({
  name,
  partner,
}: {
  readonly name: string
  readonly partner: PartnerState
}): string => `${name} is ${partner === 'vetting' ? 'being vetted' : partner} as a trusted partner.`

interface OrganisationFields {
  readonly id: string
  readonly name: string
  readonly state: 'active' | 'suspended'
  /** Absent: nobody of it can sign in yet. */
  readonly provider?: Provider
  /**
   * When its provider was last changed. Sessions and codes that name another time were vouched for by another provider,
   * and have ended. It names the change and is not compared with when they began: a decision carries the time at which
   * it was made, and what began between that and its writing would pass for later.
   */
  readonly sessionsFrom?: number
  /** Who decides about it together: selects a partner, engages an auditor, is engaged with a developer. */
  readonly developers?: readonly string[]
  readonly governments?: readonly string[]
  /** Grants that were activated so far: a stop that was planned before the last one is planned again. */
  readonly granted?: number
  /** People and clients that were enrolled so far: an access review that saw fewer looks again. */
  readonly enrolled?: number
  /** Of an office that takes findings: where they are handed to it. */
  readonly clearinghouse?: Clearinghouse
  /** Where it hears of what concerns it, by id. */
  readonly webhooks?: Readonly<Record<string, Webhook>>
}

export interface Clearinghouse {
  /** As a webhook's: `https` to a public host; on a deployment on loopback also any address there. */
  readonly url: string
  readonly setAt: number
}

export interface Webhook {
  readonly url: string
  readonly createdAt: number
  /** Set after deliveries failed for days: nothing more is sent until it is registered anew. */
  readonly disabledAt?: number
}

export interface Revocation {
  readonly at: number
  /** The entry that records it. */
  readonly entry: string
  /** Its appeal of it. */
  readonly appeal?: string
}

export interface PartnerFields {
  readonly kind: 'partner'
  readonly partner: PartnerState
  /** Of critical infrastructure, if any. */
  readonly sector?: string
  /** Why it is suspended. */
  readonly stop?: Stop
  /** Grants that go on though it is suspended, until two people decide on them. */
  readonly continues?: readonly string[]
  /** Its revocation, by which it is not closed before it could appeal and was answered. */
  readonly revoked?: Revocation
}

export type Organisation =
  | (OrganisationFields & { readonly kind: 'developer' | 'government' })
  | (OrganisationFields & {
      readonly kind: 'auditor'
      /** Its engagement: the models that it audits. */
      readonly audits?: readonly string[]
    })
  | (OrganisationFields & PartnerFields)

/** What somebody vouches for until it expires. */
export interface Attested {
  /** Nationality: ISO 3166-1 alpha-2. Region: ISO 3166-1 or 3166-2. */
  readonly value: string
  readonly expiresAt: number
  /** The person who vouches. */
  readonly by: string
}

export interface Attributes {
  readonly nationality?: Attested
  readonly region?: Attested
  /** Against insider risk: the value is a reference to it. */
  readonly screening?: Attested
}

/** For contractors: who answers for them, and until when that is confirmed. */
export interface Sponsor {
  readonly person: string
  readonly confirmedUntil: number
}

export interface Person {
  readonly id: string
  readonly name: string
  readonly organisation: string
  /** Who they are at their organisation's provider: `iss` and `sub`. */
  readonly issuer: string
  readonly subject: string
  readonly roles: readonly Role[]
  readonly state: 'active' | 'suspended' | 'removed'
  readonly attributes?: Attributes
  readonly sponsor?: Sponsor
  readonly stop?: Stop
  /** Why time suspended them; never beside a stop. */
  readonly lapse?: LapseStop
  /** Keys of their own that they sign agreements with, by their RFC 7638 thumbprints. */
  readonly signingKeys?: Readonly<Record<string, SignatoryKey>>
  readonly createdAt: number
}

export interface SignatoryKey {
  readonly jwk: PublicJwk
  readonly alg: SigningAlgorithm
  readonly registeredAt: number
  /** The entry that records it. */
  readonly entry: string
  /** Nothing is signed with it from then on. */
  readonly endedAt?: number
}

/** A person signed in with one key, from one application. */
export interface Session {
  readonly id: string
  readonly person: string
  readonly organisation: string
  readonly app: App
  /** RFC 7638 thumbprint of the key that its tokens are bound to. */
  readonly jkt: string
  readonly startedAt: number
  /** That of its organisation when the provider vouched for the person. */
  readonly sessionsFrom?: number
  /** It ends then at the latest. */
  readonly endsAt: number
  /** Last refreshed; idle for longer than `sessionLimits.idleMs` it has ended. */
  readonly usedAt: number
  /** When the person last authenticated at the provider, and how (`acr`). */
  readonly authTime: number
  readonly acr?: string
  /** SHA-256 of the refresh token's secret, base64url. */
  readonly refreshHash: string
  readonly state: 'active' | 'ended'
  /** SHA-256 of the use notice that was acknowledged, base64url. */
  readonly notice: string
}

/** The public clients of this deployment's own that people sign in through. */
export const apps = ['sallyport-cli', 'sallyport-console'] as const
export type App = (typeof apps)[number]

export const sessionLimits = { idleMs: 30 * 60_000, absoluteMs: 8 * 3_600_000 } as const
