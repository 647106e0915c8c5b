import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createPersonGateway, type PersonSession } from '../../../client/index.ts'
import { FakeGateway, refusal } from './fake-gateway.ts'
import { signInAt } from './fake-visit.ts'

let server: FakeGateway

beforeEach(async () => {
  server = await new FakeGateway().start()
})
afterEach(() => server.stop())

describe('a person who may not act', () => {
  it('is refused with 403 and the reason, not asked to sign in again', async () => {
    const { first: _, ...session } = await signInAt(server)
    const gateway = createPersonGateway({ issuer: server.issuer, session })
    server.tokenAnswers.push({
      status: 400,
      body: {
        error: 'invalid_grant',
        error_description: 'The person is suspended.',
        sallyport: { code: 'person_suspended' },
      },
    })
    expect(await gateway.get('/me')).toMatchObject({ status: 403, body: { code: 'person_suspended' } })
  })
})

describe('the gateway of a person', () => {
  let session: PersonSession
  beforeEach(async () => {
    const { first: _, ...rest } = await signInAt(server)
    session = rest
  })
  const open = (fetch?: typeof globalThis.fetch) =>
    createPersonGateway({ issuer: server.issuer, session, ...(fetch && { fetch }) })

  it('refreshes once for all who ask at the same time, with a proof for each request', async () => {
    const gateway = open()
    const answers = await Promise.all(Array.from({ length: 12 }, () => gateway.get('/me')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(server.people.refreshed).toHaveLength(1)
    expect(new Set(server.calls.map(({ proof }) => proof.jti)).size).toBe(12)
  })

  it('answers a nonce challenge once, at the token endpoint and at the API', async () => {
    const gateway = open()
    await gateway.get('/me')
    server.nonce = 'nonce-2'
    expect((await gateway.get('/me')).status).toBe(200)
    expect(server.calls.slice(-2).map(({ proof }) => proof.nonce)).toEqual(['nonce-1', 'nonce-2'])
  })

  it('renews a token that has ended, once', async () => {
    const gateway = open()
    server.answers.push({ status: 401, body: { code: 'token_expired' } })
    expect((await gateway.get('/me')).status).toBe(200)
    expect(server.people.refreshed).toHaveLength(2)
    server.answers.push(
      { status: 401, body: { code: 'token_expired' } },
      { status: 401, body: { code: 'token_expired' } },
    )
    expect(await gateway.get('/me')).toMatchObject({ status: 401, body: { code: 'token_expired' } })
  })

  it('signs for nothing but the API of its own origin', async () => {
    const gateway = open()
    const { port } = new URL(server.issuer)
    const before = server.requests.length
    for (const url of [
      'https://evil.example/api/v1/me',
      `http://localhost:${port}/api/v1/me`,
      `${server.issuer}/openai/v1/models`,
      `${server.issuer}/anthropic/v1/messages`,
      `${server.issuer}/oauth/token`,
      `${server.issuer}/api/../openai/v1/models`,
      `${server.issuer}/apiary`,
      `${server.issuer}@evil.example/api/v1/me`,
    ])
      await expect(gateway.fetch(url), url).rejects.toBeInstanceOf(TypeError)
    await expect(gateway.get('/../../openai/v1/models')).rejects.toBeInstanceOf(TypeError)
    expect(server.requests).toHaveLength(before)
  })

  it('follows no redirect', async () => {
    server.answers.push({ status: 302, headers: { location: '/api/v1/elsewhere' } })
    expect((await open().get('/me')).status).toBe(302)
    expect(server.calls).toHaveLength(1)
  })

  it('sends a body as JSON, the version it was decided on, and one key for what it creates', async () => {
    const gateway = open()
    await gateway.post('/holds', { reason: 'x' })
    await gateway.post('/holds', { reason: 'x' }, { idempotencyKey: 'mine' })
    await gateway.patch('/models/aurora', { killed: true }, { ifMatch: 7 })
    await gateway.delete('/clients/c', { ifMatch: '"8"' })
    const [made, named, patched, deleted] = server.calls
    expect(made).toMatchObject({ method: 'POST', path: '/api/v1/holds', body: '{"reason":"x"}' })
    expect(made?.headers['content-type']).toBe('application/json')
    expect(made?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/)
    expect(named?.headers['idempotency-key']).toBe('mine')
    expect(patched).toMatchObject({ method: 'PATCH', headers: { 'if-match': '"7"' } })
    expect(patched?.headers['idempotency-key']).toBeUndefined()
    expect(deleted).toMatchObject({ method: 'DELETE', headers: { 'if-match': '"8"' }, body: '' })
  })

  it('keeps one key through the challenge for a nonce', async () => {
    const gateway = open()
    await gateway.get('/me')
    server.nonce = 'nonce-3'
    await gateway.post('/holds', {})
    const [first, second] = server.calls.slice(-2)
    expect(first?.headers['idempotency-key']).toBe(second?.headers['idempotency-key'])
    expect(first?.proof.jti).not.toBe(second?.proof.jti)
  })

  it('passes a refusal on as it is', async () => {
    server.answers.push(refusal(403, 'fresh_sign_in_required'))
    expect(await open().post('/proposals/p/approve')).toMatchObject({ status: 403 })
  })

  it('is of its issuer alone', () => {
    expect(() => createPersonGateway({ issuer: 'https://other.example', session })).toThrow(TypeError)
  })

  it('says 503 in problem details while the token service is down, and is back when it is', async () => {
    const gateway = open()
    server.tokenAnswers.push({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { error: 'temporarily_unavailable' },
    })
    const answer = await gateway.get('/me')
    expect(answer).toMatchObject({ status: 503, body: { code: 'temporarily_unavailable' } })
    expect(answer.headers.get('retry-after')).toBe('2')
    expect((await gateway.get('/me')).status).toBe(200)
  })
})
