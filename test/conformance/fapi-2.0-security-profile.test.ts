/**
 * The OpenID FAPI 2.0 Security Profile (final) as the modules of its conformance suite test it, for the profile
 * "client credentials grant" with `private_key_jwt` and DPoP. Tests are named by module, or by clause.
 *
 * Applied: HappyFlow, DiscoveryEndpointVerification, EnsureClientAssertionInTokenEndpoint,
 * EnsureClientAssertionWithExpIs5MinutesInPastFails, …WithNoSubFails, …WithWrongAudFails,
 * EnsureClientIdInTokenEndpoint, EnsureSignedClientAssertionWithRS256Fails, EnsureHolderOfKeyRequired,
 * CheckDpopProofNbfExp, EnsureDpopProofWithIat10SecondsBefore- and …AfterSucceeds,
 * AccessTokenTypeHeaderCaseSensitivity. DpopNegativeTests is in `rfc9449-*.test.ts`.
 * Four modules about assertions at the PAR endpoint are applied to the token endpoint instead:
 * PARTokenEndpointAsAudienceFails, PAREndpointAsArrayAudienceFails,
 * PAREnsureJWTClientAssertionWithIatNbf8SecondsInTheFutureIsAccepted, …Over60SecondsInTheFutureFails.
 *
 * Not applied: every module about the authorization endpoint, redirect URIs, PAR, PKCE, request objects,
 * response types, state, nonce, codes, claims and users, for there is no authorization endpoint; about refresh
 * tokens, for none are issued; about MTLS and client attestation, which are other variants; the part of
 * EnsureHolderOfKeyRequired about TLS versions and ciphers, which whoever terminates TLS decides; and those of
 * the national profiles.
 */
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient, type Parts, type ProtocolClient, seconds } from './client.ts'
import { edKeys, publicJwk, rsaKeys } from './jws.ts'
import { told } from './told.ts'

let world: EmbeddedWorld
let client: ProtocolClient
let other: ProtocolClient
beforeAll(async () => {
  world = await openEmbedded()
  client = await openClient(world.issuer, world.partner('cedar'))
  other = await openClient(world.issuer, world.partner('prairie'))
})
afterAll(() => world.close())

const resource = '/api/v1/me'
const apiToken = () => client.token({ resource: `${world.issuer}/api` })
const authenticate = async (parts: Parts) =>
  told(await client.tokenRequest({ client_assertion: client.assertion(parts) }))

describe('modules', () => {
  test('HappyFlow', async () => {
    const response = await client.tokenRequest({ resource: `${world.issuer}/api` })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = (await response.json()) as { access_token: string }
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'DPoP',
      expires_in: 900,
      scope: 'log:own quota:read',
    })
    expect(await told(await client.call('GET', resource, body.access_token))).toBe('200')
  })

  test('DiscoveryEndpointVerification', async () => {
    const url = `${world.issuer}/.well-known/oauth-authorization-server`
    const metadata = (await (await fetch(url)).json()) as Record<string, string[]>
    expect(metadata.issuer).toBe(world.issuer)
    // `none` is for people's own applications, which this profile is not about.
    expect(metadata.token_endpoint_auth_methods_supported).toEqual(['private_key_jwt', 'none'])
    for (const list of [
      'token_endpoint_auth_signing_alg_values_supported',
      'dpop_signing_alg_values_supported',
    ]) {
      expect(metadata[list]).toContain('ES256')
      expect(metadata[list]).not.toContain('RS256')
      expect(metadata[list]).not.toContain('none')
    }
    for (const scope of metadata.scopes_supported ?? []) expect(scope).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/)
  })

  test('EnsureClientAssertionInTokenEndpoint', async () => {
    const form = { client_assertion: undefined, client_assertion_type: undefined, client_id: client.id }
    expect(await told(await client.tokenRequest(form))).toBe('401 invalid_client')
  })

  test.each<[string, Parts]>([
    ['ExpIs5MinutesInPastFails', { claims: { iat: seconds() - 360, exp: seconds() - 300 } }],
    ['NoSubFails', { claims: { sub: undefined } }],
    ['WrongAudFails', { claims: { aud: 'https://other.example' } }],
  ])('EnsureClientAssertionWith%s', async (_, parts) =>
    expect(await authenticate(parts)).toBe('401 invalid_client'),
  )

  test('EnsureClientIdInTokenEndpoint: the id of a second client, its assertion with the key of the first', async () => {
    expect(await told(await client.tokenRequest({ client_id: other.id }))).toBe('401 invalid_client')
    const client_assertion = other.assertion({ key: client.clientKey })
    expect(await told(await client.tokenRequest({ client_id: other.id, client_assertion }))).toBe(
      '401 invalid_client',
    )
  })

  test('EnsureSignedClientAssertionWithRS256Fails', async () =>
    expect(await authenticate({ header: { alg: 'RS256' }, key: rsaKeys().privateKey })).toBe(
      '401 invalid_client',
    ))

  test('EnsureHolderOfKeyRequired', async () => {
    const bare = await client.send('POST', '/oauth/token', {}, client.authentication())
    expect(await told(bare)).toBe('400 invalid_dpop_proof proof_invalid')
  })

  test.each<[string, () => Record<string, number>]>([
    ['CheckDpopProofNbfExp', () => ({ nbf: seconds(), exp: seconds() + 300 })],
    ['EnsureDpopProofWithIat10SecondsBeforeSucceeds', () => ({ iat: seconds() - 10 })],
    ['EnsureDpopProofWithIat10SecondsAfterSucceeds', () => ({ iat: seconds() + 8 })],
  ])('%s', async (_, claims) => {
    const dpop = client.proof('POST', '/oauth/token', { claims: claims() })
    const token = await client.token({ resource: `${world.issuer}/api` }, dpop)
    const headers = { dpop: client.proof('GET', resource, { claims: claims() }, token) }
    expect(await told(await client.call('GET', resource, token, headers))).toBe('200')
  })

  test('AccessTokenTypeHeaderCaseSensitivity', async () => {
    const token = await apiToken()
    expect(await told(await client.call('GET', resource, token, { authorization: `dpOP ${token}` }))).toBe(
      '200',
    )
  })

  test('PARTokenEndpointAsAudienceFails, PAREndpointAsArrayAudienceFails: at the token endpoint', async () => {
    for (const aud of [`${world.issuer}/oauth/token`, [world.issuer]])
      expect(await authenticate({ claims: { aud } })).toBe('401 invalid_client')
  })

  test('PAREnsureJWTClientAssertionWithIatNbf8SecondsInTheFutureIsAccepted: at the token endpoint', async () =>
    expect(await authenticate({ claims: { iat: seconds() + 8, nbf: seconds() + 8 } })).toBe('200'))

  test('PAREnsureJWTClientAssertionWithIatNbfOver60SecondsInTheFutureFails: at the token endpoint', async () => {
    const ahead = seconds() + 65
    for (const claims of [
      { iat: ahead, nbf: ahead, exp: ahead + 60 },
      { nbf: ahead, exp: ahead + 50 },
    ])
      expect(await authenticate({ claims })).toBe('401 invalid_client')
  })
})

