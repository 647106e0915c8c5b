import { calculateJwkThumbprint, exportJWK } from 'jose'
import { generateKeyPair } from 'oauth4webapi'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createPersonGateway,
  endSession,
  readSession,
  type SignInOptions,
  writeSession,
} from '../../../client/index.ts'
import { FakeGateway } from './fake-gateway.ts'
import { beginAt, redirectUri, signInAt, visit } from './fake-visit.ts'

let server: FakeGateway

beforeEach(async () => {
  server = await new FakeGateway().start()
})
afterEach(() => server.stop())

const begin = (options: Partial<SignInOptions> = {}) => beginAt(server, options)
const signIn = (options: Partial<SignInOptions> = {}) => signInAt(server, options)

const changed = (url: string, name: string, value?: string): string => {
  const one = new URL(url)
  if (value === undefined) one.searchParams.delete(name)
  else one.searchParams.set(name, value)
  return one.href
}

describe('a sign-in begins', () => {
  it('with a URL that binds the code to a verifier, to the key and to the API', async () => {
    const proofKey = await generateKeyPair('ES256')
    const { url, state } = await begin({ proofKey, organisation: 'halcyon', maxAge: 0 })
    expect(url.startsWith(`${server.issuer}/oauth/authorize?`)).toBe(true)
    const jkt = await calculateJwkThumbprint(await exportJWK(proofKey.publicKey))
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      response_type: 'code',
      client_id: 'sallyport-cli',
      redirect_uri: redirectUri,
      state,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      dpop_jkt: jkt,
      resource: `${server.issuer}/api`,
      organisation: 'halcyon',
      max_age: '0',
    })
  })

  it('anew each time: no state and no challenge comes twice', async () => {
    const [one, other] = await Promise.all([begin(), begin()])
    expect(one.state).not.toBe(other.state)
    expect(new URL(one.url).searchParams.get('code_challenge')).not.toBe(
      new URL(other.url).searchParams.get('code_challenge'),
    )
  })

  it('nowhere but at the issuer that was named', async () => {
    server.metadata = { issuer: 'https://evil.example' }
    await expect(begin()).rejects.toMatchObject({ name: 'DiscoveryFailed', code: 'issuer_mismatch' })
    for (const [name, endpoint] of [
      ['authorization_endpoint', 'file:///usr/bin/calculator'],
      ['authorization_endpoint', 'https://evil.example/oauth/authorize'],
      ['authorization_endpoint', '--version'],
      ['token_endpoint', 'https://evil.example/oauth/token'],
      ['revocation_endpoint', 'https://evil.example/oauth/revoke'],
    ] as const) {
      server.metadata = { [name]: endpoint }
      await expect(begin(), endpoint).rejects.toMatchObject({ code: 'endpoint_foreign' })
    }
    server.metadata = {}
    await expect(begin({ issuer: 'http://gate.example' })).rejects.toBeInstanceOf(TypeError)
  })
})

describe('a sign-in finishes', () => {
  it('with a session whose first token serves until it has to be renewed', async () => {
    const session = await signIn()
    const gateway = createPersonGateway({ issuer: server.issuer, session })
    expect(await gateway.get('/me')).toMatchObject({ status: 200, body: { ok: true } })
    expect(server.people.refreshed).toEqual([])
  })

  it('with a first token that is used no more once the API has refused it', async () => {
    const gateway = createPersonGateway({ issuer: server.issuer, session: await signIn() })
    server.answers.push({ status: 401, body: { code: 'token_expired' } })
    expect((await gateway.get('/me')).status).toBe(200)
    expect(server.people.refreshed).toHaveLength(1)
  })

  it.each([
    ['state is another', 'state', 'x'],
    ['state is missing', 'state', undefined],
    ['iss is another', 'iss', 'https://evil.example'],
    ['iss is missing', 'iss', undefined],
    ['code is missing', 'code', undefined],
  ])('not where %s: nothing is sent', async (_, name, value) => {
    const begun = await begin()
    const callback = changed(await visit(begun.url), name, value)
    const before = server.requests.length
    await expect(begun.finish(callback)).rejects.toMatchObject({
      name: 'SignInRefused',
      code: 'callback_invalid',
    })
    expect(server.requests.slice(before).filter(line => line.includes('/oauth/token'))).toEqual([])
    expect(server.people.sessions.size).toBe(0)
  })

  it('not with a doubled state', async () => {
    const begun = await begin()
    const callback = `${await visit(begun.url)}&state=x`
    await expect(begun.finish(callback)).rejects.toMatchObject({ code: 'callback_invalid' })
  })

  it('with the words of a refusal, and only with those that belong to it', async () => {
    server.people.error = 'access_denied'
    const begun = await begin()
    const callback = await visit(begun.url)
    await expect(begun.finish(changed(callback, 'state', 'x'))).rejects.toMatchObject({
      code: 'callback_invalid',
    })
    await expect(begun.finish(callback)).rejects.toMatchObject({
      name: 'SignInRefused',
      code: 'access_denied',
      message: 'Your sign-in could be phished.',
    })
  })

  it('once: the code is of no use a second time', async () => {
    const begun = await begin()
    const callback = await visit(begun.url)
    await begun.finish(callback)
    await expect(begun.finish(callback)).rejects.toMatchObject({
      name: 'TokenRefused',
      error: 'invalid_grant',
    })
  })

  it('not with a bearer token, and not without a session', async () => {
    const begun = await begin()
    const callback = await visit(begun.url)
    server.tokenAnswers.push({
      body: { access_token: 'a', token_type: 'Bearer', expires_in: 9, refresh_token: 'r' },
    })
    await expect(begun.finish(callback)).rejects.toThrow('without a key')
    server.tokenAnswers.push({ body: { access_token: 'a', token_type: 'DPoP', expires_in: 9 } })
    await expect(begun.finish(callback)).rejects.toThrow('no session')
  })
})

describe('a session', () => {
  it('is written down and read again, and then its key can be exported no more', async () => {
    const session = await signIn()
    const written = JSON.parse(JSON.stringify(await writeSession(session)))
    expect(written).toEqual({
      issuer: server.issuer,
      app: 'sallyport-cli',
      refresh_token: session.refreshToken,
      key: { kty: 'EC', crv: 'P-256', x: expect.any(String), y: expect.any(String), d: expect.any(String) },
    })
    const again = await readSession(written)
    await expect(writeSession(again)).rejects.toBeInstanceOf(Error)
    const gateway = createPersonGateway({ issuer: server.issuer, session: again })
    expect((await gateway.get('/me')).status).toBe(200)
    expect(server.people.refreshed).toHaveLength(1)
  })

  it('tells nothing of a key that is none', async () => {
    const written = await writeSession(await signIn())
    const secret = 'c2VjcmV0LXNlY3JldA'
    const error = await readSession({ ...written, key: { ...written.key, d: secret } }).catch(error => error)
    expect(error).toBeInstanceOf(TypeError)
    expect(`${error.stack}${error.cause}`).not.toContain(secret)
  })

  it('ends at the gateway, and then gives no token: 401, as the API says it', async () => {
    const { first: _, ...session } = await signIn()
    const gateway = createPersonGateway({ issuer: server.issuer, session })
    await endSession(session)
    expect(server.revoked[0]?.get('client_id')).toBe('sallyport-cli')
    expect(server.revoked[0]?.has('client_assertion')).toBe(false)
    expect(await gateway.get('/me')).toMatchObject({
      status: 401,
      body: { code: 'session_ended', title: 'the session has ended', next: 'Sign in again.' },
    })
    expect(server.calls).toEqual([])
  })
})
