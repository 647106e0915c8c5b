import type { Grounds } from '../domain/refusal.ts'
import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** Activities of OCSF Authentication (3002); `auth_protocol_id` 99 is "other". */
const activity = { logoff: 2, serviceTicket: 4 } as const
const protocol = { auth_protocol_id: 99, auth_protocol: 'OAuth 2.0 client_credentials' }

interface Requested {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  /** The request's id. */
  readonly request: string
  readonly issuer: string
  readonly organisation: string
  readonly client: {
    readonly id: string
    readonly name: string
    readonly kind: 'workload' | 'agent'
    readonly operator?: string
  }
  /** The resource that was asked for. */
  readonly audience?: string
}

export interface IssuanceFacts extends Requested {
  readonly audience: string
  /** RFC 7638 thumbprint of the key that the token is bound to. */
  readonly keyThumbprint: string
  readonly tokenId: string
  readonly scope: string
  /** Seconds. The expiry itself would tell the exact time of the issuance. */
  readonly lifetime: number
  readonly signingKid: string
  readonly grant?: string
  readonly agreement?: { readonly id: string; readonly digest: string }
  readonly purpose?: string
  readonly clauses?: readonly string[]
}

export interface TokenRefusalFacts extends Requested {
  readonly code: string
  readonly detail: string
  readonly grounds?: Grounds
}

/** A token was issued to a client and bound to a key. */
export function issuanceEntry(facts: IssuanceFacts): NamedEntry {
  const { keyThumbprint, tokenId, scope, lifetime, signingKid, grant, agreement, purpose, clauses } = facts
  return tokenEntry(facts, status.success, {
    kind: 'issuance',
    decision: 'allow',
    token: tokenId,
    key: keyThumbprint,
    signed_by: signingKid,
    scope,
    lifetime,
    ...(grant && { grant }),
    ...(agreement && { agreement }),
    ...(purpose && { purpose }),
    ...(clauses && { clauses }),
  })
}

/** A client that proved who it is was refused a token, or the token could not be signed. */
export function tokenRefusalEntry(facts: TokenRefusalFacts): NamedEntry {
  return tokenEntry(facts, status.failure, {
    kind: 'token_refusal',
    decision: 'refuse',
    code: facts.code,
    detail: facts.detail,
    ...facts.grounds,
  })
}

/** A client gave up a token of its own. */
export const revocationEntry = (facts: Requested & { readonly tokenId: string }): NamedEntry =>
  tokenEntry(facts, status.success, { kind: 'revocation', token: facts.tokenId }, activity.logoff)

function tokenEntry(
  facts: Requested,
  statusId: 1 | 2,
  sallyport: object,
  activityId: number = activity.serviceTicket,
): NamedEntry {
  const { now, random, request, issuer, organisation, client, audience } = facts
  const eid = entryId(now, random)
  const entry = makeEntry(
    {
      eid,
      now,
      classUid: 3002,
      activityId,
      statusId,
      fields: {
        ...protocol,
        user: { uid: client.id, name: client.name, type: client.kind, org: { uid: organisation } },
        service: { uid: audience ?? issuer, name: 'token' },
        unmapped: { ...sallyport, request, ...(client.operator && { operator: client.operator }) },
      },
    },
    { organisation },
  )
  return { eid, entry }
}
