/** RFC 8414, the metadata of the authorization server. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'

let world: EmbeddedWorld
let metadata: Readonly<Record<string, unknown>>
beforeAll(async () => {
  world = await openEmbedded()
  const response = await fetch(`${world.issuer}/.well-known/oauth-authorization-server`)
  metadata = (await response.json()) as typeof metadata
})
afterAll(() => world.close())

test('§3.2: a GET is answered with 200 and JSON', async () => {
  const response = await fetch(`${world.issuer}/.well-known/oauth-authorization-server`)
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
  const posted = await fetch(response.url, { method: 'POST' })
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET'])
})

test('§3.3: the issuer is the one that was asked, letter by letter, and has no query and no fragment', () => {
  expect(metadata.issuer).toBe(world.issuer)
  expect(new URL(world.issuer).origin).toBe(world.issuer)
})

test('§2: every endpoint that is named is there', async () => {
  const named = Object.entries(metadata).filter(([name]) => /(_endpoint|_uri)$/.test(name))
  const answers: Readonly<Record<string, number>> = {
    // A page says that there is no client.
    authorization_endpoint: 400,
    token_endpoint: 405,
    revocation_endpoint: 405,
    jwks_uri: 200,
  }
  expect(named.map(([name]) => name)).toEqual(Object.keys(answers))
  for (const [name, url] of named) {
    const { status } = await fetch(String(url))
    expect([name, status]).toEqual([name, answers[name]])
  }
})

test('§2: grants, authentication and algorithms are said, because the defaults are others', () => {
  const algorithms = ['ES256', 'ES384', 'Ed25519']
  expect(metadata).toMatchObject({
    grant_types_supported: ['client_credentials', 'authorization_code', 'refresh_token'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
  })
})

test('§3.2: no list is empty', () => {
  for (const value of Object.values(metadata)) expect(value).not.toEqual([])
})

test('§3.1: an issuer has one address, and another path is another issuer', async () => {
  for (const path of [
    '/oauth-authorization-server/x',
    '/oauth-authorization-server/',
    '/openid-configuration',
  ])
    expect((await fetch(`${world.issuer}/.well-known${path}`)).status).toBe(404)
})

test('RFC 9728 §4: the protected resources are said but for the models, which are not to be guessed', () => {
  expect(metadata.protected_resources).toEqual([`${world.issuer}/api`])
})
