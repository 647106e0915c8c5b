import { calculateThumbprint } from 'dpop'
import * as oauth from 'oauth4webapi'
import { createHttp, discover } from './discovery.ts'
import { apiResource, readIssuer } from './issuer.ts'
import { createProver } from './prover.ts'
import type { App, PersonSession } from './session.ts'
import { boundToken, requestToken, tokenEndpoint } from './token-request.ts'

export interface SignInOptions {
  /** Of the gateway: an https URL, or http on a loopback host. */
  readonly issuer: string
  readonly app: App
  readonly redirectUri: string
  /** Whose provider to sign in at, by id; else the person is asked. */
  readonly organisation?: string | undefined
  /** Seconds: how long ago the person may have authenticated. 0 asks for it anew. */
  readonly maxAge?: number | undefined
  /** A P-256 or Ed25519 pair; extractable only where the session is to be written down. */
  readonly proofKey: oauth.CryptoKeyPair
  readonly fetch?: typeof globalThis.fetch | undefined
}

export interface SignInBegun {
  /** Where the person goes on, in a browser. */
  readonly url: string
  /** What the callback must bring; `finish` looks at it too. */
  readonly state: string
  /**
   * With the URL that the browser was sent back to. Throws `SignInRefused` where it says no, or is of another
   * sign-in or issuer; `TokenRefused`; and as `fetch` does. It can be called once.
   */
  finish(callbackUrl: string): Promise<PersonSession>
}

/** The person was not signed in, or the answer is not one to this sign-in. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused'
  /** OAuth's error code (RFC 6749 §4.1.2.1), or `callback_invalid` for an answer that is none. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Code flow with PKCE (RFC 7636) and a code that is bound to the key (RFC 9449 §10). Throws a `TypeError` for an
 * issuer that cannot be one, `DiscoveryFailed`, and what `fetch` throws when nobody answers.
 */
export async function beginSignIn(options: SignInOptions): Promise<SignInBegun> {
  const { app, redirectUri, proofKey, fetch = globalThis.fetch } = options
  const issuer = readIssuer(options.issuer)
  const http = createHttp(issuer, (input, init) => fetch(input, init))
  const server = await discover(issuer, http)
  const client: oauth.Client = { client_id: app }
  const state = oauth.generateRandomState()
  const verifier = oauth.generateRandomCodeVerifier()

  const url = new URL(server.authorization_endpoint ?? `${issuer.href}/oauth/authorize`)
  const parameters = {
    response_type: 'code',
    client_id: app,
    redirect_uri: redirectUri,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    dpop_jkt: await calculateThumbprint(proofKey.publicKey),
    resource: apiResource(issuer.href),
    ...(options.organisation !== undefined && { organisation: options.organisation }),
    ...(options.maxAge !== undefined && { max_age: String(options.maxAge) }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)

  return {
    url: url.href,
    state,
    async finish(callbackUrl) {
      // RFC 9207 whatever the metadata says: without `iss` the code may be another server's.
      const careful = { ...server, authorization_response_iss_parameter_supported: true }
      const answer = readAnswer(() =>
        oauth.validateAuthResponse(careful, client, new URL(callbackUrl), state),
      )
      const prover = createProver(proofKey)
      const response = await requestToken(prover, tokenEndpoint(server, issuer), headers =>
        oauth.authorizationCodeGrantRequest(server, client, oauth.None(), answer, redirectUri, verifier, {
          ...http,
          headers,
        }),
      )
      const token = await oauth.processAuthorizationCodeResponse(server, client, response)
      const { access_token: accessToken, expires_in } = boundToken(token)
      if (token.refresh_token === undefined) throw new Error('The authorization server began no session.')
      return {
        issuer: issuer.href,
        app,
        refreshToken: token.refresh_token,
        proofKey,
        first: { accessToken, endsAt: Date.now() + expires_in * 1000 },
      }
    },
  }
}

/** The library's errors name parameters; what the server says of its refusal is for the person. */
function readAnswer(validate: () => URLSearchParams): URLSearchParams {
  const invalid = new SignInRefused(
    'callback_invalid',
    'The browser came back with an answer that is not one to this sign-in.',
  )
  let answer: URLSearchParams
  try {
    answer = validate()
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError)
      throw new SignInRefused(error.error, error.error_description ?? 'The sign-in was refused.')
    throw invalid
  }
  if (!answer.get('code')) throw invalid
  return answer
}