describe('clauses that no module asks about', () => {
  test.each(['password', 'implicit', 'authorization_code', 'refresh_token'])(
    '5.3.2.1: there is no grant_type %s for a client that authenticates',
    async grant_type =>
      expect(await told(await client.tokenRequest({ grant_type }))).toBe('400 unsupported_grant_type'),
  )

  test('5.3.2.1: no workload is public: a client_id alone authenticates nobody', async () => {
    const form = { grant_type: 'client_credentials', client_id: client.id }
    const headers = { dpop: client.proof('POST', '/oauth/token') }
    expect(await told(await client.send('POST', '/oauth/token', headers, form))).toBe('401 invalid_client')
  })

  test('5.3.2.1: clocks: an iat between 10 and 60 s ahead may be refused, and is', async () =>
    expect(await authenticate({ claims: { iat: seconds() + 30 } })).toBe('401 invalid_client'))

  test('5.3.2.1: a token has no more privileges than were asked for', async () => {
    const token = await client.token({ resource: `${world.issuer}/api`, scope: 'quota:read' })
    expect(decodeJwt(token).scope).toBe('quota:read')
    expect(await told(await client.call('GET', '/api/v1/entries', token))).toBe(
      '403 insufficient_scope scope_missing',
    )
  })

  test('5.3.4: an access token is taken from the Authorization header, not from query or body', async () => {
    const token = await apiToken()
    const dpop = () => client.proof('GET', resource, {}, token)
    const query = await client.send('GET', `${resource}?access_token=${token}`, { dpop: dpop() })
    expect(await told(query)).toBe('401 invalid_token token_invalid')
    const chat = '/openai/v1/chat/completions'
    const model = await client.token()
    const headers = { dpop: client.proof('POST', chat, {}, model) }
    expect(await told(await client.send('POST', chat, headers, { access_token: model }))).toBe(
      '401 invalid_token token_invalid',
    )
    expect(await told(await client.call('GET', resource, token))).toBe('200')
  })

  test('5.3.4: a token whose client was suspended meanwhile is refused', async () => {
    // At the token endpoint too: nothing is issued that could not be used.
    const token = await other.token()
    const suspend = (state: 'suspended' | 'active') =>
      world.store.write({
        kind: 'update',
        key: keys.client(other.id),
        change: { set: [[['state'], state]] },
      })
    await suspend('suspended')
    expect(await told(await other.call('GET', '/openai/v1/models', token))).toBe('403 client_suspended')
    expect(await told(await other.tokenRequest())).toBe('400 unauthorized_client client_suspended')
    await suspend('active')
    expect(await told(await other.call('GET', '/openai/v1/models', token))).toBe('200')
  })

  test('5.4.1: tokens are signed with an algorithm of the profile', async () =>
    expect(decodeProtectedHeader(await client.token()).alg).toBe('ES256'))

  // The profile says EdDSA; RFC 9864 has deprecated that name, because it leaves the curve open.
  test('5.4.1: Ed25519 goes by this name and not by EdDSA', async () => {
    const { privateKey, publicKey } = edKeys()
    const by = (alg: string) =>
      client.proof('POST', '/oauth/token', { header: { alg, jwk: publicJwk(publicKey) }, key: privateKey })
    expect(await told(await client.tokenRequest({}, by('Ed25519')))).toBe('200')
    expect(await told(await client.tokenRequest({}, by('EdDSA')))).toBe(
      '400 invalid_dpop_proof proof_invalid',
    )
  })

  // PS256 is allowed by the profile and not offered. ES384 is offered beyond it, to partners who hold such keys.
  test('5.4.1: of the algorithms that are offered ES384 alone is none of the profile’s', async () => {
    const url = `${world.issuer}/.well-known/oauth-authorization-server`
    expect(await (await fetch(url)).json()).toMatchObject({
      token_endpoint_auth_signing_alg_values_supported: ['ES256', 'ES384', 'Ed25519'],
    })
  })
})
