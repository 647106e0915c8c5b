import Anthropic from '@anthropic-ai/sdk'
import fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { demoApiKeys } from '../../../scripts/demo/upstream.ts'
import { countInputTokens } from '../../../scripts/demo/upstream-provider.ts'
import { demoWorld } from './demo-world.ts'

const { upstream, openai, anthropic, script, stats } = await demoWorld()

const lastCall = async () => (await stats()).recent.at(-1)

const messages = [{ role: 'user' as const, content: 'Tell me who you are.' }]
const chat = { model: 'demo-model', messages, max_completion_tokens: 7 }
const message = { model: 'demo-model', messages, max_tokens: 7 }
const wordsOf = (text: string | null | undefined) => (text ? text.split(' ').length : 0)

describe('the OpenAI protocol', () => {
  it('completes, stops at the limit that was asked for and bills what it produced', async () => {
    const { data, request_id } = await openai.chat.completions.create({ ...chat, n: 3 }).withResponse()

    expect(data).toMatchObject({ object: 'chat.completion', model: 'demo-model' })
    expect(data.choices.map(choice => choice.finish_reason)).toEqual(['length', 'length', 'length'])
    expect(data.choices.map(choice => wordsOf(choice.message.content))).toEqual([7, 7, 7])
    expect(data.usage).toMatchObject({ prompt_tokens: 6, completion_tokens: 21, total_tokens: 27 })
    expect(await lastCall()).toMatchObject({
      id: request_id,
      path: '/v1/chat/completions',
      streaming: false,
      input_tokens: 6,
      output_tokens: 21,
      state: 'finished',
    })
  })

  it('stops by itself where the limit leaves room', async () => {
    await script({ tokens: 5 })
    const { choices } = await openai.chat.completions.create({ model: 'any', messages })
    expect(choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: 'This reply comes from the' },
    })
  })

  it('streams one chunk a token, and the usage at the end where it was asked for', async () => {
    const stream = await openai.chat.completions.create({
      ...chat,
      n: 2,
      stream: true,
      stream_options: { include_usage: true },
    })
    const texts = ['', '']
    const reasons: (string | null)[] = []
    let deltas = 0
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) {
      usage = chunk.usage
      for (const { index, delta, finish_reason } of chunk.choices) {
        if (delta.content) deltas += 1
        texts[index] += delta.content ?? ''
        if (finish_reason) reasons.push(finish_reason)
      }
    }
    expect(deltas).toBe(14)
    expect(texts.map(wordsOf)).toEqual([7, 7])
    expect(reasons).toEqual(['length', 'length'])
    expect(usage).toMatchObject({ prompt_tokens: 6, completion_tokens: 14, total_tokens: 20 })
  })

  it('streams no usage where it was not asked for', async () => {
    for await (const chunk of await openai.chat.completions.create({ ...chat, stream: true })) {
      expect(chunk).not.toHaveProperty('usage')
    }
  })

  it('lists models', async () => {
    const { data } = await openai.models.list()
    expect(data.map(({ id }) => id)).toEqual(['demo-model'])
  })

  it('tells errors in its own shape', async () => {
    const stranger = new OpenAI({ baseURL: `${upstream.url}/v1`, apiKey: 'wrong', maxRetries: 0 })
    await expect(stranger.chat.completions.create(chat)).rejects.toMatchObject({
      constructor: OpenAI.AuthenticationError,
      code: 'invalid_api_key',
      requestID: expect.stringMatching(/^req_demo_\d+$/),
    })
    await expect(openai.chat.completions.create({ ...chat, n: 0 })).rejects.toMatchObject({
      constructor: OpenAI.BadRequestError,
      type: 'invalid_request_error',
      param: 'n',
    })
    await expect(openai.embeddings.create({ model: 'm', input: 'a' })).rejects.toBeInstanceOf(
      OpenAI.NotFoundError,
    )
  })
})

describe('the Anthropic protocol', () => {
  it('answers, stops at the limit that was asked for and bills what it produced', async () => {
    const { data, request_id } = await anthropic.messages
      .create({ ...message, system: 'Be brief.' })
      .withResponse()

    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      stop_reason: 'max_tokens',
      stop_sequence: null,
    })
    expect(data.content.map(block => block.type === 'text' && wordsOf(block.text))).toEqual([7])
    expect(data.usage).toMatchObject({ input_tokens: 9, output_tokens: 7 })
    expect(await lastCall()).toMatchObject({
      id: request_id,
      path: '/v1/messages',
      input_tokens: 9,
      output_tokens: 7,
    })
  })

  it('streams the events that the SDK puts together to the same message', async () => {
    await script({ tokens: 5 })
    const stream = anthropic.messages.stream(message)
    const types: string[] = []
    stream.on('streamEvent', ({ type }) => types.push(type))

    expect(await stream.finalMessage()).toMatchObject({
      content: [{ type: 'text', text: 'This reply comes from the' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 6, output_tokens: 5 },
    })
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      ...Array(5).fill('content_block_delta'),
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  it('lists models', async () => {
    const { data } = await anthropic.models.list()
    expect(data).toMatchObject([{ type: 'model', id: 'demo-model' }])
  })

  it('tells errors in its own shape', async () => {
    const stranger = new Anthropic({ baseURL: upstream.url, apiKey: 'wrong', maxRetries: 0 })
    await expect(stranger.messages.create(message)).rejects.toMatchObject({
      constructor: Anthropic.AuthenticationError,
      error: {
        type: 'error',
        error: { type: 'authentication_error' },
        request_id: expect.stringMatching(/^req_demo_\d+$/),
      },
    })
    await expect(anthropic.messages.create({ ...message, max_tokens: 0 })).rejects.toMatchObject({
      constructor: Anthropic.BadRequestError,
      error: { error: { type: 'invalid_request_error', message: expect.stringContaining('max_tokens') } },
    })
  })

  it('takes the key in its own header too, and asks for the version', async () => {
    const post = (headers: Record<string, string>) =>
      fetch(`${upstream.url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': demoApiKeys.anthropic, ...headers },
        body: JSON.stringify({ ...message, stream: true }),
      })
    expect((await post({})).status).toBe(400)
    const response = await post({ 'anthropic-version': '2023-06-01' })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(await response.text()).toContain('event: ping\ndata: {"type":"ping"}\n\n')
  })
})

describe('input tokens', () => {
  it('are one at least and never more than the bytes of the body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const body = { messages: [{ role: 'user', content: [value, text] }] }
        const tokens = countInputTokens(body)
        expect(tokens).toBeGreaterThanOrEqual(1)
        expect(tokens).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(body)))
      }),
    )
  })
})
