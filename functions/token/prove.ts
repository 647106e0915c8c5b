import { Refusal } from '../../shared/domain/refusal.ts'
import { type Proof, verifyProof } from '../../shared/oauth/dpop-proof.ts'
import { tokenUrl } from '../../shared/oauth/metadata.ts'
import { requireNonce } from '../../shared/oauth/nonce.ts'
import { OAuthError, type OAuthErrorCode } from '../../shared/oauth/oauth-error.ts'
import { thumbprint } from '../../shared/oauth/public-jwk.ts'
import type { PublicJwk } from '../../shared/ports/keys.ts'
import type { TokenDeps } from './token-deps.ts'
import type { TokenRequest } from './token-request.ts'

/** Steps E and F: the proof, then its nonce, before anything is consumed. `foreign` keys may not make it. */
export function prove(
  { issuer, nonceKey }: Pick<TokenDeps, 'issuer' | 'nonceKey'>,
  { proofs, now }: Pick<TokenRequest, 'proofs' | 'now'>,
  foreign: readonly PublicJwk[] = [],
): Proof | OAuthError {
  const proof = verifyProof(proofs, { method: 'POST', url: tokenUrl(issuer) }, now)
  if (proof instanceof Refusal) return refused('invalid_dpop_proof', proof)
  // With the client's own key, whoever can make assertions could make proofs as well.
  if (foreign.some(jwk => thumbprint(jwk) === proof.jkt))
    return new OAuthError(
      'invalid_dpop_proof',
      'The proof is made with a key that authenticates the client.',
      { code: 'proof_invalid' },
    )
  const challenge = requireNonce(proof.nonce, nonceKey, now)
  return challenge ? refused('use_dpop_nonce', challenge) : proof
}

export const proofReplayed = (): OAuthError =>
  new OAuthError('invalid_dpop_proof', 'The proof was used before.', { code: 'proof_replayed' })

export const spentTooLate = (what: 'assertion' | 'proof'): OAuthError =>
  new OAuthError('temporarily_unavailable', `The ${what} could not be spent in time.`, {
    code: 'store_unavailable',
    retryAfter: 1,
  })

/** What will pass by itself is no fault of the request: it has another error, and says when to come again. */
export const refused = (error: OAuthErrorCode, { code, facts, kind, grounds }: Refusal): OAuthError =>
  kind.status === 503
    ? new OAuthError('temporarily_unavailable', facts.detail, {
        code,
        next: facts.next,
        grounds,
        retryAfter: facts.retryAfter ?? 1,
      })
    : new OAuthError(error, facts.detail, { code, next: facts.next, grounds })
