/** RFC 8707, resource indicators. A refusal here spends neither assertion nor proof. */
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient, type ProtocolClient } from './client.ts'
import { told } from './told.ts'

let world: EmbeddedWorld
let client: ProtocolClient
beforeAll(async () => {
  world = await openEmbedded()
  client = await openClient(world.issuer, world.partner('cedar'))
})
afterAll(() => world.close())

const model = () => `${world.issuer}/models/${world.partner('cedar').model}`

async function refusal(form: Record<string, string>): Promise<string> {
  const authentication = client.authentication()
  const dpop = client.proof('POST', '/oauth/token')
  const answer = await told(await client.tokenRequest({ ...authentication, ...form }, dpop))
  expect(await told(await client.tokenRequest(authentication, dpop))).toBe('200')
  return answer
}

describe('RFC 8707 §2', () => {
  test('the resource becomes the audience, as it was sent', async () => {
    for (const resource of [model(), `${world.issuer}/api`])
      expect(decodeJwt(await client.token({ resource })).aud).toBe(resource)
  })

  test('without one, or with an empty one, the only model that is granted is meant', async () => {
    for (const form of [{}, { resource: '' }]) expect(decodeJwt(await client.token(form)).aud).toBe(model())
  })

  test.each<[string, (issuer: string) => string]>([
    ['a relative reference', () => '/api'],
    ['no URI', () => 'aurora preview'],
    ['a fragment', issuer => `${issuer}/api#me`],
    ['a query', issuer => `${issuer}/api?v=1`],
    ['a path below the resource', issuer => `${issuer}/api/v1/me`],
    ['a slash at its end', issuer => `${issuer}/api/`],
    ['another origin', () => 'https://other.example/api'],
    ['a name that continues ours', issuer => `${issuer}.evil.example/api`],
    ['dots to remove', issuer => `${issuer}/models/../api`],
    ['capitals', issuer => `${issuer}/API`],
  ])('invalid_target: %s', async (_, resource) =>
    expect(await refusal({ resource: resource(world.issuer) })).toBe('400 invalid_target'),
  )

  test('invalid_target: a model that is not granted and one that does not exist look alike', async () => {
    for (const name of ['borealis', 'never-heard-of'])
      expect(await refusal({ resource: `${world.issuer}/models/${name}` })).toBe(
        '400 invalid_target grant_missing',
      )
  })

  // The RFC lets a request name several. A token here has one audience: who could use it elsewhere is not asked.
  test('several resources are refused, for a token has one', async () => {
    const form = new URLSearchParams(client.authentication() as Record<string, string>)
    form.append('resource', model())
    form.append('resource', `${world.issuer}/api`)
    const answer = await fetch(`${world.issuer}/oauth/token`, {
      method: 'POST',
      headers: { dpop: client.proof('POST', '/oauth/token') },
      body: form,
    })
    expect(await told(answer)).toBe('400 invalid_request')
  })

  test('the scope is that of the resource: what belongs to another is invalid_scope, never left out', async () => {
    expect(await refusal({ resource: model(), scope: 'infer quota:read' })).toBe('400 invalid_scope')
    expect(await refusal({ resource: `${world.issuer}/api`, scope: 'infer' })).toBe(
      '400 invalid_scope capability_withheld',
    )
    const scope = 'tools infer'
    const response = await client.tokenRequest({ resource: model(), scope })
    expect(await response.json()).toMatchObject({ scope })
  })
})

describe('RFC 8707 §3: a token works at its resource alone', () => {
  test.each([
    ['/api', '/openai/v1/models'],
    ['/models/aurora-preview', '/api/v1/me'],
  ])('that of %s not at %s', async (resource, elsewhere) => {
    const token = await client.token({ resource: world.issuer + resource })
    expect(await told(await client.call('GET', elsewhere, token))).toBe('401 invalid_token token_invalid')
  })
})
