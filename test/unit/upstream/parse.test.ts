import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Model } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { anthropicMessages } from '../../../shared/upstream/anthropic-messages.ts'
import { openaiChat } from '../../../shared/upstream/openai-chat.ts'
import type { Operation, Prepared } from '../../../shared/upstream/operation.ts'

const upstream = { url: 'http://127.0.0.1', credential: 'c', model: 'inner' }
const model = {
  id: 'aurora',
  tokens: {
    overhead: { request: 16, message: 8, tool: 32 },
    image: 1_000,
    defaultOutput: 512,
    hiddenOutput: false,
  },
} as Model
const bare = { ...model, tokens: { overhead: { request: 0, message: 0, tool: 0 }, hiddenOutput: false } }

const messages = [{ role: 'user', content: 'hello' }]
const base = { model: 'aurora', messages, max_tokens: 20 }

function read(operation: Operation, body: unknown, at: Model = model): Prepared | Refusal {
  const request = operation.parse(body)
  return request instanceof Refusal ? request : request.prepare(at, upstream)
}

function prepared(operation: Operation, body: unknown, at: Model = model) {
  const request = read(operation, body, at)
  if (request instanceof Refusal) throw new Error(`${request.code}: ${request.facts.detail}`)
  return { ...request, sent: JSON.parse(Buffer.from(request.body).toString()) as Record<string, unknown> }
}

const both = [
  ['openai', openaiChat],
  ['anthropic', anthropicMessages],
] as const

