import { Refusal, refuse } from '../domain/refusal.ts'
import { type AccessToken, type TokenExpectation, verifyAccessToken } from './access-token.ts'
import { type Proof, verifyProof } from './dpop-proof.ts'
import { requireNonce } from './nonce.ts'

export interface ResourceRequest extends TokenExpectation {
  readonly method: string
  /** The configured URL of what is asked for; query and fragment do not count. */
  readonly url: string
  /** Every value of the two headers, as often as they were sent. */
  readonly authorization: readonly string[]
  readonly dpop: readonly string[]
  /** 32 bytes. */
  readonly nonceKey: Uint8Array
  /** Milliseconds. */
  readonly now: number
}

export interface VerifiedRequest extends AccessToken {
  /** To be spent by the caller, once. */
  readonly proof: Proof
}

/** RFC 9110 §11.1: the scheme in any case; RFC 9449 §7.1: a token68. */
const dpopScheme = /^DPoP +([A-Za-z0-9\-._~+/]+=*)$/i

/**
 * Token, proof and nonce of a request to a protected resource (RFC 9449 §7), without a look-up. A bound
 * token that is sent as `Bearer` is refused (§7.2): whoever copied it would have no key.
 */
export function verifyResourceRequest(request: ResourceRequest): VerifiedRequest | Refusal {
  const { method, url, authorization, dpop, nonceKey, now } = request
  const [credentials] = authorization
  if (credentials === undefined || authorization.length > 1)
    return refuse('token_invalid', 'Send exactly one Authorization header.')
  const text = dpopScheme.exec(credentials)?.[1]
  if (text === undefined) return refuse('token_invalid', 'The scheme of the Authorization header is DPoP.')

  const token = verifyAccessToken(text, request, now)
  if (token instanceof Refusal) return token
  const proof = verifyProof(dpop, { method, url, token: { text, jkt: token.claims.cnf.jkt } }, now)
  if (proof instanceof Refusal) return proof
  return requireNonce(proof.nonce, nonceKey, now) ?? { ...token, proof }
}
