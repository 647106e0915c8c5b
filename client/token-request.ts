import type * as oauth from 'oauth4webapi'
import type { Issuer } from './issuer.ts'
import { at, readJson } from './json.ts'
import type { Prover } from './prover.ts'
import { readTokenRefusal } from './token-refused.ts'

/** RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'DPoP'
  /** Seconds. */
  readonly expires_in: number
  readonly scope?: string | undefined
}

export const tokenEndpoint = (server: oauth.AuthorizationServer, issuer: Issuer): URL =>
  new URL(server.token_endpoint ?? `${issuer.href}/oauth/token`)

/**
 * Sends a token request with a fresh proof, and once more where the answer brought the nonce that the next proof
 * has to carry (RFC 9449 §8). Throws `TokenRefused` for everything but a token.
 */
export async function requestToken(
  prover: Prover,
  url: URL,
  send: (headers: { dpop: string }) => Promise<Response>,
): Promise<Response> {
  async function attempt(): Promise<Response> {
    const response = await send({ dpop: await prover.prove('POST', url) })
    prover.observe(url, response)
    return response
  }
  let response = await attempt()
  if (response.status === 400 && at(await readJson(response.clone()), 'error') === 'use_dpop_nonce')
    response = await attempt()
  if (response.status !== 200) throw await readTokenRefusal(response)
  return response
}

/** Throws where the token is bound to no key: one such works for whoever copies it, and no resource here takes it. */
export function boundToken({
  access_token,
  token_type,
  expires_in = 0,
  scope,
}: oauth.TokenEndpointResponse): TokenResponse {
  if (token_type !== 'dpop') throw new Error('The authorization server issued a token without a key.')
  return { access_token, token_type: 'DPoP', expires_in, scope }
}
