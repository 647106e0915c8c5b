/** RFC 9068, the JWT profile of access tokens: what is issued, and what a resource takes for one. */
import { join } from 'node:path'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSigners } from '../../scripts/embedded/token-keys.ts'
import { keys } from '../../shared/domain/keys.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { openClient, type ProtocolClient, seconds } from './client.ts'
import { compactJws, ecKeys, type Fields } from './jws.ts'
import { told } from './told.ts'

let world: EmbeddedWorld
let client: ProtocolClient
let token: string
beforeAll(async () => {
  world = await openEmbedded()
  client = await openClient(world.issuer, world.partner('cedar'))
  token = await client.token()
})
afterAll(() => world.close())

const models = '/openai/v1/models'
const ask = async (text: string, path = models) => told(await client.call('GET', path, text))
const invalid = '401 invalid_token token_invalid'

/** Another token by the deployment's own key: nothing is wrong with it but what is changed. */
async function minted(header: Fields, claims: Fields): Promise<string> {
  const [ring] = await world.store.get([keys.keyRing])
  const [key] = ring?.keys ?? []
  if (key === undefined) throw new Error('no signing key')
  const signer = await createSigners(join(world.data, 'keys', 'token'))(key)
  const input = [
    { ...decodeProtectedHeader(token), ...header },
    { ...decodeJwt(token), ...claims },
  ]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${input}.${Buffer.from(await signer.sign(Buffer.from(input))).toString('base64url')}`
}

describe('RFC 9068 §2: what is issued', () => {
  test('§2.1: a JWT of type at+jwt, signed by a published key, not with none', async () => {
    const jwks = createRemoteJWKSet(new URL(`${world.issuer}/.well-known/jwks.json`))
    const { protectedHeader } = await jwtVerify(token, jwks, { typ: 'at+jwt', issuer: world.issuer })
    expect(protectedHeader).toEqual({ typ: 'at+jwt', alg: 'ES256', kid: expect.any(String) })
  })

  test('§2.2 and §2.2.3: the claims that are required, the scope, and those of the agreement', () => {
    const { client_id, model } = world.partner('cedar')
    const claims = decodeJwt(token)
    expect(claims).toEqual({
      iss: world.issuer,
      // §2.2: where no resource owner is involved, the client
      sub: client_id,
      client_id,
      aud: `${world.issuer}/models/${model}`,
      iat: expect.any(Number),
      exp: Number(claims.iat) + 300,
      jti: expect.stringMatching(/^token_[0-9a-z]{26}$/),
      scope: expect.stringMatching(/^infer( [a-z]+)*$/),
      cnf: { jkt: expect.any(String) },
      organisation: 'cedar',
      grant: world.grant('cedar'),
      agreement: { id: world.agreement('cedar'), digest: expect.any(String) },
      purpose: 'defensive-research',
      clauses: expect.any(Array),
      meters: [world.meterId('cedar')],
    })
    expect(Math.abs(Number(claims.iat) - seconds())).toBeLessThan(60)
  })

  test('§2.2: no two tokens have one jti', async () =>
    expect(decodeJwt(await client.token()).jti).not.toBe(decodeJwt(token).jti))

  test('a token for the API lives for 900 s and says nothing of an agreement', async () => {
    const claims = decodeJwt(await client.token({ resource: `${world.issuer}/api` }))
    expect(Number(claims.exp) - Number(claims.iat)).toBe(900)
    expect(claims).not.toHaveProperty('grant')
    expect(claims).not.toHaveProperty('agreement')
  })
})

describe('RFC 9068 §4: what a resource takes', () => {
  test('one that was made beside the service by its own key', async () =>
    expect(await ask(await minted({}, { jti: 'token_made' }))).toBe('200'))

  test.each<[string, Fields, Fields]>([
    ['the typ JWT', { typ: 'JWT' }, {}],
    ['no typ', { typ: undefined }, {}],
    ['the typ of another JWT', { typ: 'dpop+jwt' }, {}],
    ['no kid', { kid: undefined }, {}],
    ['a kid that is not published', { kid: 'k' }, {}],
    ['the alg none', { alg: 'none' }, {}],
    ['the alg of another key', { alg: 'ES384' }, {}],
    ['crit', { crit: ['exp'], exp: 1 }, {}],
    ['another issuer', {}, { iss: 'https://other.example' }],
    ['the audience of the API', {}, { aud: 'https://other.example/api' }],
    ['a list of audiences', {}, { aud: ['https://other.example'] }],
    ['no audience', {}, { aud: undefined }],
    ['no exp', {}, { exp: undefined }],
    ['no sub', {}, { sub: undefined }],
    ['no client_id', {}, { client_id: undefined }],
    ['no jti', {}, { jti: undefined }],
    ['no cnf: it would be a bearer token', {}, { cnf: undefined }],
    ['a cnf without jkt', {}, { cnf: {} }],
  ])('not one with %s', async (_, header, claims) =>
    expect(await ask(await minted(header, claims))).toBe(invalid),
  )

  test('not one that has ended, without a grace', async () =>
    expect(await ask(await minted({}, { exp: seconds() }))).toBe('401 invalid_token token_expired'))

  test('not one that another key signed, or nobody', async () => {
    const { privateKey } = ecKeys()
    const header = decodeProtectedHeader(token)
    expect(await ask(compactJws({ ...header }, decodeJwt(token), privateKey))).toBe(invalid)
    expect(await ask(compactJws({ ...header, alg: 'none' }, decodeJwt(token), privateKey))).toBe(invalid)
    expect(await ask(`${token.slice(0, token.lastIndexOf('.'))}.`)).toBe(invalid)
  })

  test('§5: no other JWT of the client passes for one', async () => {
    for (const jwt of [
      client.assertion(),
      client.assertion({ header: { typ: 'at+jwt' } }),
      client.proof('GET', models),
    ])
      expect(await ask(jwt)).toBe(invalid)
  })

  test('none of it hurts the token', async () => expect(await ask(token)).toBe('200'))
})
