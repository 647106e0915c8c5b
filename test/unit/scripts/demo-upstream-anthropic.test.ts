import Anthropic from '@anthropic-ai/sdk'
import { describe, expect, it } from 'vitest'
import { demoApiKeys } from '../../../scripts/demo/upstream.ts'
import { demoWorld } from './demo-world.ts'

const { upstream, anthropic, script, stats } = await demoWorld()

const lastCall = async () => (await stats()).recent.at(-1)

const messages = [{ role: 'user' as const, content: 'Tell me who you are.' }]
const message = { model: 'demo-model', messages, max_tokens: 7 }
const wordsOf = (text: string | null | undefined) => (text ? text.split(' ').length : 0)

describe('POST /v1/messages', () => {
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

  it('calls a tool, in one piece and streamed', async () => {
    const input = { city: 'Älvsjö', days: 2 }
    await script({ tool: { name: 'look_up', arguments: input } })
    const expected = {
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', id: expect.stringMatching(/^toolu_/), name: 'look_up', input }],
    }
    expect(await anthropic.messages.create({ ...message, max_tokens: 50 })).toMatchObject(expected)

    const stream = anthropic.messages.stream({ ...message, max_tokens: 50 })
    const pieces: string[] = []
    stream.on('inputJson', piece => pieces.push(piece))
    expect(await stream.finalMessage()).toMatchObject(expected)
    expect(pieces.join('')).toBe(JSON.stringify(input))
    expect(await lastCall()).toMatchObject({ output_tokens: pieces.length })
  })

  it('cuts a tool call off at the limit', async () => {
    await script({ tool: { name: 'look_up', arguments: { city: 'Uppsala' } } })
    expect(await anthropic.messages.create({ ...message, max_tokens: 2 })).toMatchObject({
      stop_reason: 'max_tokens',
      content: [{ type: 'tool_use', input: {} }],
    })
  })

  it('thinks in a block of its own, signed, and bills it', async () => {
    await script({ reasoning: 3, tokens: 2 })
    const expected = {
      stop_reason: 'end_turn',
      content: [
        { type: 'thinking', thinking: 'These words stand', signature: expect.stringMatching(/./) },
        { type: 'text', text: 'This reply' },
      ],
      usage: { output_tokens: 5, output_tokens_details: { thinking_tokens: 3 } },
    }
    expect(await anthropic.messages.create(message)).toMatchObject(expected)
    expect(await anthropic.messages.stream(message).finalMessage()).toMatchObject(expected)
  })

  it('hides its thoughts where they are to be omitted', async () => {
    await script({ reasoning: 3, tokens: 2 })
    const hidden = { ...message, thinking: { type: 'adaptive', display: 'omitted' } as const }
    const expected = {
      content: [{ type: 'thinking', thinking: '', signature: expect.stringMatching(/./) }, { type: 'text' }],
      usage: { output_tokens: 5 },
    }
    expect(await anthropic.messages.create(hidden)).toMatchObject(expected)
    const stream = anthropic.messages.stream(hidden)
    const deltas: string[] = []
    stream.on('streamEvent', event => {
      if (event.type === 'content_block_delta') deltas.push(event.delta.type)
    })
    expect(await stream.finalMessage()).toMatchObject(expected)
    expect(deltas).toEqual(['signature_delta', 'text_delta', 'text_delta'])
    expect(await lastCall()).toMatchObject({ output_tokens: 5 })
  })

  it.each([
    ['refusal', { stop_reason: 'refusal', stop_details: { type: 'refusal', category: null } }],
    ['content_filter', { stop_reason: 'refusal', stop_details: { type: 'refusal', category: null } }],
    ['stop_sequence', { stop_reason: 'stop_sequence', stop_sequence: 'END', stop_details: null }],
  ])('stops by %s', async (stop, expected) => {
    await script({ stop, tokens: 2 })
    const stopping = { ...message, stop_sequences: ['END'] }
    expect(await anthropic.messages.create(stopping)).toMatchObject(expected)
    expect(await anthropic.messages.stream(stopping).finalMessage()).toMatchObject(expected)
  })

  it('breaks a stream off by an error', async () => {
    await script({ error_after: 2 })
    const stream = anthropic.messages.stream(message)
    let received = 0
    stream.on('text', () => {
      received += 1
    })
    await expect(stream.finalMessage()).rejects.toMatchObject({
      constructor: Anthropic.APIError,
      error: { type: 'error', error: { type: 'api_error' } },
    })
    expect(received).toBe(2)
    await expect(anthropic.messages.create(message)).rejects.toBeInstanceOf(Anthropic.InternalServerError)
  })
})

describe('POST /v1/messages/count_tokens', () => {
  it('counts what the same message would be billed as input, and produces nothing', async () => {
    const { max_tokens: _, ...counted } = { ...message, system: 'Be brief.' }
    const { tokens_produced } = await stats()
    expect(await anthropic.messages.countTokens(counted)).toEqual({ input_tokens: 9 })
    expect((await anthropic.messages.create({ ...message, ...counted })).usage.input_tokens).toBe(9)
    expect((await stats()).tokens_produced).toBe(tokens_produced + 7)
  })

  it('names the field at fault and fails as scripted', async () => {
    await expect(anthropic.messages.countTokens({ model: 'm', messages: [] })).rejects.toMatchObject({
      status: 400,
      error: { error: { message: expect.stringContaining('messages') } },
    })
    await script({ fail: { status: 529 } })
    await expect(anthropic.messages.countTokens(message)).rejects.toMatchObject({ status: 529 })
  })
})
