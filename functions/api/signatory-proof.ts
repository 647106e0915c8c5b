/** That whoever registers a key to sign agreements with has it: a JWS by it, for this deployment, about this person. */
import { statementTypes, verifyStatement } from '../../shared/agreements/statement.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { parseCompactJws } from '../../shared/oauth/compact-jws.ts'
import { isAlgorithm, readPublicJwk, thumbprint } from '../../shared/oauth/public-jwk.ts'
import type { PublicJwk, SigningAlgorithm } from '../../shared/ports/keys.ts'

export interface ProvenKey {
  readonly kid: string
  readonly jwk: PublicJwk
  readonly alg: SigningAlgorithm
}

const maxProof = 4_000
/** Milliseconds. A key is registered once, so that a proof is of no use a second time. */
const maxAge = 60_000

interface Sent {
  readonly public_key: unknown
  readonly proof: string
}

/** The key as it is sent, for the algorithm that its proof names: that somebody has it is not shown by that. */
export function readSentKey({ public_key, proof }: Sent): ProvenKey | Refusal {
  const parsed = parseCompactJws(proof, maxProof)
  if (parsed === undefined) return wrong('It is no compact JWS over a JSON object.', 'proof')
  const { alg } = parsed.header
  if (!isAlgorithm(alg)) return wrong('Its alg is none of ES256, ES384, Ed25519.', 'proof')
  const jwk = readPublicJwk(public_key, alg)
  if (jwk === undefined) return wrong(`It is no public JWK for ${alg}.`, 'public_key')
  return { kid: thumbprint(jwk), jwk, alg }
}

/** Nothing where the proof counts. */
export function judgeProof(
  { jwk }: ProvenKey,
  { proof }: Sent,
  { issuer, person, now }: { readonly issuer: string; readonly person: string; readonly now: number },
): Refusal | undefined {
  const verified = verifyStatement(proof, statementTypes.signatory, jwk)
  if (typeof verified === 'string') return wrong(`The proof does not count: ${verified}.`, 'proof')
  const { aud, sub, iat, jti } = JSON.parse(verified.payload.toString()) as Readonly<Record<string, unknown>>
  if (aud !== issuer) return wrong(`The proof is for another: its aud is not ${issuer}.`, 'proof')
  if (sub !== person) return wrong(`The proof is about another: its sub is not ${person}.`, 'proof')
  if (typeof jti !== 'string' || jti === '') return wrong('The proof has no jti.', 'proof')
  if (typeof iat !== 'number' || Math.abs(now - iat * 1000) > maxAge)
    return wrong(`The proof is at most ${maxAge / 1000} seconds old; its iat is not.`, 'proof')
  return undefined
}

const wrong = (detail: string, field: 'proof' | 'public_key'): Refusal =>
  refuse('body_malformed', detail, { field })
