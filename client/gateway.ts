import type { CryptoKeyPair } from 'oauth4webapi'
import { type Api, createApi } from './api.ts'
import { type ClientKey, namesItsKid } from './client-key.ts'
import { apiResource, readIssuer } from './issuer.ts'
import { createProver } from './prover.ts'
import { createSignedFetch } from './signed-fetch.ts'
import { createTokenCache } from './token-cache.ts'
import { createTokenEndpoint, type TokenEndpoint, type TokenRequest } from './token-endpoint.ts'
import { refusalResponse, TokenRefused } from './token-refused.ts'
import type { TokenResponse } from './token-request.ts'
import { createWorkloadTokens } from './workload-tokens.ts'

export interface GatewayOptions {
  /** Of the gateway: an https URL, or http on a loopback host. */
  readonly issuer: string
  readonly clientId: string
  /** The client's private key. It only signs assertions to the token service. */
  readonly key: ClientKey
  /** Of the registered public key, where the key does not tell it. */
  readonly kid?: string | undefined
  /** One of the agreement's purposes; needed where it registers several. */
  readonly purpose?: string | undefined
  /** Whose token serves a request to the gate that names no model. */
  readonly model?: string | undefined
  /** The P-256 or Ed25519 pair that tokens are bound to; a fresh one unless given. Never the client's key. */
  readonly proofKey?: CryptoKeyPair | undefined
  /** What requests are sent with; the platform's unless given. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

export interface Gateway extends Api {
  /** Without a slash at its end. */
  readonly issuer: string
  /** Base URLs for the providers' SDKs, to be used with `fetch`. */
  readonly openai: string
  readonly anthropic: string
  /**
   * Signs for the gateway's own origin; throws a `TypeError` for any other before anything is sent. Where
   * no token is to be had it returns a 401, 403, 429 or 5xx whose body says why.
   */
  readonly fetch: typeof globalThis.fetch
  /** A new token, apart from those that `fetch` keeps. Throws `TokenRefused`, `DiscoveryFailed`. */
  token(request?: TokenRequest): Promise<TokenResponse>
  /** Ends a token of this client's at once; another's is left as it is. Throws as `token` does. */
  revoke(accessToken: string): Promise<void>
}

/** Throws a `TypeError` for an issuer or a key that cannot be used; nothing is sent yet. */
export function createGateway(options: GatewayOptions): Gateway {
  const issuer = readIssuer(options.issuer)
  if (options.kid === undefined && !namesItsKid(options.key))
    throw new TypeError('A bare CryptoKey does not tell its kid: state the kid.')
  const { fetch = (input, init) => globalThis.fetch(input, init), proofKey, model, ...client } = options

  const prover = createProver(proofKey)
  const endpoint: TokenEndpoint = createTokenEndpoint({ ...client, issuer, prover, fetch })
  const tokens = createTokenCache(
    resource => endpoint.issue({ resource }),
    () => Date.now(),
  )
  const source = createWorkloadTokens(issuer, model, tokens)
  const signed = createSignedFetch({ issuer, tokens: source, prover, fetch })
  return {
    ...createApi(`${apiResource(issuer.href)}/v1`, signed),
    issuer: issuer.href,
    openai: `${issuer.href}/openai/v1`,
    anthropic: `${issuer.href}/anthropic`,
    fetch: (input, init) =>
      signed(input, init).catch((error: unknown) => {
        if (error instanceof TokenRefused) return refusalResponse(error)
        throw error
      }),
    token: (request = {}) => endpoint.issue(request),
    async revoke(accessToken) {
      tokens.drop(accessToken)
      await endpoint.revoke(accessToken)
    },
  }
}
