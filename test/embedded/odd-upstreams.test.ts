/** Upstreams that break off, lie, linger, or say too much. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { told } from '../world/entries.ts'
import { chunk, oddUpstream, sse } from '../world/odd-upstream.ts'

let world: EmbeddedWorld
let cedar: ReturnType<EmbeddedWorld['raw']>
beforeEach(async () => {
  world = await openEmbedded()
  cedar = world.raw('cedar')
})
afterEach(() => world.close())

async function outcome() {
  for (;;) {
    const found = (await world.entries('cedar'))
      .map(({ entry }) => told(entry))
      .find(one => one.kind === 'outcome')
    if (found) return found as { ending: string; charge: number; reserve: number; code?: string }
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

const events = { 'content-type': 'text/event-stream' }
const usage = { prompt_tokens: 3, completion_tokens: 4 }
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

describe('a stream', () => {
  test('is over at its own end, however long the upstream goes on', async () => {
    await using upstream = await oddUpstream(world, (_, response) => {
      response.writeHead(200, events)
      response.write(chunk('hello') + sse({ choices: [], usage }) + sse('[DONE]'))
      const more = setInterval(() => response.write(`: ${'x'.repeat(1_000)}\n\n`), 1)
      response.on('close', () => clearInterval(more))
    })
    const since = performance.now()
    const text = await (await cedar.chat({ stream: true })).text()
    expect(performance.now() - since).toBeLessThan(1_500)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(await outcome()).toMatchObject({ ending: 'completed', charge: 7 })
    while (upstream.open > 0) await pause(5)
  })

  test('that its client leaves is not charged by a running count', async () => {
    await using _ = await oddUpstream(world, async (_, response) => {
      response.writeHead(200, events)
      while (!response.destroyed) {
        response.write(chunk('word ', { usage: { prompt_tokens: 3, completion_tokens: 1 } }))
        await pause(2)
      }
    })
    const leave = new AbortController()
    const response = await cedar.call('POST', '/openai/v1/chat/completions', {
      body: {
        model: 'aurora-preview',
        stream: true,
        max_tokens: 5_000,
        messages: [{ role: 'user', content: 'x' }],
      },
      signal: leave.signal,
    })
    const reader = response.body?.getReader()
    for (let i = 0; i < 10; i++) await reader?.read()
    leave.abort()
    const { ending, charge, reserve } = await outcome()
    expect(ending).toBe('client_gone')
    expect(charge).toBeGreaterThan(500)
    expect(charge).toBeLessThanOrEqual(reserve)
  })

  test('that is answered by one document which breaks off is charged as one', async () => {
    await using _ = await oddUpstream(world, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"choices":[')
      setTimeout(() => response.destroy(), 20)
    })
    expect((await cedar.chat({ stream: true })).status).toBe(502)
    const { ending, charge, reserve } = await outcome()
    expect({ ending, charge }).toEqual({ ending: 'upstream_failed', charge: reserve })
  })

  test('whose caller takes nothing ends all the same when its authority does', async () => {
    await using upstream = await oddUpstream(world, async (_, response) => {
      response.writeHead(200, events)
      while (!response.destroyed) if (!response.write(chunk('x'.repeat(60_000)))) await pause(5)
    })
    const token = await cedar.token()
    const response = await cedar.chat({ stream: true, max_tokens: 1_000_000 }, { token })
    await response.body?.getReader().read()
    await pause(300)
    const form = {
      token,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await cedar.assertion(),
    }
    const since = performance.now()
    expect((await cedar.post('/oauth/revoke', form)).status).toBe(200)
    expect(await outcome()).toMatchObject({ ending: 'cut', code: 'token_revoked' })
    expect(performance.now() - since).toBeLessThan(2_000)
    while (Object.keys((await world.meter('cedar')).leases).length > 0) await pause(5)
    while (upstream.open > 0) await pause(5)
  })
})

describe('a credential that cannot be sent', () => {
  test('costs nothing, and is not repeated', async () => {
    await world.close()
    const lines: string[] = []
    world = await openEmbedded({
      wiring: {
        telemetry: {
          count: () => undefined,
          alarm: () => undefined,
          error: (text, error) => void lines.push(`${text} ${error}`),
        },
      },
    })
    cedar = world.raw('cedar')
    await world.store.write({
      kind: 'update',
      key: keys.model('aurora-preview'),
      change: { set: [[['upstreams', 'openai', 'url'], 'nowhere']] },
    })
    expect((await cedar.chat()).status).toBe(502)
    expect(await outcome()).toMatchObject({ ending: 'upstream_failed', charge: 0 })
    expect(lines.join()).not.toContain('demo-openai-key')
  })
})

describe('an error', () => {
  test.each([
    [400, 'upstream_refused', 400],
    [404, 'upstream_refused', 502],
    [429, 'upstream_refused', 502],
    [500, 'upstream_refused', 502],
    [529, 'upstream_refused', 502],
    [302, 'upstream_refused', 502],
    [502, 'upstream_failed', 502],
    [504, 'upstream_failed', 502],
    [408, 'upstream_failed', 502],
    [499, 'upstream_failed', 502],
  ])('%i is %s, and the caller sees %i', async (status, ending, seen) => {
    await using _ = await oddUpstream(world, (_, response) => {
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '7' })
      response.end(JSON.stringify({ error: { message: 'about org-OPERATOR' } }))
    })
    const response = await cedar.chat()
    const text = await response.text()
    expect(response.status).toBe(seen)
    const found = await outcome()
    expect(found).toMatchObject({ ending, charge: ending === 'upstream_refused' ? 0 : found.reserve })
    expect(text).toContain(`"code":"${seen === 400 ? 'upstream_refused' : 'upstream_unavailable'}"`)
    expect(text).not.toContain('OPERATOR')
    if (seen === 400) return
    expect(response.headers.get('retry-after')).toBe('7')
  })
})

test.each([
  [
    'of a field',
    { message: 'Invalid value for top_p: 7.', param: 'top_p' },
    'Invalid value for top_p',
    'top_p',
  ],
  ['of a limit', { message: 'prompt is too long: 9 tokens > 8 maximum' }, 'prompt is too long', null],
  ['of the bill', { message: 'Your credit balance is too low.', param: 'x' }, 'By its code: error', 'x'],
  [
    'in plain words',
    { message: 'See the dashboard', type: 'invalid_request_error' },
    'invalid_request_error',
    null,
  ],
])('what a provider says %s of a request it refused', async (_, error, words, param) => {
  await using _upstream = await oddUpstream(world, (_, response) => {
    response.writeHead(400, { 'content-type': 'text/html' })
    response.end(JSON.stringify({ error }))
  })
  const response = await cedar.chat()
  expect(response.headers.get('content-type')).toBe('application/json')
  const told = (await response.json()) as { error: { message: string; param: string | null } }
  expect(told.error.message).toContain(words)
  expect(told.error.message).not.toMatch(/credit|dashboard/)
  expect(told.error.param).toBe(param)
})

test.each([
  ['an error', { error: { message: 'org-OPERATOR' } }],
  ['an error of Anthropic', { type: 'error', error: { type: 'overloaded_error', message: 'org-OPERATOR' } }],
  ['a failed response', { status: 'failed', error: { code: 'server_error', message: 'org-OPERATOR' } }],
])('%s that comes with 200 is one, and not told in its words', async (_, body) => {
  await using _upstream = await oddUpstream(world, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  const response = await cedar.chat()
  expect(response.status).toBe(502)
  expect(await response.text()).not.toContain('OPERATOR')
  const { ending, charge, reserve } = await outcome()
  expect({ ending, charge }).toEqual({ ending: 'upstream_failed', charge: reserve })
})

test('an error that says what the work cost is charged that', async () => {
  await using _ = await oddUpstream(world, (_, response) => {
    response.writeHead(400, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({
        error: { message: 'max_tokens reached' },
        usage: { prompt_tokens: 9, completion_tokens: 20 },
      }),
    )
  })
  expect((await cedar.chat()).status).toBe(400)
  expect(await outcome()).toMatchObject({ ending: 'upstream_refused', charge: 29 })
})

test('a compressed reply cannot be counted: it is refused and charged as if whole', async () => {
  await using _ = await oddUpstream(world, (_, response) => {
    response.writeHead(200, { ...events, 'content-encoding': 'gzip' })
    response.write('x')
  })
  expect((await cedar.chat({ stream: true })).status).toBe(502)
  const { charge, reserve } = await outcome()
  expect(charge).toBe(reserve)
})

test('a tool call of messages that its client leaves is charged its reservation: it can be held back whole', async () => {
  await using _ = await oddUpstream(world, async (_, response) => {
    response.writeHead(200, events)
    while (!response.destroyed) {
      response.write(`event: ping\ndata: {"type":"ping"}\n\n`)
      await pause(2)
    }
  })
  const leave = new AbortController()
  const tools = [{ name: 'f', input_schema: { type: 'object' } }]
  const response = await cedar.messages({ stream: true, max_tokens: 5_000, tools }, { signal: leave.signal })
  await response.body?.getReader().read()
  leave.abort()
  const { ending, charge, reserve } = await outcome()
  expect({ ending, charge }).toEqual({ ending: 'client_gone', charge: reserve })
})

test('of the caller’s headers none reaches the upstream, but for the version of its protocol', async () => {
  let seen: NodeJS.Dict<string | string[]> = {}
  await using _ = await oddUpstream(world, (request, response) => {
    seen = request.headers
    response.writeHead(200, { 'content-type': 'application/json', 'anthropic-organization-id': 'org-1' })
    response.end(JSON.stringify({ type: 'message', usage: { input_tokens: 1, output_tokens: 1 } }))
  })
  const send = (headers: Record<string, string>) =>
    cedar.call('POST', '/anthropic/v1/messages', {
      body: { model: 'aurora-preview', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] },
      headers: { cookie: 'a=b', 'x-forwarded-for': '1.2.3.4', 'x-api-key': 'theirs', ...headers },
    })
  const response = await send({ 'anthropic-version': '2023-06-01' })
  expect(response.status).toBe(200)
  expect(Object.keys(seen).sort()).toEqual(
    [
      'accept-encoding',
      'anthropic-version',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
      'x-api-key',
    ].sort(),
  )
  expect(seen['x-api-key']).toBe('demo-anthropic-key')
  expect(response.headers.get('anthropic-organization-id')).toBeNull()
  expect((await send({ 'anthropic-version': 'x, y' })).status).toBe(400)
  expect((await send({ 'anthropic-beta': 'anything' })).status).toBe(400)
})
