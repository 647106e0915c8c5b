import * as oauth from 'oauth4webapi'
import { type ClientKey, readClientKey } from './client-key.ts'
import { createHttp, discover } from './discovery.ts'
import { apiResource, type Issuer } from './issuer.ts'
import { at, readJson } from './json.ts'
import type { Prover } from './prover.ts'
import { readTokenRefusal } from './token-refused.ts'

export interface TokenRequest {
  /** RFC 8707. Without it the only model that the client holds a grant of. */
  readonly resource?: string | undefined
  /** Names with one space between two; without it everything on offer. */
  readonly scope?: string | undefined
}

/** RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string
  readonly token_type: 'DPoP'
  /** Seconds. */
  readonly expires_in: number
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

  async function request(parameters: URLSearchParams): Promise<Response> {
    const [server, authenticate] = await Promise.all([discovery(), authentication()])
    const url = new URL(server.token_endpoint ?? `${issuer.href}/oauth/token`)
    const response = await oauth.clientCredentialsGrantRequest(server, client, authenticate, parameters, {
      ...http,
      headers: { dpop: await prover.prove('POST', url) },
    })
    prover.observe(url, response)
    return response
  }

  return {
    async issue({ resource, scope }) {
      const parameters = new URLSearchParams()
      if (resource !== undefined) parameters.set('resource', resource)
      if (scope !== undefined) parameters.set('scope', scope)
      if (purpose !== undefined && resource !== apiResource(issuer.href)) parameters.set('purpose', purpose)

      let response = await request(parameters)
      // RFC 9449 §8: the answer brought the nonce that the next proof has to carry.
      if (response.status === 400 && at(await readJson(response.clone()), 'error') === 'use_dpop_nonce')
        response = await request(parameters)
      if (response.status !== 200) throw await readTokenRefusal(response)

      const token = await oauth.processClientCredentialsResponse(await discovery(), client, response)
      // A bearer token works for whoever copies it, and no resource here takes one.
      if (token.token_type !== 'dpop')
        throw new Error('The authorization server issued a token without a key.')
      const { access_token, expires_in = 0 } = token
      return { access_token, token_type: 'DPoP', expires_in, scope: token.scope }
    },

    async revoke(token) {
      const [server, authenticate] = await Promise.all([discovery(), authentication()])
      const response = await oauth.revocationRequest(server, client, authenticate, token, http)
      if (response.status !== 200) throw await readTokenRefusal(response)
    },
  }
}

/** One run for everybody who asks; a failed one is forgotten, so that the next who asks tries again. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  return () => {
    running ??= run().catch((error: unknown) => {
      running = undefined
      throw error
    })
    return running
  }
}
