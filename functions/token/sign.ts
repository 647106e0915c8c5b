import { signAccessToken } from '../../shared/oauth/access-token.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import type { TokenDeps } from './token-deps.ts'
import type { Issuance } from './token-request.ts'

/** Step I: what was decided and recorded, signed. */
export async function sign(
  { signers, telemetry }: Pick<TokenDeps, 'signers' | 'telemetry'>,
  { claims, key, rules }: Issuance,
): Promise<string | OAuthError> {
  try {
    return await signAccessToken(claims, await signers(key))
  } catch (error) {
    telemetry.error('A token could not be signed', error, { kid: key.kid })
    return new OAuthError('temporarily_unavailable', 'The token could not be signed.', {
      code: 'signer_unavailable',
      retryAfter: 1,
    }).under({ rules })
  }
}

export const noSigningKey = (): OAuthError =>
  new OAuthError('temporarily_unavailable', 'No key is there to sign with.', {
    code: 'signer_unavailable',
    retryAfter: 60,
  })

export const notSetUp = (): OAuthError =>
  new OAuthError('temporarily_unavailable', 'The deployment is not set up yet.', {
    code: 'store_unavailable',
    retryAfter: 5,
  })

export const tooMany = (who: string, retryAfter: number): OAuthError =>
  new OAuthError('temporarily_unavailable', `${who} sends too many requests.`, {
    status: 429,
    code: 'rate_limited',
    retryAfter,
  })
