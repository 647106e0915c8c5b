import type { Provider } from '../domain/parties.ts'
import type { JsonObject } from './compact-jws.ts'
import { OAuthError } from './oauth-error.ts'

/** Seconds for which a provider's clock may be apart from ours. */
export const idTokenLeeway = 10

/** Who a provider says has signed in, and how. Times in seconds since the epoch. */
export interface IdToken {
  readonly issuer: string
  readonly subject: string
  readonly authTime: number
  readonly acr?: string
  readonly amr: readonly string[]
}

/**
 * The claims of an ID token whose signature was verified, judged once more by what a sign-in rests on (OpenID Connect
 * Core §3.1.3.7): issuer, audience, authorised party, nonce, times. `auth_time` is required: a decision may ask how
 * fresh a sign-in was. `now` in milliseconds.
 */
export function readIdToken(
  claims: JsonObject,
  expected: { readonly provider: Provider; readonly nonce: string },
  now: number,
): IdToken | OAuthError {
  const { iss, sub, aud, azp, exp, iat, nonce, auth_time: authTime, acr, amr } = claims
  const { issuer, clientId } = expected.provider
  const seconds = now / 1000
  if (iss !== issuer) return unverified('it has another issuer')
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) return unverified('it names no subject')
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (!audiences.includes(clientId)) return unverified('it is for another client')
  if (audiences.length > 1 && azp === undefined)
    return unverified('it is for several and names no authorised party')
  if (azp !== undefined && azp !== clientId) return unverified('its authorised party is another')
  if (typeof exp !== 'number' || exp <= seconds - idTokenLeeway) return unverified('it has expired')
  if (typeof iat !== 'number' || iat > seconds + idTokenLeeway)
    return unverified('it was issued in the future')
  if (nonce !== expected.nonce) return unverified('its nonce is another')
  if (typeof authTime !== 'number' || authTime > seconds + idTokenLeeway)
    return unverified('it has no auth_time, or one in the future')
  return {
    issuer,
    subject: sub,
    authTime,
    ...(typeof acr === 'string' && { acr }),
    amr: Array.isArray(amr) ? amr.filter(each => typeof each === 'string') : [],
  }
}

/**
 * How a person authenticated: the value of `acr`, else of `amr`, by which their provider says that it could not be
 * phished. `since`, in seconds, is how long ago it may have been at most.
 */
export function judgeAuthentication(
  { authTime, acr, amr }: IdToken,
  { phishingResistant }: Provider,
  since: number | undefined,
): { readonly authTime: number; readonly acr: string } | OAuthError {
  const method =
    phishingResistant.acr.find(value => value === acr) ??
    phishingResistant.amr.find(value => amr.includes(value))
  if (method === undefined)
    return new OAuthError('access_denied', `The sign-in could be phished: ${missing(phishingResistant)}.`)
  if (since !== undefined && authTime < since - idTokenLeeway)
    return new OAuthError('access_denied', 'The provider did not ask you to sign in anew.', {
      code: 'fresh_sign_in_required',
    })
  return { authTime: authTime * 1000, acr: method }
}

function missing({ acr, amr }: Provider['phishingResistant']): string {
  const ways = [
    ...(acr.length > 0 ? [`acr ${acr.join(' or ')}`] : []),
    ...(amr.length > 0 ? [`amr ${amr.join(' or ')}`] : []),
  ]
  return ways.length > 0
    ? `the provider has to say ${ways.join(', or ')}`
    : 'the organisation has registered no way that cannot be'
}

/** The token itself is never quoted. */
const unverified = (why: string): OAuthError =>
  new OAuthError('access_denied', `The ID token of the provider is refused: ${why}.`)
