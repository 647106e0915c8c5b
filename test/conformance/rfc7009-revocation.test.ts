/** RFC 7009, token revocation, with its effect at the resources. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient, type ProtocolClient } from './client.ts'
import { told } from './told.ts'

let world: EmbeddedWorld
let client: ProtocolClient
let other: ProtocolClient
let token: string
beforeAll(async () => {
  world = await openEmbedded()
  client = await openClient(world.issuer, world.partner('cedar'))
  other = await openClient(world.issuer, world.partner('prairie'))
})
afterAll(() => world.close())
beforeEach(async () => {
  token = await client.token()
})

const use = async (text = token, path = '/openai/v1/models') => told(await client.call('GET', path, text))
const revoked = '401 invalid_token token_revoked'

describe('RFC 7009 §2.1: the request', () => {
  test('a token that its client revokes is refused from then on, others of the client are not', async () => {
    const kept = await client.token()
    expect(await use()).toBe('200')
    expect(await told(await client.revoke(token))).toBe('200')
    expect(await use()).toBe(revoked)
    expect(await use(kept)).toBe('200')
  })

  test('so is one for the API', async () => {
    const api = await client.token({ resource: `${world.issuer}/api` })
    expect(await told(await client.revoke(api))).toBe('200')
    expect(await use(api, '/api/v1/me')).toBe(revoked)
  })

  test.each(['access_token', 'refresh_token', 'never_heard_of'])(
    'the hint %s is no more than that',
    async token_type_hint => {
      expect(await told(await client.revoke(token, { token_type_hint }))).toBe('200')
      expect(await use()).toBe(revoked)
    },
  )

  test.each<[string, () => Record<string, string | undefined>]>([
    ['no client', () => ({ client_assertion: undefined, client_id: client.id })],
    [
      'another’s key',
      () => ({ client_assertion: other.assertion({ claims: { iss: client.id, sub: client.id } }) }),
    ],
    ['a token URL as audience', () => ({ client_assertion: client.assertion({ claims: { aud: 'x' } }) })],
  ])('%s is authenticated: nothing is revoked', async (_, form) => {
    expect(await told(await client.revoke(token, form()))).toBe('401 invalid_client')
    expect(await use()).toBe('200')
  })

  test('no proof is asked for: a client must be able to give up a token whose key it lost', async () => {
    expect(await told(await client.revoke(token))).toBe('200')
  })

  test('only a POST of a form', async () => {
    const url = `${world.issuer}/oauth/revoke`
    expect((await fetch(`${url}?token=${token}`)).status).toBe(405)
    const json = {
      method: 'POST',
      body: JSON.stringify({ token }),
      headers: { 'content-type': 'application/json' },
    }
    expect(await told(await fetch(url, json))).toBe('400 invalid_request')
    expect(await use()).toBe('200')
  })
})

describe('RFC 7009 §2.2: the response', () => {
  test('a second time is a success as well', async () => {
    for (const _ of [1, 2]) expect(await told(await client.revoke(token))).toBe('200')
    expect(await use()).toBe(revoked)
  })

  test('a token that is not valid is none to revoke: 200', async () => {
    for (const text of ['x', `${token}x`, client.assertion()])
      expect(await told(await client.revoke(text))).toBe('200')
    expect(await use()).toBe('200')
  })

  // §2.1 would tell the client that the token is another's. That would say it is a good one.
  test('another’s token is answered like one that is not valid, and goes on working', async () => {
    expect(await told(await other.revoke(token))).toBe('200')
    expect(await use()).toBe('200')
  })

  test('it is not cached', async () => {
    const response = await client.revoke(token)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })
})

test('RFC 7009 §2.2.1: without a token it is an invalid_request, and the assertion is not spent', async () => {
  const client_assertion = client.assertion()
  expect(await told(await client.revoke('', { client_assertion }))).toBe('400 invalid_request')
  expect(await told(await client.revoke(token, { client_assertion }))).toBe('200')
})
