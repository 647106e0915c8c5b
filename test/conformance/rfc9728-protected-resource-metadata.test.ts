/** RFC 9728, the metadata of protected resources. */
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient } from './client.ts'

let world: EmbeddedWorld
beforeAll(async () => {
  world = await openEmbedded()
})
afterAll(() => world.close())

const metadataOf = (path: string) => fetch(`${world.issuer}/.well-known/oauth-protected-resource${path}`)
const paths = ['/api', '/models/aurora-preview']

test.each(paths)(
  '§3.1 and §3.2: %s is described where its path is put behind the well-known part',
  async path => {
    const response = await metadataOf(path)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(await response.json()).toMatchObject({
      authorization_servers: [world.issuer],
      dpop_bound_access_tokens_required: true,
      dpop_signing_alg_values_supported: ['ES256', 'ES384', 'Ed25519'],
    })
  },
)

test.each([...paths, ''])(
  '§3.3: the resource of %j is the one that was asked for, letter by letter',
  async path => {
    expect(await (await metadataOf(path)).json()).toMatchObject({ resource: world.issuer + path })
  },
)

test.each(paths)('§2: the scopes of %s are scopes of its tokens', async path => {
  const { scopes_supported } = (await (await metadataOf(path)).json()) as { scopes_supported: string[] }
  const client = await openClient(world.issuer, world.partner('cedar'))
  const { scope, aud } = decodeJwt(await client.token({ resource: world.issuer + path }))
  expect(aud).toBe(world.issuer + path)
  expect(scopes_supported).toEqual(expect.arrayContaining(String(scope).split(' ')))
})

test('§3.2: no list is empty', async () => {
  for (const path of ['', ...paths])
    for (const value of Object.values((await (await metadataOf(path)).json()) as object))
      expect(value).not.toEqual([])
})

test('a model that does not exist is described like one that does: nothing is to be guessed', async () => {
  const [real, made] = await Promise.all(
    ['aurora-preview', 'never-heard-of'].map(async name => (await metadataOf(`/models/${name}`)).text()),
  )
  expect(made).toBe(real?.replaceAll('aurora-preview', 'never-heard-of'))
})

// It is there for whoever knows an origin and no more; the refusal says which resources there are.
test('the issuer itself is described like a resource, and yet no token is for it', async () => {
  expect((await metadataOf('')).status).toBe(200)
  const client = await openClient(world.issuer, world.partner('cedar'))
  const response = await client.tokenRequest({ resource: world.issuer })
  expect(await response.json()).toMatchObject({
    error: 'invalid_target',
    error_description: `The resource is ${world.issuer}/models/<model> or ${world.issuer}/api.`,
  })
})

test.each(['/', '/models', '/models/', '/models/a/b', '/api/', '/api/v1', '/openai/v1', '/models/%61'])(
  'there is no resource %s',
  async path => expect((await metadataOf(path)).status).toBe(404),
)

// §5.1 lets a challenge point to the metadata. Ours could not: §3.3 asks that `resource` be the URL of the
// request, and a resource here is an audience that stands for many paths.
test('§5.1: a challenge has no resource_metadata', async () => {
  const response = await fetch(`${world.issuer}/api/v1/me`)
  expect(response.headers.get('www-authenticate')).toMatch(/^DPoP error=/)
  expect(response.headers.get('www-authenticate')).not.toContain('resource_metadata')
})
