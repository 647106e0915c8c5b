import OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { demoWorld } from './demo-world.ts'

const { upstream, openai, script, stats } = await demoWorld()

const lastCall = async () => (await stats()).recent.at(-1)

const messages = [{ role: 'user' as const, content: 'Tell me who you are.' }]
const chat = { model: 'demo-model', messages, max_completion_tokens: 7 }
const wordsOf = (text: string | null | undefined) => (text ? text.split(' ').length : 0)

describe('POST /v1/chat/completions', () => {
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

  it('stops by itself where the limit does not cut it off', async () => {
    await script({ tokens: 7 })
    expect((await openai.chat.completions.create(chat)).choices[0]).toMatchObject({ finish_reason: 'stop' })
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
    await expect(openai.models.retrieve('demo-model')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })

  it('calls a tool, in one piece and streamed', async () => {
    await script({ tool: { name: 'look_up', arguments: { city: 'Älvsjö', days: 2 } } })
    const { choices } = await openai.chat.completions.create({ model: 'demo-model', messages, n: 2 })
    const call = {
      type: 'function',
      function: { name: 'look_up', arguments: '{"city":"Älvsjö","days":2}' },
    }
    for (const choice of choices) {
      expect(choice).toMatchObject({
        finish_reason: 'tool_calls',
        message: { content: null, tool_calls: [call] },
      })
    }
    const ids = choices.map(({ message }) => message.tool_calls?.[0]?.id)
    expect(new Set(ids).size).toBe(2)

    const streamed = openai.chat.completions.stream({ model: 'demo-model', messages })
    const pieces: string[] = []
    streamed.on('tool_calls.function.arguments.delta', ({ arguments_delta }) => pieces.push(arguments_delta))
    const [choice] = (await streamed.finalChatCompletion()).choices
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [call] } })
    expect(pieces.filter(piece => piece !== '').length).toBe(7)
    expect(await lastCall()).toMatchObject({ output_tokens: 7 })
  })

  it('cuts a tool call off at the limit', async () => {
    await script({ tool: { name: 'look_up', arguments: { city: 'Uppsala' } } })
    const { choices } = await openai.chat.completions.create({ ...chat, max_completion_tokens: 2 })
    expect(choices[0]).toMatchObject({
      finish_reason: 'length',
      message: { tool_calls: [{ function: { arguments: '{"city":' } }] },
    })
  })

  it('reasons unseen before it speaks, and bills it', async () => {
    await script({ reasoning: 4, tokens: 3 })
    const { choices, usage } = await openai.chat.completions.create({ ...chat, n: 2 })
    expect(choices.map(choice => choice.message.content)).toEqual(Array(2).fill('This reply comes'))
    expect(usage).toMatchObject({
      completion_tokens: 14,
      completion_tokens_details: { reasoning_tokens: 8 },
    })
    expect(await lastCall()).toMatchObject({ output_tokens: 14 })

    const stream = openai.chat.completions.stream({ ...chat, stream_options: { include_usage: true } })
    let deltas = 0
    stream.on('content.delta', () => {
      deltas += 1
    })
    expect(await stream.totalUsage()).toMatchObject({
      completion_tokens: 7,
      completion_tokens_details: { reasoning_tokens: 4 },
    })
    expect(deltas).toBe(3)

    await script({ reasoning: 4, bill: { input_tokens: 1, output_tokens: 2 } })
    expect((await openai.chat.completions.create(chat)).usage).toMatchObject({
      completion_tokens: 2,
      completion_tokens_details: { reasoning_tokens: 2 },
    })
  })

  it('says nothing where reasoning has used up the limit', async () => {
    await script({ reasoning: 9 })
    const { choices, usage } = await openai.chat.completions.create(chat)
    expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { content: '' } })
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(7)
  })

  it.each([
    [
      'content_filter',
      { finish_reason: 'content_filter', message: { content: 'This reply', refusal: null } },
    ],
    ['stop_sequence', { finish_reason: 'stop', message: { content: 'This reply', refusal: null } }],
    ['refusal', { finish_reason: 'stop', message: { content: null, refusal: 'This reply' } }],
  ])('stops by %s', async (stop, expected) => {
    await script({ stop, tokens: 2 })
    expect((await openai.chat.completions.create(chat)).choices).toMatchObject([expected])
    const { choices } = await openai.chat.completions.stream(chat).finalChatCompletion()
    expect(choices).toMatchObject([expected])
  })

  it('breaks a stream off by an error without [DONE]', async () => {
    await script({ error_after: 2 })
    const stream = await openai.chat.completions.create({ ...chat, stream: true })
    let received = 0
    const read = (async () => {
      for await (const { choices } of stream) if (choices[0]?.delta.content) received += 1
    })()
    await expect(read).rejects.toMatchObject({ constructor: OpenAI.APIError, type: 'server_error' })
    expect(received).toBe(2)
    await expect(openai.chat.completions.create(chat)).rejects.toBeInstanceOf(OpenAI.InternalServerError)
    expect(await lastCall()).toMatchObject({ output_tokens: 2, state: 'finished' })
  })
})
