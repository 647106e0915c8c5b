/** Whether somebody has signed, with the key of their session, that a copy is theirs. Pure. */
import { countersignatureType } from '../../../shared/bundle/countersignature.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { decodeBase64url } from '../../../shared/oauth/base64url.ts'
import { parseCompactJws } from '../../../shared/oauth/compact-jws.ts'
import { isAlgorithm, readPublicJwk, thumbprint } from '../../../shared/oauth/public-jwk.ts'
import { verifySignature } from '../../../shared/oauth/verify-signature.ts'

/** Characters. A statement has some 40 kB at most: a query, a purpose, and a reader for each month. */
export const countersignatureCap = 80_000

/** What a signature must be of. */
export interface Expected {
  readonly statement: string
  /** RFC 7638 thumbprint of the key that the caller's tokens are bound to, each of which they have proved to have. */
  readonly key: string
}

/** A compact JWS (RFC 7515 §7.1) that names its key itself: the log tells of that key no more than its thumbprint. */
export function judgeCountersignature(jws: string, { statement, key }: Expected): Refusal | undefined {
  const parsed = parseCompactJws(jws, countersignatureCap)
  const payload = decodeBase64url(jws.split('.')[1] ?? '')
  if (parsed === undefined || payload === undefined) return wrong('It is no compact JWS over a JSON object.')
  const { alg, typ, jwk: sent, ...others } = parsed.header
  if (typ !== countersignatureType) return wrong(`Its typ is not ${countersignatureType}.`)
  if (!isAlgorithm(alg)) return wrong('Its alg is none of ES256, ES384, Ed25519.')
  // What else stands there could change what is verified, or by which key (RFC 7515 §4.1, RFC 7797 §3).
  if (Object.keys(others).length > 0) return wrong('Its header has alg, typ and jwk, and nothing else.')
  const jwk = readPublicJwk(sent, alg)
  if (jwk === undefined) return wrong(`Its jwk is no public key for ${alg}.`)
  if (thumbprint(jwk) !== key) return wrong('It is made with another key than your session has.')
  if (!Buffer.from(statement).equals(payload)) return wrong('It is over another text than the statement.')
  return verifySignature({ alg, jwk, thumbprint: key }, parsed.input, parsed.signature)
    ? undefined
    : wrong('Its signature does not verify.')
}

const wrong = (detail: string): Refusal => refuse('countersignature_invalid', detail, { field: 'signature' })
