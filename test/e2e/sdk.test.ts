/** Unmodified SDKs of the providers, with only a base URL and a `fetch`. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { told } from '../world/entries.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

const model = 'aurora-preview'
const messages = [{ role: 'user' as const, content: 'Say something short.' }]

let world: World
let openai: OpenAI
let claude: Anthropic
beforeAll(async () => {
  world = await openWorld()
  const gateway = world.gateway('cedar')
  openai = new OpenAI({ baseURL: gateway.openai, apiKey: 'unused', fetch: gateway.fetch })
  claude = new Anthropic({ baseURL: gateway.anthropic, apiKey: 'unused', fetch: gateway.fetch })
})
afterAll(() => world.close())
beforeEach(() => world.script({}))

/** How the calls made since ended. */
async function endingsSince(before: number): Promise<unknown[]> {
  const all = (await world.entries('cedar')).filter(({ entry }) => Number(entry.exact.time) / 1000 >= before)
  return all.map(({ entry }) => told(entry).ending).filter(ending => ending !== undefined)
}

describe('openai', () => {
  test('completes, and the budget moves by exactly what the provider billed', async () => {
    const { used } = await world.meter('cedar')
    const reply = await openai.chat.completions.create({ model, messages, max_tokens: 20 })
    expect(reply.choices[0]?.message.content).toMatch(/demo upstream/)
    expect((await world.meter('cedar')).used - used).toBe(reply.usage?.total_tokens)
  })

  test('streams, without the usage chunk that it did not ask for', async () => {
    const { used } = await world.meter('cedar')
    const chunks: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of await openai.chat.completions.create({
      model,
      messages,
      max_tokens: 20,
      stream: true,
    }))
      chunks.push(chunk)
    expect(chunks.map(chunk => chunk.choices[0]?.delta.content ?? '').join('')).toMatch(/demo upstream/)
    expect(chunks.every(chunk => chunk.choices.length > 0)).toBe(true)
    expect((await world.meter('cedar')).used - used).toBeGreaterThan(20)
  })

  test('streams with the usage chunk that it asked for', async () => {
    const { used } = await world.meter('cedar')
    const stream = await openai.chat.completions.create({
      model,
      messages,
      max_tokens: 20,
      stream: true,
      stream_options: { include_usage: true },
    })
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) usage = chunk.usage ?? usage
    expect(usage?.completion_tokens).toBe(20)
    expect((await world.meter('cedar')).used - used).toBe(usage?.total_tokens)
  })

  test('lists the models, and finds one', async () => {
    const page = await openai.models.list()
    expect(page.data).toMatchObject([{ id: model, object: 'model', owned_by: 'halcyon' }])
    expect(await openai.models.retrieve(model)).toMatchObject({ id: model })
    await expect(openai.models.retrieve('other')).rejects.toThrow(OpenAI.NotFoundError)
  })

  test('retries after a 500 with a fresh proof, and each try leaves its entries', async () => {
    const before = Date.now()
    await world.script({ fail: { status: 500, times: 1 } })
    const reply = await openai.chat.completions.create({ model, messages, max_tokens: 20 })
    expect(reply.choices).toHaveLength(1)
    expect((await endingsSince(before)).sort()).toEqual(['completed', 'upstream_refused'])
  })

  test('throws its typed errors, with the code and the next step', async () => {
    const field = openai.chat.completions.create({ model, messages, max_tokens: 20, web_search_options: {} })
    await expect(field).rejects.toMatchObject({
      constructor: OpenAI.BadRequestError,
      code: 'field_not_allowed',
      param: 'web_search_options',
      requestID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      error: { sallyport: { code: 'field_not_allowed' } },
    })
    const unknown = openai.chat.completions.create({ model: 'other', messages, max_tokens: 20 })
    await expect(unknown).rejects.toBeInstanceOf(OpenAI.APIError)
    await expect(openai.files.list()).rejects.toThrow(OpenAI.NotFoundError)
  })

  test('does not retry when the budget is exhausted', async () => {
    const gateway = world.gateway('prairie')
    let requests = 0
    const counted: typeof fetch = (input, init) => {
      requests += 1
      return gateway.fetch(input, init)
    }
    const poor = new OpenAI({ baseURL: gateway.openai, apiKey: 'unused', fetch: counted })
    await world.store.write({
      kind: 'update',
      key: keys.meter(world.meterId('prairie')),
      change: {
        set: [
          [['remaining'], 5],
          [['used'], 9_995],
        ],
      },
    })
    await expect(poor.chat.completions.create({ model, messages, max_tokens: 20 })).rejects.toMatchObject({
      constructor: OpenAI.RateLimitError,
      code: 'insufficient_quota',
    })
    expect(requests).toBe(1)
  })
})

describe('anthropic', () => {
  test('completes, and the budget moves by exactly what the provider billed', async () => {
    const { used } = await world.meter('cedar')
    const reply = await claude.messages.create({ model, messages, max_tokens: 20 })
    expect(reply.content[0]).toMatchObject({ type: 'text', text: expect.stringMatching(/demo upstream/) })
    expect((await world.meter('cedar')).used - used).toBe(
      reply.usage.input_tokens + reply.usage.output_tokens,
    )
  })

  test('streams', async () => {
    const stream = claude.messages.stream({ model, messages, max_tokens: 20 })
    const final = await stream.finalMessage()
    expect(final).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 20 } })
  })

  test('lists the models', async () => {
    const page = await claude.models.list()
    expect(page.data).toMatchObject([{ type: 'model', id: model, display_name: 'Aurora (preview)' }])
  })

  test('retries after a 500', async () => {
    await world.script({ fail: { status: 500, times: 1 } })
    expect(await claude.messages.create({ model, messages, max_tokens: 20 })).toMatchObject({
      type: 'message',
    })
  })

  test('throws its typed errors, with the code and the next step', async () => {
    const hosted = [{ type: 'web_search_20250305' as const, name: 'web_search' as const }]
    await expect(
      claude.messages.create({ model, messages, max_tokens: 20, tools: hosted }),
    ).rejects.toMatchObject({
      constructor: Anthropic.BadRequestError,
      error: { error: { type: 'invalid_request_error', sallyport: { code: 'field_not_allowed' } } },
    })
  })
})

test('rate headers carry each provider’s own names', async () => {
  const { response: first } = await openai.chat.completions
    .create({ model, messages, max_tokens: 20 })
    .withResponse()
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('6000')
  expect(Number(first.headers.get('x-ratelimit-remaining-tokens'))).toBeGreaterThan(9_000_000)
  const { response: second } = await claude.messages
    .create({ model, messages, max_tokens: 20 })
    .withResponse()
  expect(second.headers.get('anthropic-ratelimit-requests-limit')).toBe('6000')
  expect(Date.parse(second.headers.get('anthropic-ratelimit-tokens-reset') ?? '')).toBeGreaterThan(Date.now())
})

test('nothing of the upstream’s identity or our key comes back', async () => {
  const { response } = await openai.chat.completions
    .create({ model, messages, max_tokens: 20 })
    .withResponse()
  const names = [...response.headers.keys()]
  expect(names.filter(name => /organization|openai|anthropic|authorization|cookie/.test(name))).toEqual([])
})
