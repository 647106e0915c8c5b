import type { App } from '../domain/parties.ts'
import type { Grounds } from '../domain/refusal.ts'
import { entryId, floorTime } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** Activities of OCSF Authentication (3002), and its protocols: OpenID, OAuth 2.0. */
const activity = { logon: 1, logoff: 2, serviceTicket: 4, other: 99 } as const
const openId = { auth_protocol_id: 4, auth_protocol: 'OpenID Connect' }
const oauth = { auth_protocol_id: 6, auth_protocol: 'OAuth 2.0' }

interface Personal {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  /** The request's id. */
  readonly request: string
  readonly issuer: string
  readonly person: { readonly id: string; readonly name: string; readonly organisation: string }
  readonly app: App
}

export interface PersonIssuanceFacts extends Personal {
  readonly session: string
  readonly audience: string
  /** RFC 7638 thumbprint of the key that the token is bound to. */
  readonly keyThumbprint: string
  readonly tokenId: string
  readonly scope: string
  /** Seconds. */
  readonly lifetime: number
  readonly signingKid: string
  /** When the person authenticated at their provider, milliseconds, and how. */
  readonly authTime: number
  readonly acr?: string
}

/** A person signed in: a session begins, with its first token. */
export const signInEntry = (facts: PersonIssuanceFacts & { readonly notice: string }): NamedEntry =>
  personEntry(facts, status.success, activity.logon, {
    kind: 'sign_in',
    decision: 'allow',
    ...issued(facts),
    notice: facts.notice,
  })

/** The use notice that was shown before, by its digest, was acknowledged (AC-8). */
export const noticeEntry = (
  facts: Personal & { readonly session: string; readonly notice: string },
): NamedEntry =>
  personEntry(facts, status.success, activity.other, {
    kind: 'notice',
    session: facts.session,
    notice: facts.notice,
  })

/** A session went on: a further token. */
export const refreshEntry = (facts: PersonIssuanceFacts): NamedEntry =>
  personEntry(facts, status.success, activity.serviceTicket, {
    kind: 'issuance',
    decision: 'allow',
    ...issued(facts),
  })

/** Somebody who is known here was refused on the way in, or a token of their session. */
export const signInRefusalEntry = (
  facts: Personal & {
    readonly code: string
    readonly detail: string
    readonly session?: string
    readonly grounds?: Grounds
  },
): NamedEntry =>
  personEntry(facts, status.failure, facts.session ? activity.serviceTicket : activity.logon, {
    kind: 'sign_in_refusal',
    decision: 'refuse',
    code: facts.code,
    detail: facts.detail,
    ...facts.grounds,
    ...(facts.session && { session: facts.session }),
  })

/** Why a session ended before its time: its person signed out, or its code came a second time. */
export type SessionEnd = 'signed_out' | 'code_reused'

export const sessionEndEntry = (
  facts: Personal & { readonly session: string; readonly reason: SessionEnd },
): NamedEntry =>
  personEntry(facts, status.success, activity.logoff, {
    kind: 'session_end',
    session: facts.session,
    reason: facts.reason,
  })

/** A person gave up one token; their session goes on. */
export const personRevocationEntry = (
  facts: Personal & { readonly session: string; readonly tokenId: string },
): NamedEntry =>
  personEntry(facts, status.success, activity.logoff, {
    kind: 'revocation',
    session: facts.session,
    token: facts.tokenId,
  })

const issued = (facts: PersonIssuanceFacts) => ({
  session: facts.session,
  token: facts.tokenId,
  key: facts.keyThumbprint,
  signed_by: facts.signingKid,
  audience: facts.audience,
  scope: facts.scope,
  lifetime: facts.lifetime,
  auth_time: floorTime(facts.authTime),
  ...(facts.acr && { acr: facts.acr }),
})

function personEntry(facts: Personal, statusId: 1 | 2, activityId: number, sallyport: object): NamedEntry {
  const { now, random, request, issuer, person, app } = facts
  const eid = entryId(now, random)
  const entry = makeEntry(
    {
      eid,
      now,
      classUid: 3002,
      activityId,
      statusId,
      fields: {
        ...(activityId === activity.logon ? openId : oauth),
        user: { uid: person.id, name: person.name, type: 'person', org: { uid: person.organisation } },
        service: { uid: issuer, name: 'token' },
        unmapped: { ...sallyport, app, request },
      },
    },
    { organisation: person.organisation },
  )
  return { eid, entry }
}
