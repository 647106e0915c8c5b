import { createServer } from 'node:http'
import Anthropic from '@anthropic-ai/sdk'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGateway, DiscoveryFailed, type Gateway, TokenRefused } from '../../../client/index.ts'
import { FakeGateway, refusal } from './fake-gateway.ts'

let server: FakeGateway
let gateway: Gateway

beforeEach(async () => {
  server = await new FakeGateway().start()
  gateway = open()
})
afterEach(async () => {
  vi.useRealTimers()
  await server.stop()
})

const open = (options: object = {}): Gateway =>
  createGateway({ issuer: server.issuer, clientId: server.clientId, key: server.clientKey, ...options })

const chat = (model = 'aurora', init: RequestInit = {}): Promise<Response> =>
  gateway.fetch(`${gateway.openai}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, messages: [] }),
    ...init,
  })

describe('the token', () => {
  it('is for the model that the body names, with the registered purpose', async () => {
    gateway = open({ purpose: 'evaluation' })
    expect((await chat('aurora')).status).toBe(200)
    expect(server.calls[0]?.token.aud).toBe(`${server.issuer}/models/aurora`)
    expect(server.issued[0]?.get('purpose')).toBe('evaluation')
  })

  it('is read from a body of bytes and from the body of a Request', async () => {
    const body = JSON.stringify({ model: 'borealis' })
    await chat('', { body: new TextEncoder().encode(body) })
    await gateway.fetch(new Request(`${gateway.openai}/chat/completions`, { method: 'POST', body }))
    expect(server.calls.map(call => call.token.aud)).toEqual(
      Array(2).fill(`${server.issuer}/models/borealis`),
    )
    expect(server.calls[1]?.body).toBe(body)
  })

  it('is for the API at the API, without a purpose', async () => {
    gateway = open({ purpose: 'evaluation' })
    server.reply = () => ({ body: { items: [], next: null } })
    expect(await gateway.entries({ limit: 5 })).toEqual({ items: [], next: null })
    expect(server.calls[0]?.token.aud).toBe(`${server.issuer}/api`)
    expect(server.calls[0]?.path).toBe('/api/v1/entries?limit=5')
    expect(server.issued[0]?.get('purpose')).toBeNull()
  })

  it('lists the models if it is for any model, and is asked for without a resource where none is held', async () => {
    await gateway.fetch(`${gateway.openai}/models`)
    expect(server.issued.map(form => form.get('resource'))).toEqual([null])
    gateway = open()
    await gateway.entries()
    await chat('aurora')
    await gateway.fetch(`${gateway.anthropic}/v1/models`)
    expect(server.calls.at(-1)?.token.aud).toBe(`${server.issuer}/models/aurora`)
  })

  it('is requested once however many wait for it', async () => {
    await Promise.all(Array.from({ length: 20 }, () => chat()))
    expect(server.issued).toHaveLength(1)
    expect(server.calls).toHaveLength(20)
  })

  it('is used until half of its life and replaced after it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await chat()
    vi.setSystemTime(Date.now() + 149_000)
    await chat()
    expect(server.issued).toHaveLength(1)
    vi.setSystemTime(Date.now() + 2_000)
    await Promise.all([chat(), chat()])
    expect(server.issued).toHaveLength(2)
  })

  it('serves to its end where it could not be replaced for the network or a failure', async () => {
    let reachable = true
    gateway = open({
      fetch: (input: string, init: RequestInit) =>
        reachable || !input.endsWith('/oauth/token')
          ? fetch(input, init)
          : Promise.reject(new TypeError('x')),
    })
    vi.useFakeTimers({ toFake: ['Date'] })
    const issuedAt = Date.now()
    await chat()
    vi.setSystemTime(issuedAt + 151_000)
    server.tokenAnswers.push({ status: 503, body: { error: 'temporarily_unavailable' } })
    expect((await Promise.all([chat(), chat()])).map(({ status }) => status)).toEqual([200, 200])
    expect(server.tokenAnswers).toEqual([])
    const asked = server.requests.length
    expect((await chat()).status).toBe(200)
    expect(server.requests.slice(asked)).toEqual(['POST /openai/v1/chat/completions'])

    reachable = false
    vi.setSystemTime(issuedAt + 299_000)
    expect((await chat()).status).toBe(200)
    vi.setSystemTime(issuedAt + 300_000)
    await expect(chat()).rejects.toBeInstanceOf(TypeError)
    expect(server.issued).toHaveLength(1)

    reachable = true
    expect((await chat()).status).toBe(200)
    expect(server.issued).toHaveLength(2)
  })

  it('does not serve on where a new one was refused', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    await chat()
    vi.setSystemTime(Date.now() + 151_000)
    server.tokenAnswers.push({ status: 400, body: { error: 'unauthorized_client' } })
    expect((await chat()).status).toBe(403)
    expect(server.calls).toHaveLength(1)
  })

  it('does not serve on where it was revoked while a new one could not be had', async () => {
    const asked = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    let tokens = 0
    gateway = open({
      fetch: async (input: string, init: RequestInit) => {
        if (input.endsWith('/oauth/token') && ++tokens > 2) {
          asked.resolve()
          await answered.promise
          throw new TypeError('fetch failed')
        }
        return fetch(input, init)
      },
    })
    vi.useFakeTimers({ toFake: ['Date'] })
    await chat()
    vi.setSystemTime(Date.now() + 151_000)
    const waiting = chat()
    await asked.promise
    await gateway.revoke(server.calls[0]?.accessToken ?? '')
    answered.resolve()
    await expect(waiting).rejects.toBeInstanceOf(TypeError)
  })

  it('is for the model of the client where the request names none', async () => {
    gateway = open({ model: 'borealis' })
    await gateway.fetch(`${gateway.openai}/models`)
    await chat('', { body: '{"messages":[]}' })
    await chat('aurora')
    expect(server.calls.map(call => call.token.aud)).toEqual(
      ['borealis', 'borealis', 'aurora'].map(model => `${server.issuer}/models/${model}`),
    )
  })

  it('is bound to a key of the gateway that is not the client key', async () => {
    await chat()
    await open().fetch(`${gateway.openai}/models`)
    const keys = new Set(server.calls.map(call => JSON.stringify(call.token.cnf)))
    expect(keys.size).toBe(2)
  })

  it('is revoked at the token service and forgotten here', async () => {
    await chat()
    await gateway.revoke(server.calls[0]?.accessToken ?? '')
    expect(server.revoked[0]?.get('token')).toBe(server.calls[0]?.accessToken)
    await chat()
    expect(server.issued).toHaveLength(2)
  })

  it('is asked for again after a failure', async () => {
    server.tokenAnswers.push({ status: 503, body: { error: 'temporarily_unavailable' } })
    expect((await chat()).status).toBe(503)
    expect((await chat()).status).toBe(200)
  })
})

describe('a proof', () => {
  it('is made anew for every attempt that a provider SDK makes', async () => {
    server.answers.push({ status: 500, body: {} }, { status: 500, body: {} })
    const openai = new OpenAI({ baseURL: gateway.openai, apiKey: 'unused', fetch: gateway.fetch })
    const sent = openai.chat.completions.create({ model: 'aurora', messages: [] }, { maxRetries: 2 })
    await sent.catch(() => undefined)
    expect(server.calls).toHaveLength(3)
    expect(new Set(server.calls.map(call => call.proof.jti)).size).toBe(3)
  })

  it('carries the newest nonce of the origin', async () => {
    await chat()
    server.nonce = 'nonce-2'
    await chat()
    await chat()
    expect(server.calls.map(call => call.proof.nonce)).toEqual(['nonce-1', 'nonce-1', 'nonce-2', 'nonce-2'])
  })

  it('is retried once for a nonce, and then the challenge is returned', async () => {
    await chat()
    server.answers.push(refusal(401, 'nonce_required'), refusal(401, 'nonce_required'))
    expect((await chat()).status).toBe(401)
    expect(server.calls).toHaveLength(3)
  })

  it('is not retried with a body that streams', async () => {
    await gateway.fetch(`${gateway.openai}/models`)
    server.nonce = 'nonce-2'
    const body = new Blob(['{}']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    const response = await gateway.fetch(`${gateway.openai}/chat/completions`, init)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { sallyport: { code: 'nonce_required' } } })
    expect(server.calls).toHaveLength(2)
  })

  it('replaces what the provider SDKs send for want of a key', async () => {
    const claude = new Anthropic({ baseURL: gateway.anthropic, apiKey: 'unused', fetch: gateway.fetch })
    await claude.messages.create({ model: 'aurora', max_tokens: 8, messages: [] })
    const [call] = server.calls
    expect(call?.path).toBe('/anthropic/v1/messages')
    expect(call?.headers['x-api-key']).toBeUndefined()
    expect(call?.headers.authorization).toBe(`DPoP ${call?.accessToken}`)
  })
})

describe('a 401 of the resource', () => {
  for (const code of ['token_expired', 'agreement_superseded', 'key_compromised'])
    it(`${code} is answered with a new token, once`, async () => {
      await chat()
      server.answers.push(refusal(401, code))
      expect((await chat()).status).toBe(200)
      expect(server.issued).toHaveLength(2)
      server.answers.push(refusal(401, code), refusal(401, code))
      expect((await chat()).status).toBe(401)
      expect(server.calls).toHaveLength(5)
    })

  it('token_revoked is returned, and the next request has another token', async () => {
    server.answers.push(refusal(401, 'token_revoked'))
    expect((await chat()).status).toBe(401)
    expect((await chat()).status).toBe(200)
    expect(server.issued).toHaveLength(2)
  })

  it('token_expired with a body that streams drops the token and is returned', async () => {
    server.answers.push(refusal(401, 'token_expired'))
    const init = { method: 'POST', body: new Blob(['{}']).stream(), duplex: 'half' } as RequestInit
    expect((await gateway.fetch(`${gateway.openai}/chat/completions`, init)).status).toBe(401)
    await gateway.fetch(`${gateway.openai}/chat/completions`, { method: 'POST' })
    expect(server.issued).toHaveLength(2)
  })

  it('with another code is returned as it came, as is a 403', async () => {
    server.answers.push(refusal(401, 'proof_invalid'), refusal(403, 'grant_suspended'))
    expect((await chat()).status).toBe(401)
    const response = await chat()
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { sallyport: { code: 'grant_suspended' } } })
    expect(server.calls).toHaveLength(2)
  })
})

describe('only the gateway', () => {
  it('gets a request at all: any other URL is a TypeError, and nothing is sent', async () => {
    const seen: string[] = []
    gateway = open({
      fetch: (input: string) => {
        seen.push(input)
        return Promise.reject(new TypeError('unreachable'))
      },
    })
    const { port } = new URL(server.issuer)
    for (const url of [
      'https://api.openai.com/v1/models',
      `http://localhost:${port}/openai/v1/models`,
      `http://127.0.0.1:${Number(port) + 1}/openai/v1/models`,
      `https://127.0.0.1:${port}/openai/v1/models`,
      `${server.issuer}.evil.example/openai/v1/models`,
      `${server.issuer}/openai/../console/`,
      '/openai/v1/models',
    ])
      await expect(gateway.fetch(url), url).rejects.toBeInstanceOf(TypeError)
    expect(seen).toEqual([])
  })

  it('is followed by nobody: a redirect is returned', async () => {
    let reached = 0
    const elsewhere = createServer((_, response) => {
      reached += 1
      response.end()
    })
    await new Promise<void>(resolve => elsewhere.listen(0, '127.0.0.1', resolve))
    const address = elsewhere.address()
    const location = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`
    server.answers.push({ status: 307, headers: { location } })
    expect((await chat()).status).toBe(307)
    expect(reached).toBe(0)
    await new Promise(resolve => elsewhere.close(resolve))
  })

  it('may be reached by plain http on a loopback host only', () => {
    for (const issuer of [
      'http://localhost:1',
      'http://127.0.0.1:1',
      'http://[::1]:1',
      'https://gate.example',
    ])
      expect(open({ issuer }).openai).toBe(`${issuer}/openai/v1`)
    for (const issuer of [
      'http://gate.example',
      'http://127.0.0.1.evil.example',
      'http://localhost.evil.example',
      'ftp://gate.example',
      'https://gate.example?x',
      'https://user@gate.example',
      'gate.example',
    ])
      expect(() => open({ issuer }), issuer).toThrow(TypeError)
  })

  it('keeps the path of its issuer', async () => {
    gateway = open({ issuer: 'https://gate.example/prod/' })
    expect(gateway.anthropic).toBe('https://gate.example/prod/anthropic')
    await expect(gateway.fetch('https://gate.example/openai/v1/models')).rejects.toBeInstanceOf(TypeError)
  })
})

describe('a refusal of the token service', () => {
  const withheld = {
    status: 400,
    headers: { 'x-request-id': 'request_9' },
    body: {
      error: 'invalid_target',
      error_description: 'No grant.',
      sallyport: { code: 'grant_missing', next: 'Ask the partner-admin.' },
    },
  }

  it('is thrown where a token was asked for', async () => {
    server.tokenAnswers.push(withheld)
    const refused = await gateway.token({ resource: `${server.issuer}/models/x` }).catch(error => error)
    expect(refused).toBeInstanceOf(TokenRefused)
    expect(refused).toMatchObject({
      status: 400,
      error: 'invalid_target',
      code: 'grant_missing',
      description: 'No grant.',
      next: 'Ask the partner-admin.',
      requestId: 'request_9',
    })
  })

  it('keeps what it rests on: the version of the rules, and the clause in its agreement', async () => {
    const grounds = { clause: 'c3', agreement: { id: 'agreement_1', digest: 'd' }, rules: 2 }
    const sallyport = { code: 'capability_withheld', next: 'Leave it out.', ...grounds }
    server.tokenAnswers.push({ status: 400, headers: {}, body: { error: 'invalid_scope', sallyport } })
    const path = `${gateway.openai}/chat/completions`
    const response = await gateway.fetch(path, { method: 'POST', body: '{"model":"x"}' })
    expect(await response.json()).toMatchObject({
      error: { sallyport: { oauth: 'invalid_scope', ...grounds } },
    })
  })

  it('becomes the permission error of both providers SDKs, and neither retries it', async () => {
    const openai = new OpenAI({ baseURL: gateway.openai, apiKey: 'unused', fetch: gateway.fetch })
    server.tokenAnswers.push(withheld, withheld)
    const one = await openai.chat.completions.create({ model: 'x', messages: [] }).catch(error => error)
    expect(one).toBeInstanceOf(OpenAI.PermissionDeniedError)
    expect(one).toMatchObject({ code: 'grant_missing', requestID: 'request_9' })
    expect(one.error.sallyport).toEqual({
      code: 'grant_missing',
      next: 'Ask the partner-admin.',
      oauth: 'invalid_target',
    })
    expect(one.message).toContain('No grant. Ask the partner-admin.')

    const claude = new Anthropic({ baseURL: gateway.anthropic, apiKey: 'unused', fetch: gateway.fetch })
    const other = await claude.messages
      .create({ model: 'x', max_tokens: 1, messages: [] })
      .catch(error => error)
    expect(other).toBeInstanceOf(Anthropic.PermissionDeniedError)
    expect(other).toMatchObject({ type: 'permission_error', requestID: 'request_9' })
    expect(other.message).toContain('No grant. Ask the partner-admin.')
    expect(server.tokenAnswers).toEqual([])
    expect(server.calls).toEqual([])
  })

  it('keeps 401 and 429 apart, with Retry-After', async () => {
    server.tokenAnswers.push(
      { status: 401, body: { error: 'invalid_client', error_description: 'Unknown.' } },
      { status: 429, headers: { 'retry-after': '3' }, body: { error: 'temporarily_unavailable' } },
    )
    expect((await chat()).status).toBe(401)
    const response = await chat()
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('3')
  })

  it('is not a bearer token: that one is refused here', async () => {
    const body = { access_token: 'a', token_type: 'Bearer', expires_in: 300 }
    server.tokenAnswers.push({ body })
    await expect(gateway.token()).rejects.toThrow('without a key')
  })
})

describe('the metadata of the issuer', () => {
  const answer = (status: number, body: string) =>
    open({ fetch: async () => new Response(body, { status }) })
      .token()
      .catch(error => error)

  it('must name that issuer, and else says which it names', async () => {
    const { port } = new URL(server.issuer)
    const issuer = `http://localhost:${port}`
    const failed = await open({
      issuer,
      fetch: (url: string) => fetch(url.replace('localhost', '127.0.0.1')),
    })
      .token()
      .catch(error => error)
    expect(failed).toBeInstanceOf(DiscoveryFailed)
    expect(failed).toMatchObject({
      code: 'issuer_mismatch',
      message: `The gateway at ${issuer} calls itself ${server.issuer}.`,
      next: expect.stringContaining(server.issuer),
    })
  })

  it('must be there, as JSON with an issuer: else there is no gateway', async () => {
    for (const [status, body] of [
      [200, '<!doctype html>'],
      [200, '[]'],
      [200, '{}'],
      [200, '{"issuer":""}'],
      [200, '{"issuer":"nonsense"}'],
      [401, '{"error":"invalid_client"}'],
      [404, ''],
    ] as const)
      expect(await answer(status, body), body).toMatchObject({
        name: 'DiscoveryFailed',
        code: 'gateway_missing',
      })
  })

  it('may be out of reach for a while', async () => {
    expect(await answer(503, '')).toMatchObject({ name: 'TokenRefused', status: 503 })
  })
})