describe.each(both)('a request of %s', (name, operation) => {
  test('reserves the bytes of what is sent, the overhead, and the output limit', () => {
    const { ceiling, inputBound, body, outputLimit } = prepared(operation, base)
    expect(inputBound).toBe(body.byteLength + 16 + 8)
    expect(ceiling).toBe(inputBound + 20)
    expect(outputLimit).toBeUndefined()
  })

  test('is sent under the name that the upstream knows the model by', () => {
    expect(prepared(operation, base)).toMatchObject({ model: 'aurora', sent: { model: 'inner' } })
  })

  test('without an output limit gets that of the model entry, and is told', () => {
    const { ceiling, inputBound, outputLimit, sent } = prepared(operation, { model: 'aurora', messages })
    expect(ceiling).toBe(inputBound + 512)
    expect(outputLimit).toBe(512)
    expect(sent).toMatchObject({ [name === 'openai' ? 'max_completion_tokens' : 'max_tokens']: 512 })
  })

  test('without an output limit anywhere is refused', () => {
    expect(read(operation, { model: 'aurora', messages }, bare)).toMatchObject({ code: 'limit_required' })
  })

  test.each([
    'previous_response_id',
    'conversation',
    'background',
    'mcp_servers',
    'container',
    'file_ids',
    'prompt',
  ])('with the field %s is refused by its name', field => {
    expect(read(operation, { ...base, [field]: 'x' })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field },
    })
  })

  test('with an image costs the figure of the model entry, not its bytes', () => {
    const data = 'A'.repeat(10_000)
    const part =
      name === 'openai'
        ? { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }
        : { type: 'image', source: { type: 'base64', media_type: 'image/png', data } }
    const body = { ...base, messages: [{ role: 'user', content: [part] }] }
    const { inputBound, uses } = prepared(operation, body)
    expect(inputBound).toBeGreaterThan(1_000)
    expect(inputBound).toBeLessThan(2_000)
    expect([...uses.keys()]).toEqual(['infer', 'images'])
    expect(read(operation, body, { ...bare, tokens: { ...bare.tokens, defaultOutput: 1 } })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field: expect.stringMatching(/^messages\[0\]\.content\[0\]\./) },
    })
  })

  test.each([
    [null, ''],
    ['text', ''],
    [{ ...base, messages: [] }, 'messages'],
    [{ ...base, max_tokens: 0 }, 'max_tokens'],
    [{ ...base, max_tokens: 1.5 }, 'max_tokens'],
    [{ ...base, messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
    [{ ...base, model: 7 }, 'model'],
  ])('that is malformed (%j) names the field', (body, field) => {
    expect(read(operation, body)).toMatchObject({ code: 'body_malformed', facts: field ? { field } : {} })
  })

  test('of any shape is read or refused, and what is read costs at least its bytes', () => {
    const value = fc.oneof(fc.jsonValue(), fc.record({ role: fc.constant('user'), content: fc.string() }))
    const body = fc.oneof(
      fc.jsonValue(),
      fc.dictionary(fc.string(), value),
      fc.record(
        {
          model: fc.string(),
          max_tokens: fc.oneof(fc.nat(), fc.jsonValue()),
          messages: fc.array(value),
          stream: fc.oneof(fc.boolean(), fc.jsonValue()),
          tools: fc.jsonValue(),
          n: fc.oneof(fc.nat(200), fc.jsonValue()),
        },
        { requiredKeys: ['model', 'messages'] },
      ),
    )
    fc.assert(
      fc.property(body, body => {
        const request = read(operation, body)
        if (request instanceof Refusal) expect(request.kind.status).toBe(400)
        else expect(request.ceiling).toBeGreaterThan(request.body.byteLength)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a chat completion', () => {
  test('of n choices reserves n outputs', () => {
    const { ceiling, inputBound } = prepared(openaiChat, { ...base, n: 3 })
    expect(ceiling).toBe(inputBound + 60)
  })

  test('with two limits that differ is refused', () => {
    expect(read(openaiChat, { ...base, max_completion_tokens: 21 })).toMatchObject({ code: 'body_malformed' })
  })

  test('that streams asks for usage, whatever the caller said', () => {
    const body = { ...base, stream: true, stream_options: { include_usage: false } }
    expect(prepared(openaiChat, body).sent.stream_options).toEqual({ include_usage: true })
  })

  test.each([
    [{ logprobs: true }, 'logprobs', 'logprobs'],
    [{ top_logprobs: 2 }, 'logprobs', 'top_logprobs'],
    [{ reasoning_effort: 'low' }, 'reasoning', 'reasoning_effort'],
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools', 'tools'],
  ])('with %j uses a capability', (over, capability, field) => {
    expect(prepared(openaiChat, { ...base, ...over }).uses.get(capability as 'tools')).toBe(field)
  })

  test('with a hosted tool is refused by its name', () => {
    expect(read(openaiChat, { ...base, tools: [{ type: 'web_search' }] })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field: 'tools[0].type' },
    })
  })
})

describe('a message', () => {
  test('that thinks uses reasoning', () => {
    const { uses } = prepared(anthropicMessages, {
      ...base,
      thinking: { type: 'enabled', budget_tokens: 10 },
    })
    expect(uses.get('reasoning')).toBe('thinking')
  })

  test('with a server tool is refused by its name', () => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search' }]
    expect(read(anthropicMessages, { ...base, tools })).toMatchObject({ code: 'field_not_allowed' })
  })
})

const event = (data: object | string): Buffer =>
  Buffer.from(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)

describe('the usage of a stream', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 7 }

  test.each([
    [undefined, false],
    [true, true],
  ])('comes to the caller only if asked for (include_usage: %s)', (include_usage, kept) => {
    const { watch } = prepared(openaiChat, { ...base, stream: true, stream_options: { include_usage } })
    const stream = watch()
    expect(stream.event(event({ choices: [{ delta: { content: '"usage"' } }], usage: null }))).toBe(true)
    expect(stream.event(event({ choices: [], usage }))).toBe(kept)
    expect(stream.finished).toBe(false)
    expect(stream.event(event('[DONE]'))).toBe(true)
    expect(stream.finished).toBe(true)
    expect(stream.usage()).toEqual({ input: 5, output: 7 })
  })

  test('of messages is that of the last message_delta, caches included', () => {
    const stream = prepared(anthropicMessages, { ...base, stream: true }).watch()
    const start = {
      input_tokens: 5,
      cache_read_input_tokens: 100,
      cache_creation_input_tokens: 10,
      output_tokens: 1,
    }
    stream.event(event({ type: 'message_start', message: { usage: start } }))
    expect(stream.usage()).toBeUndefined()
    stream.event(event({ type: 'message_delta', usage: { output_tokens: 9 } }))
    stream.event(event({ type: 'message_stop' }))
    expect(stream.usage()).toEqual({ input: 115, output: 9 })
    expect(stream.finished).toBe(true)
  })

  const text = (content: string, more: object = {}) => event({ choices: [{ delta: { content } }], ...more })
  test.each([
    ['told first and not again', [event({ choices: [], usage }), text('a'), event('[DONE]')], undefined],
    ['told only on the way', [text('a', { usage }), text('b'), event('[DONE]')], undefined],
    ['running, and broken off', [text('a', { usage }), text('b', { usage })], undefined],
    [
      'running to the end',
      [text('a', { usage }), text('b', { usage }), event('[DONE]')],
      { input: 5, output: 7 },
    ],
    ['told last, and broken off', [text('a'), event({ choices: [], usage })], { input: 5, output: 7 }],
  ])('that is %s counts as the last word or as none', (_, events, counted) => {
    const stream = prepared(openaiChat, { ...base, stream: true }).watch()
    for (const one of events) stream.event(one)
    expect(stream.usage()).toEqual(counted)
  })

  const start = event({ type: 'message_start', message: { usage: { input_tokens: 50, output_tokens: 1 } } })
  const delta = (usage: object) => event({ type: 'message_delta', usage })
  const stop = event({ type: 'message_stop' })
  test.each([
    ['without a word on the output', [start, stop], undefined],
    [
      'that takes its word back',
      [start, delta({ output_tokens: 400 }), delta({ output_tokens: 0 }), stop],
      400,
    ],
    ['that takes the input back', [start, delta({ input_tokens: 0, output_tokens: 400 }), stop], 400],
    ['that is broken off', [start, delta({ output_tokens: 400 })], undefined],
  ])('of messages %s is the most that was said, or none', (_, events, output) => {
    const stream = prepared(anthropicMessages, { ...base, stream: true }).watch()
    for (const one of events) stream.event(one)
    expect(stream.usage()).toEqual(output && { input: 50, output })
  })

  test.each([
    { usage: { prompt_tokens: -1, completion_tokens: 1 } },
    { usage: { prompt_tokens: 'x' } },
    { usage: {} },
    {},
    null,
  ])('that is not one (%j) counts as none', reply => {
    expect(openaiChat.usage(JSON.stringify(reply))).toBeUndefined()
  })
})
