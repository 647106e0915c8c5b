import * as oauth from 'oauth4webapi'
import { type ClientKey, readClientKey } from './client-key.ts'
import { createHttp, discover } from './discovery.ts'
import { apiResource, type Issuer } from './issuer.ts'
import { once } from './once.ts'
import type { Prover } from './prover.ts'
import { readTokenRefusal } from './token-refused.ts'
import { boundToken, requestToken, type TokenResponse, tokenEndpoint } from './token-request.ts'

export interface TokenRequest {
  /** RFC 8707. Without it the only model that the client holds a grant of. */
  readonly resource?: string | undefined
  /** Names with one space between two; without it everything on offer. */
  readonly scope?: string | undefined
}

/** Both throw `TokenRefused`, `DiscoveryFailed`, and what `fetch` throws when nobody answers. */
export interface TokenEndpoint {
  issue(request: TokenRequest): Promise<TokenResponse>
  /** RFC 7009; a token that is unknown or another's is no error. */
  revoke(token: string): Promise<void>
}

export interface TokenEndpointOptions {
  readonly issuer: Issuer
  readonly clientId: string
  readonly key: ClientKey
  readonly kid?: string | undefined
  readonly purpose?: string | undefined
  readonly prover: Prover
  readonly fetch: typeof globalThis.fetch
}

/** A workload's side of the token service: `client_credentials` with `private_key_jwt`, DPoP-bound. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { issuer, clientId, purpose, prover } = options
  const client: oauth.Client = { client_id: clientId }
  const http = createHttp(issuer, options.fetch)
  const authentication = once(async () => oauth.PrivateKeyJwt(await readClientKey(options.key, options.kid)))
  const discovery = once(() => discover(issuer, http))

  return {
    async issue({ resource, scope }) {
      const parameters = new URLSearchParams()
      if (resource !== undefined) parameters.set('resource', resource)
      if (scope !== undefined) parameters.set('scope', scope)
      if (purpose !== undefined && resource !== apiResource(issuer.href)) parameters.set('purpose', purpose)

      const [server, authenticate] = await Promise.all([discovery(), authentication()])
      const response = await requestToken(prover, tokenEndpoint(server, issuer), headers =>
        oauth.clientCredentialsGrantRequest(server, client, authenticate, parameters, { ...http, headers }),
      )
      return boundToken(await oauth.processClientCredentialsResponse(server, client, response))
    },

    async revoke(token) {
      const [server, authenticate] = await Promise.all([discovery(), authentication()])
      const response = await oauth.revocationRequest(server, client, authenticate, token, http)
      if (response.status !== 200) throw await readTokenRefusal(response)
    },
  }
}
