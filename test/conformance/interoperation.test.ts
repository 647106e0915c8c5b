/**
 * Libraries that know nothing of Sallyport as judges: what they find by discovery is all they need. Both refuse
 * plain http unless told that it is on purpose; here it is loopback.
 */
import { randomUUID } from 'node:crypto'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  createRemoteJWKSet,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
} from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGateway } from '../../client/index.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { ClientKey } from '../../shared/domain/records.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'

interface Workload {
  readonly id: string
  readonly kid: string
  readonly key: CryptoKey
}

const insecure = { [oauth.allowInsecureRequests]: true }
const models = '/openai/v1/models'

let world: EmbeddedWorld
let issuer: URL
let cedar: Workload
beforeAll(async () => {
  world = await openEmbedded()
  issuer = new URL(world.issuer)
  const { client_id: id, kid, key } = world.partner('cedar')
  cedar = { id, kid, key: (await importJWK(key as JWK, 'ES256')) as CryptoKey }
})
afterAll(() => world.close())

/** A further client of the partner, with a key of another algorithm. */
async function enrol(alg: ClientKey['alg']): Promise<Workload> {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  const id = `client_${randomUUID()}`
  const { store } = world
  const [record] = await store.get([keys.client(cedar.id)])
  if (record === undefined) throw new Error('no client of cedar')
  const key = { kid, alg, jwk } as ClientKey
  await store.write({
    kind: 'put',
    key: keys.client(id),
    item: { ...record, id, listed: `client#${id}`, keys: [key] },
  })
  return { id, kid, key: privateKey }
}

describe('oauth4webapi', () => {
  let as: oauth.AuthorizationServer
  beforeAll(async () => {
    const response = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
    as = await oauth.processDiscoveryResponse(issuer, response)
  })

  /** A workload as the library has it; it knows no nonce yet. */
  function open({ id: client_id, ...key }: Workload, pair: oauth.CryptoKeyPair) {
    const client = { client_id }
    const authentication = oauth.PrivateKeyJwt(key)
    const options = { DPoP: oauth.DPoP({}, pair), ...insecure }
    return {
      token: async (form: Record<string, string> = {}) => {
        const response = await oauth.clientCredentialsGrantRequest(as, client, authentication, form, options)
        return oauth.processClientCredentialsResponse(as, client, response)
      },
      get: (path: string, token: string) =>
        oauth.protectedResourceRequest(token, 'GET', new URL(path, issuer), undefined, undefined, options),
      revoke: async (token: string) =>
        oauth.processRevocationResponse(
          await oauth.revocationRequest(as, client, authentication, token, insecure),
        ),
    }
  }

  test('discovery, a token, a resource, revocation, each with the one challenge for a nonce', async () => {
    const pair = await oauth.generateKeyPair('ES256')
    const client = open(cedar, pair)
    await expect(client.token()).rejects.toSatisfy(oauth.isDPoPNonceError)
    const { access_token, token_type, expires_in } = await client.token()
    expect([token_type, expires_in]).toEqual(['dpop', 300])

    const resourceClient = open(cedar, pair)
    await expect(resourceClient.get(models, access_token)).rejects.toSatisfy(oauth.isDPoPNonceError)
    expect((await resourceClient.get(models, access_token)).status).toBe(200)

    await client.revoke(access_token)
    await expect(resourceClient.get(models, access_token)).rejects.toMatchObject({
      code: oauth.WWW_AUTHENTICATE_CHALLENGE,
      status: 401,
      cause: [{ scheme: 'dpop', parameters: { error: 'invalid_token', algs: 'ES256 ES384 Ed25519' } }],
    })
  })

  test('an error of the token endpoint is one to it', async () => {
    const client = open(cedar, await oauth.generateKeyPair('ES256'))
    await expect(client.token()).rejects.toSatisfy(oauth.isDPoPNonceError)
    await expect(client.token({ resource: 'https://other.example' })).rejects.toMatchObject({
      code: oauth.RESPONSE_BODY_ERROR,
      error: 'invalid_target',
      status: 400,
    })
  })

  test.each(['/api', '/models/aurora-preview'])('the metadata of the resource %s', async path => {
    const resource = new URL(path, issuer)
    const response = await oauth.resourceDiscoveryRequest(resource, insecure)
    expect(await oauth.processResourceDiscoveryResponse(resource, response)).toMatchObject({
      authorization_servers: [as.issuer],
      dpop_bound_access_tokens_required: true,
    })
  })

  test('in the place of the resource it takes what our own client sends, and no other key’s proof', async () => {
    const { model, client_id, key, kid } = world.partner('cedar')
    const sent: Request[] = []
    const gateway = createGateway({
      issuer: world.issuer,
      clientId: client_id,
      key,
      kid,
      model,
      fetch: (input, init) => {
        const request = new Request(input, init)
        sent.push(request.clone())
        return fetch(request)
      },
    })
    expect((await gateway.fetch(`${gateway.openai}/models`)).status).toBe(200)

    const audience = `${world.issuer}/models/${model}`
    const judge = (request: Request) => oauth.validateJwtAccessToken(as, request, audience, insecure)
    const [last, stolen] = [sent.at(-1), sent.at(-1)?.clone()]
    if (last === undefined || stolen === undefined) throw new Error('nothing was sent')
    expect(await judge(last)).toMatchObject({ sub: client_id, client_id, aud: audience })

    const thief = await oauth.generateKeyPair('ES256')
    const token = stolen.headers.get('authorization')?.split(' ')[1] ?? ''
    await oauth.protectedResourceRequest(token, 'GET', new URL(stolen.url), undefined, undefined, {
      DPoP: oauth.DPoP({}, thief),
      ...insecure,
      [oauth.customFetch]: async (_, { headers }) => {
        stolen.headers.set('dpop', new Headers(headers).get('dpop') ?? '')
        return new Response()
      },
    })
    await expect(judge(stolen)).rejects.toMatchObject({ message: 'JWT Access Token confirmation mismatch' })
  })

  test.each<ClientKey['alg']>(['ES256', 'ES384', 'Ed25519'])(
    'a client whose key is for %s, and the key of its proofs too',
    async alg => {
      const pair = await oauth.generateKeyPair(alg)
      const client = open(await enrol(alg), pair)
      await expect(client.token()).rejects.toSatisfy(oauth.isDPoPNonceError)
      const { access_token } = await client.token()
      expect((await client.get(models, access_token)).status).toBe(200)
      const jkt = await calculateJwkThumbprint(await exportJWK(pair.publicKey))
      expect(decodeJwt(access_token).cnf).toEqual({ jkt })
    },
  )
})

