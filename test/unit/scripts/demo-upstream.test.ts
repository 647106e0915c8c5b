import { setTimeout } from 'node:timers/promises'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { demoApiKeys, startDemoUpstream } from '../../../scripts/demo/upstream.ts'
import { demoWorld, type Stats } from './demo-world.ts'

const { upstream, openai, anthropic, control, script, stats } = await demoWorld()

/** The upstream tells no event when a client has gone: asked until it is true. */
async function until(reached: (stats: Stats) => boolean): Promise<Stats> {
  for (;;) {
    const now = await stats()
    if (reached(now)) return now
    await setTimeout(5)
  }
}

const lastCall = async () => (await stats()).recent.at(-1)

const messages = [{ role: 'user' as const, content: 'Tell me who you are.' }]
const chat = { model: 'demo-model', messages, max_completion_tokens: 7 }
const message = { model: 'demo-model', messages, max_tokens: 7 }

describe('POST /demo/script', () => {
  it('fails the next replies, then goes on', async () => {
    await script({ fail: { status: 529, times: 1 } })
    await expect(anthropic.messages.create(message)).rejects.toMatchObject({
      status: 529,
      error: { error: { type: 'overloaded_error' } },
    })
    expect(await anthropic.messages.create(message)).toMatchObject({ stop_reason: 'max_tokens' })
  })

  it('holds for as many replies as it says', async () => {
    await script({ tokens: 2, times: 1 })
    const replies = [await openai.chat.completions.create(chat), await openai.chat.completions.create(chat)]
    expect(replies.map(({ usage }) => usage?.completion_tokens)).toEqual([2, 7])
  })

  it('bills by a factor, by given counts or not at all', async () => {
    await script({ bill: 2 })
    expect((await anthropic.messages.create(message)).usage).toMatchObject({
      input_tokens: 12,
      output_tokens: 14,
    })
    await script({ bill: { input_tokens: 1, output_tokens: 900 } })
    expect((await openai.chat.completions.create(chat)).usage).toMatchObject({ total_tokens: 901 })
    await script({ omit_usage: true })
    expect(await openai.chat.completions.create(chat)).not.toHaveProperty('usage')
    expect(await lastCall()).toMatchObject({ output_tokens: 7 })
  })

  it('breaks off in mid-stream, after everything that was produced was sent', async () => {
    await script({ tokens: 20, break_after: 12 })
    const { aborted } = await stats()
    let received = 0
    const stream = await openai.chat.completions.create({ model: 'demo-model', messages, stream: true })
    const read = (async () => {
      for await (const { choices } of stream) if (choices[0]?.delta.content) received += 1
    })()
    await expect(read).rejects.toThrow()
    expect(received).toBe(12)
    expect(await stats()).toMatchObject({ in_flight: 0, aborted: aborted + 1 })
  })

  it('breaks off a JSON reply before its head', async () => {
    await script({ break_after: 3 })
    await expect(openai.chat.completions.create(chat)).rejects.toBeInstanceOf(OpenAI.APIConnectionError)
    expect(await lastCall()).toMatchObject({ output_tokens: 3, state: 'aborted' })
  })

  it('stalls in mid-stream until the client goes', async () => {
    await script({ stall_after: 3 })
    const stream = await openai.chat.completions.create({ ...chat, stream: true })
    let received = 0
    for await (const { choices } of stream) {
      if (choices[0]?.delta.content) received += 1
      if (received === 3) break
    }
    await until(({ in_flight }) => in_flight === 0)
    expect(await lastCall()).toMatchObject({ output_tokens: 3, state: 'aborted' })
  })

  it('paces the tokens and delays the head', async () => {
    await script({ tokens: 5, pace_ms: 20, first_token_ms: 50 })
    const start = performance.now()
    const stream = await openai.chat.completions.create({ ...chat, stream: true })
    // Timers may fire a millisecond early.
    expect(performance.now() - start).toBeGreaterThan(48)
    for await (const _ of stream);
    expect(performance.now() - start).toBeGreaterThan(48 + 4 * 19)
  })

  it.each([
    [{ token: 1 }, 'token'],
    [{ tokens: -1 }, 'tokens'],
    [{ fail: { status: 200 } }, 'fail.status'],
    [{ fail: { status: 500, time: 1 } }, 'fail.time'],
    [{ bill: 'double' }, 'bill'],
    [{ stop: 'bored' }, 'stop'],
    [{ tool: { name: 'look_up' } }, 'tool.arguments'],
    [{ tool: { name: 'look_up', arguments: {} }, stop: 'refusal' }, 'stop'],
    [[], ''],
  ])('refuses %j and names the field', async (body, path) => {
    const response = await control('POST', body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ errors: [{ path }] })
  })
})

describe('a client that goes away', () => {
  it.each([true, false])('stops the production at once (streaming: %s)', async stream => {
    await script({ tokens: 100_000, pace_ms: 1 })
    const before = await stats()
    const abort = new AbortController()
    const call = openai.chat.completions
      .create({ model: 'demo-model', messages, stream }, { signal: abort.signal })
      .then(async reply => {
        if ('controller' in reply) for await (const _ of reply);
      })
    call.catch(() => {})
    await until(({ tokens_produced }) => tokens_produced > before.tokens_produced)
    abort.abort()

    const { tokens_produced, recent } = await until(({ in_flight }) => in_flight === 0)
    expect(recent.at(-1)).toMatchObject({ state: 'aborted', streaming: stream })
    expect(tokens_produced - before.tokens_produced).toBe(recent.at(-1)?.output_tokens)
    await setTimeout(20)
    expect((await stats()).tokens_produced).toBe(tokens_produced)
  })

  it('holds the production up while it does not read', async () => {
    await script({ tokens: 1_000_000 })
    const abort = new AbortController()
    const { body } = await fetch(`${upstream.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${demoApiKeys.openai}` },
      body: JSON.stringify({ model: 'demo-model', messages, stream: true }),
      signal: abort.signal,
    })
    expect(body).not.toBeNull()
    let last = -1
    const stalled = await until(({ tokens_produced }) => {
      const same = tokens_produced === last
      last = tokens_produced
      return same
    })
    expect(stalled.recent.at(-1)?.output_tokens).toBeLessThan(200_000)
    abort.abort()
    await until(({ in_flight }) => in_flight === 0)
  })
})

describe('startDemoUpstream', () => {
  it('rejects where the port is taken', async () => {
    await expect(startDemoUpstream({ port: upstream.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('breaks off what is under way when closed', async () => {
    const other = await startDemoUpstream({ port: 0, apiKeys: { openai: 'one', anthropic: 'two' } })
    const client = new OpenAI({ baseURL: `${other.url}/v1`, apiKey: 'one', maxRetries: 0 })
    await fetch(`${other.url}/demo/script`, { method: 'POST', body: JSON.stringify({ stall_after: 1 }) })
    const stream = await client.chat.completions.create({ ...chat, stream: true })
    const read = (async () => {
      for await (const _ of stream);
    })()
    await Promise.all([expect(read).rejects.toThrow(), other.close()])
  })
})

describe('GET /demo/stats', () => {
  it('names the headers that arrived, without their values', async () => {
    await openai.chat.completions.create(chat, { headers: { 'x-stranger': 'secret' } })
    const text = await (await fetch(`${upstream.url}/demo/stats`)).text()
    expect((await lastCall())?.headers).toEqual(expect.arrayContaining(['authorization', 'x-stranger']))
    expect(text).not.toContain('secret')
    expect(text).not.toContain(demoApiKeys.openai)
  })
})
