/** RFC 6749: what of the token endpoint the other documents leave over. */
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
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

/** Sends a body as it stands; what is refused spends nothing. */
async function refusal(body: (good: string) => string, headers: Record<string, string> = {}, query = '') {
  const authentication = client.authentication()
  const dpop = client.proof('POST', '/oauth/token')
  const good = new URLSearchParams(authentication as Record<string, string>).toString()
  const answer = await fetch(`${world.issuer}/oauth/token${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', dpop, ...headers },
    body: body(good),
  })
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await told(await client.tokenRequest(authentication, dpop))).toBe('200')
  return told(answer)
}

describe('RFC 6749 §3.2', () => {
  test('parameters without a value count as absent, unknown ones are ignored', async () => {
    const form = { scope: '', client_id: '', audience: 'x', foo: 'bar' }
    expect(await told(await client.tokenRequest(form))).toBe('200')
  })

  test.each<[string, (good: string) => string]>([
    ['a parameter comes twice', good => `${good}&grant_type=client_credentials`],
    ['the second time without a value', good => `${good}&client_assertion=`],
    ['the first time without a value', good => `${good}&scope=&scope=infer`],
    ['a name is escaped to look like another', good => `${good}&grant%5Ftype=client_credentials`],
    ['an escape is broken', good => `${good}&scope=%zz`],
    ['the body is too long', good => `${good}&foo=${'x'.repeat(16 << 10)}`],
  ])('invalid_request: %s', async (_, body) => expect(await refusal(body)).toBe('400 invalid_request'))

  test('only a POST, and only a form', async () => {
    const get = await fetch(`${world.issuer}/oauth/token?grant_type=client_credentials`)
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    const headers = { 'content-type': 'application/json' }
    expect(await refusal(() => '{"grant_type":"client_credentials"}', headers)).toBe('400 invalid_request')
  })

  test('§2.3.1: nothing is taken from the URL', async () =>
    expect(await refusal(good => good, {}, '?resource=x')).toBe('400 invalid_request'))
})

describe('RFC 6749 §4.4 and §5', () => {
  test('§4.4.3: no refresh token', async () =>
    expect(Object.keys((await (await client.tokenRequest()).json()) as object)).toEqual([
      'access_token',
      'token_type',
      'expires_in',
      'scope',
    ]))

  test('§5.1 and §3.3: the scope is always told, and is that of the token', async () => {
    for (const form of [{}, { scope: 'infer' }]) {
      const body = (await (await client.tokenRequest(form)).json()) as { access_token: string; scope: string }
      expect(body.scope).toBe(decodeJwt(body.access_token).scope)
    }
  })

  test.each([' infer', 'infer  tools', 'infer\ttools', '"infer"', 'quota:read', 'admin'])(
    '§3.3 and §5.2: the scope %j is invalid_scope',
    async scope => {
      const authentication = client.authentication()
      const dpop = client.proof('POST', '/oauth/token')
      const answer = await client.tokenRequest({ ...authentication, scope }, dpop)
      expect(await told(answer)).toMatch(/^400 invalid_scope/)
      expect(await told(await client.tokenRequest(authentication, dpop))).toBe('200')
    },
  )

  test('§5.2: no grant_type is an invalid_request, an unknown one an unsupported_grant_type', async () => {
    expect(await told(await client.tokenRequest({ grant_type: undefined }))).toBe('400 invalid_request')
    expect(await told(await client.tokenRequest({ grant_type: 'urn:x' }))).toBe('400 unsupported_grant_type')
  })

  test('§5.2: a description is printable ASCII without quotes, whatever the record that it names is called', async () => {
    const change = (killed: boolean, name: string) =>
      world.store.write({
        kind: 'update',
        key: keys.model(world.partner('cedar').model),
        change: {
          set: [
            [['killed'], killed],
            [['name'], name],
          ],
        },
      })
    await change(true, 'Aurora "ä"\\')
    const response = await client.tokenRequest()
    await change(false, 'Aurora')
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: 'invalid_target', error_description: 'Aurora ???? is stopped by its kill switch.' },
    ])
  })
})