describe('the wire', () => {
  it('fails as fetch does when nobody answers', async () => {
    gateway = open({ issuer: 'http://127.0.0.1:9' })
    await expect(gateway.fetch(`${gateway.openai}/models`)).rejects.toBeInstanceOf(TypeError)
  })

  it('is cut by the signal of the caller while it waits for the token, and only for that caller', async () => {
    const gate = Promise.withResolvers<void>()
    gateway = open({
      fetch: async (input: string, init: RequestInit) => {
        if (input.endsWith('/oauth/token')) await gate.promise
        return fetch(input, init)
      },
    })
    const stop = new AbortController()
    const [given, kept] = [chat('aurora', { signal: stop.signal }), chat('aurora')]
    stop.abort()
    await expect(given).rejects.toMatchObject({ name: 'AbortError' })
    gate.resolve()
    expect((await kept).status).toBe(200)
  })

  it('is cut by the signal while the answer streams', async () => {
    server.reply = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
      return undefined
    }
    const stop = new AbortController()
    const response = await chat('aurora', { signal: stop.signal })
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n')
    stop.abort()
    await expect(reader?.read()).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('the client key', () => {
  it('may be a pair of CryptoKeys, whose thumbprint is the kid', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true })
    Object.assign(server.clientKey, await exportJWK(pair.privateKey))
    server.clientKey.kid = await calculateJwkThumbprint(server.clientKey)
    gateway = open({ key: pair })
    expect((await gateway.token()).token_type).toBe('DPoP')
  })

  it('may be a bare CryptoKey beside its kid, and not without', async () => {
    const { kty, crv, x, y, d, kid } = server.clientKey
    const algorithm = { name: 'ECDSA', namedCurve: crv }
    const jwk = { kty, crv, x, y, d }
    const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign'])
    expect(() => open({ key })).toThrow('kid')
    gateway = open({ key, kid })
    expect((await gateway.token()).expires_in).toBe(300)
  })

  it('tells its own kid as a JWK, by its thumbprint if need be', async () => {
    const { kid: _, ...key } = server.clientKey
    gateway = open({ key })
    expect((await gateway.token()).access_token).not.toBe('')
  })

  it('is not repeated by the error about it', async () => {
    const secret = 'c2VjcmV0LXNlY3JldA'
    gateway = open({ key: { ...server.clientKey, d: secret } })
    const error = await gateway.token().catch(error => error)
    expect(error).toBeInstanceOf(TypeError)
    expect(`${error.stack}${error.cause}`).not.toContain(secret)
  })
})
