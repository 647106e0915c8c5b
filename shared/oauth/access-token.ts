import type { KeyRing } from '../domain/records.ts'
import { type Refusal, refuse } from '../domain/refusal.ts'
import type { Signer } from '../ports/keys.ts'
import { encodeBase64url } from './base64url.ts'
import {
  type CompactJws,
  encodeObject,
  forbiddenParameter,
  isObject,
  type JsonObject,
  parseCompactJws,
} from './compact-jws.ts'
import { verificationKey } from './key-ring.ts'
import { verifySignature } from './verify-signature.ts'

/** Characters; API Gateway admits 10,240 bytes of headers in all. */
const tokenCap = 8192

/** RFC 9068 §2.2, bound to a key by RFC 9449 §6.1. Times are seconds since the epoch. */
export interface ApiTokenClaims {
  readonly iss: string
  readonly sub: string
  readonly client_id: string
  readonly aud: string
  readonly scope: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly cnf: { readonly jkt: string }
  readonly organisation: string
  /** For an agent: who answers for it. */
  readonly operator?: string
}

/** A token for a model says under which records it was issued. It grants nothing by itself. */
export interface ModelTokenClaims extends ApiTokenClaims {
  readonly grant: string
  readonly agreement: { readonly id: string; readonly digest: string }
  readonly purpose: string
  /** The ids of the agreement's clauses that bind the call. */
  readonly clauses: readonly string[]
  readonly meters: readonly string[]
}

/** A person's, for the API. `sub` is the person, `client_id` the app that they signed in through. */
export interface PersonTokenClaims extends ApiTokenClaims {
  readonly session: string
  /** When the person last authenticated, seconds since the epoch, and how. */
  readonly auth_time: number
  readonly acr?: string
}

export type AccessTokenClaims = ApiTokenClaims | ModelTokenClaims | PersonTokenClaims

export const isModelToken = (claims: AccessTokenClaims): claims is ModelTokenClaims => 'grant' in claims

/** A workload's token never has a session. */
export const isPersonToken = (claims: AccessTokenClaims): claims is PersonTokenClaims => 'session' in claims

export interface AccessToken {
  readonly claims: AccessTokenClaims
  /** The key that signed it. */
  readonly kid: string
}

/** Throws what the signer throws. */
export async function signAccessToken(claims: AccessTokenClaims, signer: Signer): Promise<string> {
  const header = { typ: 'at+jwt', alg: signer.alg, kid: signer.kid }
  const input = `${encodeObject(header)}.${encodeObject(claims)}`
  return `${input}.${encodeBase64url(await signer.sign(Buffer.from(input)))}`
}

export interface TokenExpectation {
  readonly ring: KeyRing
  readonly issuer: string
  /** Whether a token for this resource is meant for the caller. */
  readonly audience: (aud: string) => boolean
}

/**
 * RFC 9068 §4. `now` is in milliseconds. Whether the token or its key was revoked, and what its bearer may
 * do now, are questions to the records.
 */
export function verifyAccessToken(
  text: string,
  expected: TokenExpectation,
  now: number,
): AccessToken | Refusal {
  const known = verified.get(text)
  const jws = known ?? parseCompactJws(text, tokenCap)
  if (jws === undefined) return invalid('The token is not a compact JWT.')
  const { header, payload } = jws
  if (header.typ !== 'at+jwt') return invalid('The typ of the token is not at+jwt.')
  if (forbiddenParameter(header, ['crit', 'b64']))
    return invalid('The header of the token changes what is signed.')

  const key = verificationKey(expected.ring, header.kid, now)
  if (key === undefined || header.alg !== key.alg) return invalid('The token names no key of this issuer.')
  if (known === undefined && !verifySignature({ ...key, thumbprint: key.kid }, jws.input, jws.signature))
    return invalid('The signature of the token does not verify.')
  remember(text, jws)

  if (!isClaims(payload)) return invalid('The token lacks a claim.')
  if (payload.iss !== expected.issuer) return invalid('The token has another issuer.')
  if (!expected.audience(payload.aud)) return invalid(`The token is for ${payload.aud}.`)
  if (payload.exp <= now / 1000) return refuse('token_expired', 'The token has expired.')
  return { claims: payload, kid: key.kid }
}

/**
 * Tokens whose signature was found good, the latest used last: a workload sends the same one for minutes.
 * Everything else about a token is judged each time. Only good ones get in, so made-up ones drive none out.
 */
const verified = new Map<string, CompactJws>()
const capacity = 1024

function remember(text: string, jws: CompactJws): void {
  verified.delete(text)
  verified.set(text, jws)
  const [oldest] = verified.keys()
  if (verified.size > capacity && oldest !== undefined) verified.delete(oldest)
}

const texts = ['iss', 'sub', 'client_id', 'aud', 'scope', 'jti', 'organisation'] as const
const modelTexts = ['grant', 'purpose'] as const

function isClaims(claims: JsonObject): claims is JsonObject & AccessTokenClaims {
  const { iat, exp, cnf, operator, agreement } = claims
  return (
    texts.every(name => typeof claims[name] === 'string') &&
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    isObject(cnf) &&
    typeof cnf.jkt === 'string' &&
    (operator === undefined || typeof operator === 'string') &&
    (!('session' in claims) ||
      (typeof claims.session === 'string' &&
        typeof claims.auth_time === 'number' &&
        (claims.acr === undefined || typeof claims.acr === 'string') &&
        !('grant' in claims))) &&
    (!('grant' in claims) ||
      (modelTexts.every(name => typeof claims[name] === 'string') &&
        isObject(agreement) &&
        typeof agreement.id === 'string' &&
        typeof agreement.digest === 'string' &&
        isTexts(claims.clauses) &&
        isTexts(claims.meters)))
  )
}

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every(each => typeof each === 'string')

const invalid = (detail: string): Refusal => refuse('token_invalid', detail)