test('openid-client: discovery, a token, a resource, revocation', async () => {
  const { id, kid, key } = cedar
  const config = await openid.discovery(issuer, id, undefined, openid.PrivateKeyJwt({ kid, key }), {
    algorithm: 'oauth2',
    execute: [openid.allowInsecureRequests],
  })
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair())
  const resource = `${world.issuer}/api`
  const { access_token, scope } = await openid.clientCredentialsGrant(config, { resource }, { DPoP })
  expect(scope).toBe('log:own quota:read')

  const get = () =>
    openid.fetchProtectedResource(
      config,
      access_token,
      new URL('/api/v1/me', issuer),
      'GET',
      undefined,
      undefined,
      { DPoP },
    )
  expect(await (await get()).json()).toMatchObject({ client: { id } })
  await openid.tokenRevocation(config, access_token)
  await expect(get()).rejects.toMatchObject({ code: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE', status: 401 })
})

test('jose: our client’s token verifies with the keys that are published', async () => {
  const token = await world.raw('cedar').token()
  const jwks = createRemoteJWKSet(new URL(`${world.issuer}/.well-known/jwks.json`))
  const { payload } = await jwtVerify(token, jwks, {
    issuer: world.issuer,
    audience: `${world.issuer}/models/aurora-preview`,
    typ: 'at+jwt',
    requiredClaims: ['sub', 'client_id', 'iat', 'exp', 'jti', 'scope', 'cnf'],
  })
  expect(payload.sub).toBe(cedar.id)
  await expect(jwtVerify(token, jwks, { audience: `${world.issuer}/api` })).rejects.toMatchObject({
    code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
  })
})
