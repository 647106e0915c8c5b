import OpenAI from 'openai'
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import { describe, expect, it } from 'vitest'
import { demoApiKeys } from '../../../scripts/demo/upstream.ts'
import { demoWorld } from './demo-world.ts'

const { upstream, openai, script, stats } = await demoWorld()

const lastCall = async () => (await stats()).recent.at(-1)

const ask = { model: 'demo-model', input: 'Tell me who you are.', max_output_tokens: 7 }
const tool = { name: 'look_up', arguments: { city: 'Älvsjö', days: 2 } }
const json = JSON.stringify(tool.arguments)

/** What the SDK makes of a stream, and the events that it was made of. */
async function streamed(request: object = {}) {
  const stream = openai.responses.stream({ ...ask, ...request })
  const events: ResponseStreamEvent[] = []
  for await (const event of stream) events.push(event)
  expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()])
  return { response: await stream.finalResponse(), types: events.map(({ type }) => type) }
}

const started = ['response.created', 'response.in_progress']

describe('POST /v1/responses', () => {
  it('answers, stops at the limit that was asked for and bills what it produced', async () => {
    const { data, request_id } = await openai.responses
      .create({ ...ask, instructions: 'Be brief.', metadata: { case: '7' }, temperature: 0.2 })
      .withResponse()

    expect(data).toMatchObject({
      object: 'response',
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      error: null,
      instructions: 'Be brief.',
      max_output_tokens: 7,
      metadata: { case: '7' },
      temperature: 0.2,
      output_text: 'This reply comes from the demo upstream;',
      output: [{ type: 'message', role: 'assistant', status: 'incomplete' }],
      usage: {
        input_tokens: 8,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 7,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 15,
      },
    })
    expect(await lastCall()).toMatchObject({
      id: request_id,
      path: '/v1/responses',
      streaming: false,
      input_tokens: 8,
      output_tokens: 7,
    })
  })

  it('takes items as input, and completes where the limit leaves room', async () => {
    await script({ tokens: 2 })
    const response = await openai.responses.create({
      model: 'any',
      input: [{ role: 'user', content: [{ type: 'input_text', text: 'Who?' }] }],
    })
    expect(response).toMatchObject({
      status: 'completed',
      incomplete_details: null,
      output_text: 'This reply',
      max_output_tokens: null,
    })
  })

  it('streams every event in its order, and the SDK puts the same response together', async () => {
    await script({ tokens: 3 })
    const { response, types } = await streamed()
    expect(types).toEqual([
      ...started,
      'response.output_item.added',
      'response.content_part.added',
      ...Array(3).fill('response.output_text.delta'),
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(response).toMatchObject({
      status: 'completed',
      output_text: 'This reply comes',
      usage: { input_tokens: 5, output_tokens: 3, total_tokens: 8 },
    })
  })

  it('ends a stream that met the limit as incomplete', async () => {
    const { response, types } = await streamed()
    expect(types.at(-1)).toBe('response.incomplete')
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
    })
  })

  it('names each event in its event line too, and ends without [DONE]', async () => {
    const response = await fetch(`${upstream.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${demoApiKeys.openai}` },
      body: JSON.stringify({ ...ask, stream: true }),
    })
    const events = (await response.text()).trimEnd().split('\n\n')
    for (const event of events) {
      const [, name, data] = /^event: (.+)\ndata: (.+)$/.exec(event) ?? []
      expect(JSON.parse(data ?? '')).toMatchObject({ type: name })
    }
    expect(events).toHaveLength(15)
  })

  it('calls a tool, in one piece and streamed', async () => {
    await script({ tool })
    const call = {
      type: 'function_call',
      status: 'completed',
      name: 'look_up',
      arguments: json,
      call_id: expect.stringMatching(/^call_/),
    }
    const tools = [
      { type: 'function' as const, name: 'look_up', parameters: { type: 'object' }, strict: false },
    ]
    const request = { max_output_tokens: 50, tools }
    expect(await openai.responses.create({ ...ask, ...request })).toMatchObject({
      status: 'completed',
      tools,
      output: [call],
    })
    const { response, types } = await streamed(request)
    expect(response.output).toMatchObject([call])
    expect(types).toEqual([
      ...started,
      'response.output_item.added',
      ...Array(7).fill('response.function_call_arguments.delta'),
      'response.function_call_arguments.done',
      'response.output_item.done',
      'response.completed',
    ])
  })

  it('reasons in an item that shows nothing, and bills it', async () => {
    await script({ reasoning: 4, tokens: 2 })
    const { response, types } = await streamed()
    expect(types).toEqual([
      ...started,
      'response.output_item.added',
      'response.output_item.done',
      'response.output_item.added',
      'response.content_part.added',
      ...Array(2).fill('response.output_text.delta'),
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ])
    expect(response).toMatchObject({
      output: [{ type: 'reasoning', summary: [] }, { type: 'message' }],
      usage: { output_tokens: 6, output_tokens_details: { reasoning_tokens: 4 } },
    })
    expect(response.output[0]).not.toHaveProperty('encrypted_content')
    expect(await lastCall()).toMatchObject({ output_tokens: 6 })
  })

  it('shows its reasoning encrypted to who asks for it', async () => {
    await script({ reasoning: 4, tokens: 2 })
    const include = ['reasoning.encrypted_content' as const]
    const reasoning = { type: 'reasoning', encrypted_content: expect.stringMatching(/^[\w+/]+=*$/) }
    expect((await openai.responses.create({ ...ask, include })).output[0]).toMatchObject(reasoning)
    expect((await streamed({ include })).response.output[0]).toMatchObject(reasoning)
  })

  it('has no message where reasoning has used up the limit', async () => {
    await script({ reasoning: 9 })
    const response = await openai.responses.create(ask)
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning'])
    expect(response).toMatchObject({
      status: 'incomplete',
      usage: { output_tokens: 7, output_tokens_details: { reasoning_tokens: 7 } },
    })
  })

  it('refuses in a part of its own', async () => {
    await script({ stop: 'refusal', tokens: 2 })
    const output = [{ status: 'completed', content: [{ type: 'refusal', refusal: 'This reply' }] }]
    expect(await openai.responses.create(ask)).toMatchObject({ status: 'completed', output })
    const { response, types } = await streamed()
    expect(response).toMatchObject({ status: 'completed', output })
    expect(types.filter(type => type.startsWith('response.refusal.'))).toEqual([
      'response.refusal.delta',
      'response.refusal.delta',
      'response.refusal.done',
    ])
  })

  it('is incomplete where a filter stopped it', async () => {
    await script({ stop: 'content_filter', tokens: 2 })
    const expected = { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
    expect(await openai.responses.create(ask)).toMatchObject(expected)
    expect((await streamed()).response).toMatchObject(expected)
  })

  it('tells no usage where it is scripted to be left out', async () => {
    await script({ omit_usage: true })
    expect((await openai.responses.create(ask)).usage).toBeNull()
    expect((await streamed()).response.usage).toBeNull()
  })

  it('breaks a stream off by an error, then the failed response', async () => {
    await script({ error_after: 2 })
    await expect(openai.responses.stream(ask).finalResponse()).rejects.toMatchObject({
      constructor: OpenAI.APIError,
      type: 'server_error',
    })
    const stream = await openai.responses.create({ ...ask, stream: true }).asResponse()
    const [, ...events] = (await stream.text()).trimEnd().split('\nevent: ').slice(-3)
    const [error, failed] = events.map(event => JSON.parse(event.replace(/^.+\ndata: /, '')) as object)
    expect(error).toMatchObject({ type: 'error', sequence_number: 6, error: { type: 'server_error' } })
    expect(failed).toMatchObject({
      type: 'response.failed',
      sequence_number: 7,
      response: { status: 'failed', error: { code: 'server_error' }, usage: null },
    })
    await expect(openai.responses.create(ask)).rejects.toBeInstanceOf(OpenAI.InternalServerError)
  })

  it.each([
    ['input', { input: [] }],
    ['max_output_tokens', { max_output_tokens: 0 }],
    ['tools', { tools: 'look_up' }],
  ])('names the field at fault: %s', async (param, fault) => {
    await expect(openai.responses.create({ ...ask, ...fault } as typeof ask)).rejects.toMatchObject({
      status: 400,
      param,
    })
  })
})
