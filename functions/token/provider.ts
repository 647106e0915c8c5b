/** An organisation's OpenID provider, as its relying party. What it answers is believed only once it is verified. */
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  type ClientAuth,
  ClientError,
  Configuration,
  clockSkew,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  getJwksCache,
  None,
  ResponseBodyError,
  type ServerMetadata,
  setJwksCache,
} from 'openid-client'
import type { Provider } from '../../shared/domain/parties.ts'
import { callbackUrl } from '../../shared/oauth/apps.ts'
import { type IdToken, idTokenLeeway, readIdToken } from '../../shared/oauth/id-token.ts'
import { OAuthError } from '../../shared/oauth/oauth-error.ts'
import type { Clock, Telemetry } from '../../shared/ports/world.ts'
import { createProviderFetch } from './provider-fetch.ts'

/** What was begun with the request that is answered. */
export interface Begun {
  /** Where the provider has sent the browser back to. */
  readonly callback: string
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

/** Signs an assertion of this deployment for the provider's issuer. May throw `SignerUnavailable`. */
export type Assert = (audience: string) => Promise<string>

export interface Providers {
  /** Where people are sent, and whether `acr_values` mean something there. */
  describe(provider: Provider): Promise<ProviderDescription | OAuthError>
  /** Exchanges the code in the parameters of a callback for who has signed in. */
  identify(
    provider: Provider,
    answer: URLSearchParams,
    begun: Begun,
    assert: Assert,
  ): Promise<IdToken | OAuthError>
}

export interface ProviderDescription {
  readonly authorizationEndpoint: string
  readonly acrValues: readonly string[]
  /** RFC 9207: its answers say whose they are. */
  readonly namesIssuer: boolean
}

interface Known {
  readonly at: number
  readonly metadata: ServerMetadata
  /** Its keys, as the library keeps them: for at most 5 minutes. */
  jwks?: Parameters<typeof setJwksCache>[1]
}

const metadataMaxAgeMs = 600_000

/** `ask` absent: there is no way to reach a provider, and nobody can sign in. */
export function createProviders({
  issuer,
  clock,
  telemetry,
  ask,
}: {
  readonly issuer: string
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly ask: typeof fetch | undefined
}): Providers {
  const limited = ask && createProviderFetch(ask, clock)
  /** By issuer. Issuers come from the records of organisations, so that there are few. */
  const known = new Map<string, Known>()

  /** One that does not answer is waited for once, by all who ask meanwhile. */
  const asked = new Map<string, Promise<Known | OAuthError>>()

  function learn(provider: Provider): Promise<Known | OAuthError> {
    const before = known.get(provider.issuer)
    if (before && clock.now() - before.at < metadataMaxAgeMs) return Promise.resolve(before)
    const asking =
      asked.get(provider.issuer) ?? discover(provider).finally(() => asked.delete(provider.issuer))
    asked.set(provider.issuer, asking)
    return asking
  }

  async function discover(provider: Provider): Promise<Known | OAuthError> {
    known.delete(provider.issuer)
    const url = URL.parse(provider.issuer)
    if (limited === undefined || url === null || !isReachable(url, issuer))
      return unavailable('The provider cannot be reached from here.')
    try {
      const config = await discovery(url, provider.clientId, undefined, undefined, {
        [customFetch]: limited,
        ...(isPlain(url) && { execute: [allowInsecureRequests] }),
      })
      const metadata = { ...config.serverMetadata() }
      // Letter by letter: the library takes some other spellings for the same issuer.
      if (metadata.issuer !== provider.issuer) return unavailable('The provider has another issuer.')
      const learned = { at: clock.now(), metadata }
      known.set(provider.issuer, learned)
      return learned
    } catch (error) {
      return explain(error, provider, telemetry)
    }
  }

  return {
    async describe(provider) {
      const learned = await learn(provider)
      if (learned instanceof OAuthError) return learned
      const { metadata } = learned
      const { authorization_endpoint: endpoint, acr_values_supported: offered } = metadata
      const url = endpoint === undefined ? null : URL.parse(endpoint)
      if (url === null || !isReachable(url, issuer))
        return unavailable('The provider names no authorization endpoint.')
      const supported: readonly unknown[] = Array.isArray(offered) ? offered : []
      return {
        authorizationEndpoint: url.href,
        acrValues: provider.phishingResistant.acr.filter(value => supported.includes(value)),
        namesIssuer: metadata.authorization_response_iss_parameter_supported === true,
      }
    },

    async identify(provider, answer, { callback, state, nonce, codeVerifier }, assert) {
      const learned = await learn(provider)
      if (learned instanceof OAuthError) return learned
      if (limited === undefined) return unavailable('The provider cannot be reached from here.')
      // Where several come back to, each says who it is: its metadata, which it writes itself, cannot spare it that.
      const shared = callback === callbackUrl(issuer)
      const metadata = {
        ...learned.metadata,
        ...(shared && { authorization_response_iss_parameter_supported: true }),
      }
      const authentication =
        provider.authentication === 'none' ? None() : presenting(await assert(provider.issuer))
      const config = new Configuration(
        metadata,
        provider.clientId,
        {
          [clockTolerance]: idTokenLeeway,
          // The library has a clock of its own; all of this service goes by the one that it was given.
          [clockSkew]: Math.round((clock.now() - Date.now()) / 1000),
        },
        authentication,
      )
      config[customFetch] = limited
      if (isPlain(new URL(provider.issuer))) allowInsecureRequests(config)
      // The signature is verified although TLS leads to the provider: whoever has the records may read a key there.
      enableNonRepudiationChecks(config)
      if (learned.jwks) setJwksCache(config, learned.jwks)

      const url = new URL(`${callback}?${answer}`)
      try {
        const tokens = await authorizationCodeGrant(config, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        })
        return readIdToken({ ...tokens.claims() }, { provider, nonce }, clock.now())
      } catch (error) {
        return explain(error, provider, telemetry)
      } finally {
        const jwks = getJwksCache(config)
        if (jwks) learned.jwks = jwks
      }
    },
  }
}

