import type { Refusal, RefusalCode } from '../domain/refusal.ts'
import { algorithms } from './public-jwk.ts'

const invalidToken: readonly RefusalCode[] = [
  'token_invalid',
  'token_expired',
  'token_revoked',
  'key_compromised',
  'agreement_superseded',
]

/** The error code of RFC 6750 §3.1 or RFC 9449 §7.1 and §9 for a refusal, where they have one. */
export function oauthError({ code }: Refusal): string | undefined {
  if (code === 'nonce_required') return 'use_dpop_nonce'
  if (code === 'proof_invalid' || code === 'proof_replayed') return 'invalid_dpop_proof'
  if (code === 'scope_missing') return 'insufficient_scope'
  return invalidToken.includes(code) ? 'invalid_token' : undefined
}

/** `WWW-Authenticate` of a protected resource (RFC 9449 §7.1). Its texts are ours: nothing a caller sent. */
export function challenge(refusal: Refusal): Record<string, string> {
  const error = oauthError(refusal)
  if (error === undefined) return {}
  const parts = [
    `error="${error}"`,
    `error_description="${refusal.kind.title}"`,
    `algs="${algorithms.join(' ')}"`,
  ]
  return { 'www-authenticate': `DPoP ${parts.join(', ')}` }
}
