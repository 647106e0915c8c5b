/** RFC 6749 §4.1, with a client library and a provider that know nothing of Sallyport. */
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorizeAs } from '../../scripts/demo/browserless.ts'
import { people } from '../../scripts/demo/people.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'

const insecure = { [oauth.allowInsecureRequests]: true }
const client: oauth.Client = { client_id: 'sallyport-cli' }
const redirectUri = 'http://127.0.0.1:9/callback'
const login = people[0]?.login ?? ''
const organisation = people[0]?.organisation ?? ''

let world: EmbeddedWorld
let as: oauth.AuthorizationServer
beforeAll(async () => {
  world = await openEmbedded()
  const issuer = new URL(world.issuer)
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  as = await oauth.processDiscoveryResponse(issuer, response)
})
afterAll(() => world.close())

/** What an app begins with: a key, a verifier and a state of its own. */
async function begin(change: Readonly<Record<string, string | undefined>> = {}) {
  const keyPair = await oauth.generateKeyPair('ES256', { extractable: true })
  const dpop = oauth.DPoP(client, keyPair)
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(as.authorization_endpoint ?? '')
  const parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirectUri,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    dpop_jkt: await dpop.calculateThumbprint(),
    organisation,
    ...change,
  }
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.set(name, value)
  return { dpop, verifier, state, url: url.href }
}
type Begun = Awaited<ReturnType<typeof begin>>

async function callback(begun: Begun): Promise<URLSearchParams> {
  const url = new URL(await authorizeAs({ url: begun.url, login, organisation, redirectUri }))
  return oauth.validateAuthResponse(as, client, url, begun.state)
}

const exchange = (begun: Begun, answer: URLSearchParams, verifier = begun.verifier, uri = redirectUri) =>
  oauth.authorizationCodeGrantRequest(as, client, oauth.None(), answer, uri, verifier, {
    DPoP: begun.dpop,
    ...insecure,
  })

/** The first request is answered with a nonce, which the library keeps (RFC 9449 §8). */
async function redeem(begun: Begun, answer: URLSearchParams): Promise<oauth.TokenEndpointResponse> {
  try {
    const response = await exchange(begun, answer)
    return await oauth.processAuthorizationCodeResponse(as, client, response)
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return oauth.processAuthorizationCodeResponse(as, client, await exchange(begun, answer))
  }
}

async function refusal(response: Response): Promise<readonly [number, string]> {
  const { error } = (await response.json()) as { error: string }
  return [response.status, error]
}

describe('a person signs in through a client that was not made for it', () => {
  test('§4.1.1 to §4.1.4: request, page, provider, code, token; then §6: refresh', async () => {
    const begun = await begin()
    const tokens = await redeem(begun, await callback(begun))
    expect(tokens).toMatchObject({ token_type: 'dpop', scope: 'govern', expires_in: 900 })
    const response = await oauth.refreshTokenGrantRequest(
      as,
      client,
      oauth.None(),
      tokens.refresh_token ?? '',
      {
        DPoP: begun.dpop,
        ...insecure,
      },
    )
    const next = await oauth.processRefreshTokenResponse(as, client, response)
    expect(next.access_token).not.toBe(tokens.access_token)
    expect(next.refresh_token).toBe(tokens.refresh_token)

    const revoked = await oauth.revocationRequest(
      as,
      client,
      oauth.None(),
      tokens.refresh_token ?? '',
      insecure,
    )
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined()
    const after = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token ?? '', {
      DPoP: begun.dpop,
      ...insecure,
    })
    expect(await refusal(after)).toEqual([400, 'invalid_grant'])
  })

  test('§4.1.2: a second use of a code is refused, and ends what the first began', async () => {
    const begun = await begin()
    const answer = await callback(begun)
    const tokens = await redeem(begun, answer)
    expect(await refusal(await exchange(begun, answer))).toEqual([400, 'invalid_grant'])
    const response = await oauth.refreshTokenGrantRequest(
      as,
      client,
      oauth.None(),
      tokens.refresh_token ?? '',
      {
        DPoP: begun.dpop,
        ...insecure,
      },
    )
    expect(await refusal(response)).toEqual([400, 'invalid_grant'])
  })

  test('§4.1.3: the redirect_uri and the verifier are those of the request; a wrong try spends nothing', async () => {
    const begun = await begin()
    const answer = await callback(begun)
    // For the nonce.
    await exchange(begun, answer, 'x'.repeat(43))
      .then(oauth.processAuthorizationCodeResponse.bind(undefined, as, client))
      .catch(() => undefined)
    expect(await refusal(await exchange(begun, answer, 'x'.repeat(43)))).toEqual([400, 'invalid_grant'])
    const elsewhere = await exchange(begun, answer, begun.verifier, 'http://127.0.0.1:10/callback')
    expect(await refusal(elsewhere)).toEqual([400, 'invalid_grant'])
    expect((await redeem(begun, answer)).token_type).toBe('dpop')
  })

  test('RFC 9449 §10: a code is bound to the key that the request named', async () => {
    const begun = await begin()
    const other = await begin()
    const answer = await callback(begun)
    const thief = { ...begun, dpop: other.dpop }
    await exchange(thief, answer)
      .then(oauth.processAuthorizationCodeResponse.bind(undefined, as, client))
      .catch(() => undefined)
    expect(await refusal(await exchange(thief, answer))).toEqual([400, 'invalid_grant'])
  })
})

describe('§4.1.2.1: an error', () => {
  const ask = async (change: Readonly<Record<string, string | undefined>>) => {
    const { url } = await begin({ state: 's', ...change })
    return fetch(url, { redirect: 'manual' })
  }

  test.each([
    { client_id: undefined },
    { client_id: 'other' },
    { redirect_uri: undefined },
    { redirect_uri: 'https://evil.example/callback' },
    { redirect_uri: 'http://localhost:9/callback' },
  ])('%j: nobody is sent anywhere', async change => {
    const response = await ask(change)
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  })

  test.each<[Readonly<Record<string, string | undefined>>, string]>([
    [{ response_type: undefined }, 'invalid_request'],
    [{ response_type: 'token' }, 'unsupported_response_type'],
    [{ scope: 'openid' }, 'invalid_scope'],
    [{ code_challenge: undefined }, 'invalid_request'],
    [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ resource: 'https://other.example' }, 'invalid_target'],
  ])('%j goes back to the client with its state', async (change, error) => {
    const response = await ask(change)
    const url = new URL(response.headers.get('location') ?? '')
    expect([response.status, url.origin + url.pathname]).toEqual([303, redirectUri])
    expect(() => oauth.validateAuthResponse(as, client, url, 's')).toThrow(oauth.AuthorizationResponseError)
    expect([url.searchParams.get('error'), url.searchParams.get('iss')]).toEqual([error, world.issuer])
  })
})