/** Signed beforehand, so that a failure of our key is not mistaken for one of the provider's. */
const presenting =
  (assertion: string): ClientAuth =>
  (_, client, body) => {
    body.set('client_id', client.client_id)
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    body.set('client_assertion', assertion)
  }

const isPlain = (url: URL): boolean => url.protocol === 'http:'

/**
 * TLS, but between two that stand on one loopback. A URL parser admits names of hosts that mean something else in a
 * header: what a provider says ends up in the CSP of our page.
 */
function isReachable({ protocol, hostname }: URL, issuer: string): boolean {
  if (!hostGrammar.test(hostname)) return false
  if (protocol === 'https:') return true
  return protocol === 'http:' && isLoopback(hostname) && isLoopback(new URL(issuer).hostname)
}

const isLoopback = (hostname: string): boolean => ['127.0.0.1', '[::1]', 'localhost'].includes(hostname)

const hostGrammar = /^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/

/** Of the library's errors those that say: what came cannot be believed. */
const disbelieved = [
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
]

/** The errors carry codes and tokens with them, so that only their names go any further. */
function explain(error: unknown, { issuer }: Provider, telemetry: Telemetry): OAuthError {
  if (error instanceof AuthorizationResponseError)
    return new OAuthError('access_denied', 'The provider of your organisation did not sign you in.')
  const code = error instanceof ClientError ? (error.code ?? causeName(error)) : nameOf(error)
  telemetry.error('a provider did not complete a sign-in', new Error(code), { provider: issuer })
  if (error instanceof ResponseBodyError)
    return unavailable('The provider of your organisation did not accept the code.')
  if (disbelieved.includes(code))
    return new OAuthError('access_denied', 'The answer of the provider cannot be verified.')
  return unavailable('The provider of your organisation does not answer as it should.')
}

const causeName = (error: Error): string => nameOf(error.cause)
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown')

const unavailable = (description: string): OAuthError =>
  new OAuthError('temporarily_unavailable', description, { retryAfter: 5 })
