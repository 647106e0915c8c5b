import type { Client, ClientKey } from '../domain/records.ts'
import type { PublicJwk, SigningAlgorithm } from '../ports/keys.ts'
import { type CompactJws, forbiddenParameter, parseCompactJws } from './compact-jws.ts'
import type { Form } from './form.ts'
import { OAuthError } from './oauth-error.ts'
import { algorithms, isAlgorithm, readPublicJwk, thumbprint } from './public-jwk.ts'
import { hashId, keptBeyond } from './spent-id.ts'
import { verifySignature } from './verify-signature.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Characters. */
const assertionCap = 8192
/** Seconds. */
const lifetimeCap = 120
const futureWindow = 10

/** A client's assertion about itself: not verified, `client` is what it claims to be. */
export interface Assertion {
  readonly client: string
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly jws: CompactJws
}

export interface AssertionId {
  readonly jtiHash: string
  /** Seconds since the epoch: until then the id is kept. */
  readonly exp: number
}

/** What can be judged of `private_key_jwt` (RFC 7523 §2.2 and §3, RFC 7521 §4.2) before any look-up. */
export function parseAssertion(form: Form): Assertion | OAuthError {
  if (form.get('client_assertion_type') !== assertionType)
    return unauthenticated(`The client_assertion_type is ${assertionType}.`)
  const jws = parseCompactJws(form.get('client_assertion') ?? '', assertionCap)
  if (jws === undefined) return unauthenticated('The client_assertion is not a compact JWT.')
  const { header, payload } = jws

  const { alg, kid, typ } = header
  if (!isAlgorithm(alg))
    return unauthenticated(`The alg of the assertion is none of ${algorithms.join(', ')}.`)
  if (typ !== undefined && typ !== 'JWT' && typ !== 'client-authentication+jwt')
    return unauthenticated('The typ of the assertion is neither JWT nor client-authentication+jwt.')
  // A key that comes with the assertion, or from where it says, is the attacker's key.
  const changed = forbiddenParameter(header, ['crit', 'b64', 'jku', 'x5u', 'x5c', 'jwk'])
  if (changed) return unauthenticated(`The header of the assertion has the parameter ${changed}.`)
  if (typeof kid !== 'string') return unauthenticated('The assertion names no kid.')

  const client = payload.sub
  if (typeof client !== 'string' || !clientId.test(client))
    return unauthenticated('The sub of the assertion is no client id.')
  if ((form.get('client_id') ?? client) !== client)
    return unauthenticated('The client_id is not the sub of the assertion.')
  return { client, kid, alg, jws }
}

/**
 * The registered key of `client` that made the assertion. It may be compromised: whoever has it can be told so, and no
 * more. An unknown client or key costs a verification all the same: the time of the answer must not tell which clients
 * exist. `now` is in milliseconds: a key that was replaced counts until its end.
 */
export function verifyingKey(
  { kid, alg, jws }: Assertion,
  client: Client | undefined,
  now: number,
): ClientKey | undefined {
  const registered = client?.keys.find(
    key => key.kid === kid && key.alg === alg && (key.until === undefined || now < key.until),
  )
  const jwk = readPublicJwk(registered?.jwk, alg)
  const verifier = jwk ?? decoys[alg]
  const verified = verifySignature(
    { alg, jwk: verifier, thumbprint: thumbprint(verifier) },
    jws.input,
    jws.signature,
  )
  return verified && jwk !== undefined ? registered : undefined
}

/** The claims of a verified assertion. `issuer` is the only audience: a token URL is refused (RFC 10070). */
export function judgeAssertion(
  { client, jws }: Assertion,
  issuer: string,
  now: number,
): AssertionId | OAuthError {
  const { iss, aud, exp, iat, nbf, jti } = jws.payload
  const seconds = now / 1000
  if (iss !== client) return unauthenticated('The iss of the assertion is not its sub.')
  if (aud !== issuer) return unauthenticated(`The aud of the assertion is ${issuer}, one string.`)
  if (typeof exp !== 'number' || typeof iat !== 'number')
    return unauthenticated('The assertion has no numeric exp and iat.')
  if (exp <= seconds) return unauthenticated('The assertion has expired.')
  if (exp <= iat || exp - iat > lifetimeCap)
    return unauthenticated(`The assertion lives at most ${lifetimeCap} s from its iat.`)
  if (iat > seconds + futureWindow)
    return unauthenticated(`The iat of the assertion is more than ${futureWindow} s ahead.`)
  if (nbf !== undefined && (typeof nbf !== 'number' || nbf > seconds + futureWindow))
    return unauthenticated(`The nbf of the assertion is more than ${futureWindow} s ahead.`)
  if (typeof jti !== 'string' || jti.length < 16 || jti.length > 128)
    return unauthenticated('The jti of the assertion has 16 to 128 characters.')
  return { jtiHash: hashId(jti), exp: Math.ceil(exp) + keptBeyond }
}

export const unauthenticated = (description: string): OAuthError =>
  new OAuthError('invalid_client', description)

const clientId = /^[\x21-\x7e]{1,128}$/

/** Keys of nobody: their private halves were never kept. */
const decoys: Readonly<Record<SigningAlgorithm, PublicJwk>> = {
  ES256: {
    kty: 'EC',
    crv: 'P-256',
    x: '591YU7i8euN0GkImep_12SFuZoAycawgAEgH72jGM4U',
    y: 'p0Rq8NujDOIbsMW7c5xGH8TL1DKb6X_P422YR3CVZlI',
  },
  ES384: {
    kty: 'EC',
    crv: 'P-384',
    x: 'bBFcFo-Bjo6kW0BJxQYyx1ojXmB7E9PK5keISXSC00Aa6msPA3uCFaq_yyNToPr_',
    y: '2sxHYwk11vm6ySQoQdaVHCSfJ9rdY8s8z0IGqE5zsgwWACHy5J0KxGxx3Lp8kddd',
  },
  Ed25519: {
    kty: 'OKP',
    crv: 'Ed25519',
    x: 'e6en9Ikfk15pjEMNlbNT6ets5av20pjTntBcsHy6Lnc',
  },
}
