import type { Organisation, Person, Session } from '../../shared/domain/parties.ts'
import type { SigningKey } from '../../shared/domain/records.ts'
import type { PersonIssuanceFacts } from '../../shared/entries/sign-in.ts'
import type { PersonTokenClaims } from '../../shared/oauth/access-token.ts'
import type { Form } from '../../shared/oauth/form.ts'
import { tokenLifetimes } from '../../shared/oauth/lifetimes.ts'
import { apiResource, personScope } from '../../shared/oauth/metadata.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import type { Issuance } from './token-request.ts'

export interface PersonIssuance extends Issuance {
  readonly person: Person
  readonly session: Session
  readonly refreshToken: string
}

/** Step G for people: there is one resource and one scope. */
export function judgePersonTarget(issuer: string, form: Form): OAuthError | undefined {
  if ((form.get('resource') ?? apiResource(issuer)) !== apiResource(issuer))
    return new OAuthError('invalid_target', `The resource is ${apiResource(issuer)}.`)
  if ((form.get('scope') ?? personScope) !== personScope)
    return new OAuthError('invalid_scope', `The scope is ${personScope}.`)
  return undefined
}

/** Seconds: no token is valid for longer than its session can be. */
export const lifetimeWithin = ({ endsAt }: Session, now: number): number =>
  Math.min(tokenLifetimes.api, Math.floor((endsAt - now) / 1000))

export function makePersonClaims(
  issuer: string,
  session: Session,
  organisation: Organisation,
  tokenId: string,
  now: number,
): PersonTokenClaims {
  const iat = Math.floor(now / 1000)
  return {
    iss: issuer,
    sub: session.person,
    client_id: session.app,
    aud: apiResource(issuer),
    scope: personScope,
    iat,
    exp: iat + lifetimeWithin(session, now),
    jti: tokenId,
    cnf: { jkt: session.jkt },
    organisation: organisation.id,
    session: session.id,
    auth_time: Math.floor(session.authTime / 1000),
    ...(session.acr !== undefined && { acr: session.acr }),
  }
}

export const issuanceFacts = (
  claims: PersonTokenClaims,
  key: SigningKey,
  person: Person,
  session: Session,
  request: { readonly id: string; readonly now: number; readonly random: Uint8Array },
): PersonIssuanceFacts => ({
  now: request.now,
  random: request.random,
  request: request.id,
  issuer: claims.iss,
  person,
  app: session.app,
  session: session.id,
  audience: claims.aud,
  keyThumbprint: session.jkt,
  tokenId: claims.jti,
  scope: claims.scope,
  lifetime: claims.exp - claims.iat,
  signingKid: key.kid,
  authTime: session.authTime,
  ...(session.acr !== undefined && { acr: session.acr }),
})
