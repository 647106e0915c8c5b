import { createLocalJWKSet, jwtVerify } from 'jose'
import { beforeEach, expect, test } from 'vitest'
import { issuer, start, type TokenWorld, tokenWorld } from './token-world.ts'

let world: TokenWorld
beforeEach(async () => {
  world = await tokenWorld()
})

test('RFC 8414: the authorization server', async () => {
  const { status, headers, body } = await world.get('/.well-known/oauth-authorization-server')
  expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=300'])
  expect(body).toMatchObject({
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    grant_types_supported: ['client_credentials', 'authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    dpop_signing_alg_values_supported: ['ES256', 'ES384', 'Ed25519'],
  })
})

test.each([
  ['', 'infer embed tools reasoning logprobs images log:own quota:read govern'],
  ['/api', 'log:own quota:read govern'],
  ['/models/aurora-preview', 'infer embed tools reasoning logprobs images'],
  ['/models/never-heard-of', 'infer embed tools reasoning logprobs images'],
])('RFC 9728: the resource at %j', async (path, scopes) => {
  const { status, body } = await world.get(`/.well-known/oauth-protected-resource${path}`)
  expect(status).toBe(200)
  expect(body).toEqual({
    resource: issuer + path,
    authorization_servers: [issuer],
    scopes_supported: scopes.split(' '),
    dpop_signing_alg_values_supported: ['ES256', 'ES384', 'Ed25519'],
    dpop_bound_access_tokens_required: true,
  })
})

test.each([
  '/.well-known/oauth-protected-resource/',
  '/.well-known/oauth-protected-resource/models/',
  '/.well-known/oauth-protected-resource/models/a/b',
  '/.well-known/oauth-protected-resourceful',
  '/.well-known/openid-configuration',
  '/',
])('%s is not there', async path => {
  expect((await world.get(path)).status).toBe(404)
})

test('RFC 7517: a token verifies with the published keys', async () => {
  const { body, headers } = await world.get('/.well-known/jwks.json')
  expect(headers['cache-control']).toBe('public, max-age=300')
  expect(body).toEqual({ keys: [{ ...world.signing.jwk, kid: world.signing.kid, alg: 'ES256', use: 'sig' }] })
  const token = String((await world.token()).body.access_token)
  const keySet = createLocalJWKSet(body as never)
  const { payload } = await jwtVerify(token, keySet, { issuer, typ: 'at+jwt', currentDate: new Date(start) })
  expect(payload.sub).toBe('client_1')
})

test('a compromised key is no longer published', async () => {
  await world.records.standing({}, { [world.signing.kid]: start })
  expect((await world.get('/.well-known/jwks.json')).body).toEqual({ keys: [] })
})
