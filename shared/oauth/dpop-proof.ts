import { hash } from 'node:crypto'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { forbiddenParameter, parseCompactJws } from './compact-jws.ts'
import { normaliseHtu } from './htu.ts'
import { algorithms, isAlgorithm, readPublicJwk, thumbprint } from './public-jwk.ts'
import { hashId, keptBeyond } from './spent-id.ts'
import { verifySignature } from './verify-signature.ts'

/** Characters; a proof with a P-384 key has about 600. */
const proofCap = 4096
/** Seconds. */
const pastWindow = 60
const futureWindow = 10

/** What a proof is made for. */
export interface ProofTarget {
  readonly method: string
  /** The configured URL: a `Host` header is the sender's to choose. */
  readonly url: string
  /** At a resource: the token that comes with it, and the key that it is bound to. */
  readonly token?: { readonly text: string; readonly jkt: string }
}

export interface Proof {
  /** RFC 7638 thumbprint of the key that made it. */
  readonly jkt: string
  readonly jtiHash: string
  /** Seconds since the epoch: until then its id is kept. */
  readonly exp: number
  /** Still to be judged, by `requireNonce`: after everything else, so that a challenge is answered once. */
  readonly nonce: string | undefined
}

/**
 * A DPoP proof by the twelve checks of RFC 9449 §4.3, numbered as there, but for the nonce (10). `now` is
 * in milliseconds. The caller spends the id.
 */
export function verifyProof(headers: readonly string[], target: ProofTarget, now: number): Proof | Refusal {
  // 1, 2
  const [text] = headers
  if (text === undefined || headers.length > 1) return invalid('Send exactly one DPoP header.')
  const jws = parseCompactJws(text, proofCap)
  if (jws === undefined) return invalid('The proof is not a compact JWT.')
  const { header, payload } = jws

  // 4, 5, 7
  if (header.typ !== 'dpop+jwt') return invalid('The typ of the proof is not dpop+jwt.')
  const { alg } = header
  if (!isAlgorithm(alg)) return invalid(`The alg of the proof is none of ${algorithms.join(', ')}.`)
  const changed = forbiddenParameter(header, ['crit', 'b64'])
  if (changed) return invalid(`The header of the proof has the parameter ${changed}.`)
  const jwk = readPublicJwk(header.jwk, alg)
  if (jwk === undefined) return invalid('The jwk of the proof is not a public key for its alg.')

  // 3, 8, 9, 11
  const { jti, htm, htu, iat, ath, nonce } = payload
  if (typeof jti !== 'string' || jti.length < 1 || jti.length > 128)
    return invalid('The jti of the proof has 1 to 128 characters.')
  if (htm !== target.method) return invalid(`The htm of the proof is not ${target.method}.`)
  if (typeof htu !== 'string' || normaliseHtu(htu) !== normaliseHtu(target.url))
    return invalid(`The htu of the proof is not ${target.url}.`)
  if (typeof iat !== 'number') return invalid('The iat of the proof is not a number.')
  const age = now / 1000 - iat
  if (age > pastWindow) return invalid(`The proof is older than ${pastWindow} s.`)
  if (age < -futureWindow) return invalid(`The iat of the proof is more than ${futureWindow} s ahead.`)
  if (nonce !== undefined && typeof nonce !== 'string') return invalid('The nonce of the proof is no string.')

  // 12
  const jkt = thumbprint(jwk)
  if (target.token) {
    if (ath !== accessTokenHash(target.token.text))
      return invalid('The ath of the proof is not of this token.')
    if (jkt !== target.token.jkt)
      return invalid('The proof is made with another key than the token is bound to.')
  }

  // 6: last, because it is the dearest
  if (!verifySignature({ alg, jwk, thumbprint: jkt }, jws.input, jws.signature))
    return invalid('The signature of the proof does not verify.')
  return { jkt, jtiHash: hashId(jti), exp: Math.ceil(iat) + pastWindow + keptBeyond, nonce }
}

/** RFC 9449 §4.2, `ath`. */
export const accessTokenHash = (token: string): string => hash('sha256', token, 'base64url')

const invalid = (detail: string): Refusal => refuse('proof_invalid', detail)
