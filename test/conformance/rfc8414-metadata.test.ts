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
  expect(named.map(([name]) => name)).toEqual(['token_endpoint', 'revocation_endpoint', 'jwks_uri'])
  for (const [name, url] of named) {
    const { status } = await fetch(String(url))
    expect([name, status]).toEqual([name, name === 'jwks_uri' ? 200 : 405])
  }
})

test('§2: grants, authentication and algorithms are said, because the defaults are others', () => {
  const algorithms = ['ES256', 'ES384', 'Ed25519']
  expect(metadata).toMatchObject({
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    token_endpoint_auth_signing_alg_values_supported: algorithms,
    revocation_endpoint_auth_methods_supported: ['private_key_jwt'],
    revocation_endpoint_auth_signing_alg_values_supported: algorithms,
  })
})

// §2 requires `response_types_supported`, §3.2 forbids lists without elements; where no response type is
// supported both cannot be kept. Clients look for the member, so it is there.
test('§2 and §3.2: response_types_supported is there though it is empty, and no other list is', () => {
  expect(metadata.response_types_supported).toEqual([])
  const empty = Object.entries(metadata).filter(([, value]) => Array.isArray(value) && value.length === 0)
  expect(empty.map(([name]) => name)).toEqual(['response_types_supported'])
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
