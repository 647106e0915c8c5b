/** What the SDKs do beyond a first completion: responses, embeddings, counts, tools, images, choices, stop reasons. */
import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { told } from '../world/entries.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

const model = 'aurora-preview'
const messages = [{ role: 'user' as const, content: 'Say something short.' }]
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const weather = { name: 'weather', arguments: { city: 'Cedar' } }

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

/** What the grant was charged for the calls that `act` makes. */
async function charged(act: () => Promise<unknown>): Promise<number> {
  const { used } = await world.meter('cedar')
  await act()
  const after = await world.meter('cedar')
  expect(after.leases).toEqual({})
  return after.used - used
}

const lastOutcome = async () =>
  (await world.entries('cedar'))
    .toSorted((a, b) => Number(a.entry.exact.time) - Number(b.entry.exact.time))
    .map(({ entry }) => told(entry))
    .filter(one => one.kind === 'outcome')
    .at(-1)

describe('responses', () => {
  const ask = { model, input: 'Say something short.', max_output_tokens: 40 }

  test('come whole, reasoning charged with the rest', async () => {
    await world.script({ reasoning: 12, tokens: 8 })
    let reply: OpenAI.Responses.Response | undefined
    const charge = await charged(async () => {
      reply = await openai.responses.create({ ...ask, reasoning: { effort: 'low' } })
    })
    expect(reply?.output_text).toMatch(/^This reply/)
    expect(reply?.usage?.output_tokens_details.reasoning_tokens).toBe(12)
    expect(charge).toBe(reply?.usage?.total_tokens)
  })

  test('come as a stream of the whole sequence of events', async () => {
    await world.script({ tokens: 8 })
    const types = new Set<string>()
    const numbers: number[] = []
    let final: OpenAI.Responses.Response | undefined
    const charge = await charged(async () => {
      const stream = openai.responses.stream(ask)
      for await (const event of stream) {
        types.add(event.type)
        numbers.push(event.sequence_number)
      }
      final = await stream.finalResponse()
    })
    expect([...types]).toEqual(
      expect.arrayContaining(['response.created', 'response.output_text.delta', 'response.completed']),
    )
    expect(numbers).toEqual(numbers.map((_, i) => i))
    expect(charge).toBe(final?.usage?.total_tokens)
  })

  test('that reach their limit are incomplete, and say why', async () => {
    await world.script({ tokens: 100 })
    const stream = openai.responses.stream({ ...ask, max_output_tokens: 5 })
    const final = await stream.finalResponse()
    expect(final).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage: { output_tokens: 5 },
    })
    expect((await lastOutcome())?.ending).toBe('completed')
  })

  test('let an agent call its own tools and send all of the output back', async () => {
    await world.script({ tool: weather, reasoning: 4, times: 1 })
    const tools: OpenAI.Responses.Tool[] = [{ type: 'function', name: 'weather', parameters, strict: true }]
    const reasoning = { effort: 'low', include: ['reasoning.encrypted_content'] } as const
    const options = {
      ...ask,
      tools,
      reasoning: { effort: reasoning.effort },
      include: [...reasoning.include],
    }
    const first = await openai.responses.create(options)
    const call = first.output.find(item => item.type === 'function_call')
    expect(call).toMatchObject({ name: 'weather', arguments: JSON.stringify(weather.arguments) })
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'user', content: 'What is the weather?' },
      ...(first.output as OpenAI.Responses.ResponseInputItem[]),
      { type: 'function_call_output', call_id: call?.call_id ?? '', output: 'sunny' },
    ]
    expect((await openai.responses.create({ ...options, input })).output_text).toMatch(/demo upstream/)
  })

  test('that fail on the way throw the error of the SDK, with our code and not the words of the provider', async () => {
    await world.script({ error_after: 3, tokens: 20, times: 1 })
    const read = async (): Promise<void> => {
      for await (const _ of await openai.responses.create({ ...ask, stream: true }));
    }
    await expect(read()).rejects.toMatchObject({
      constructor: OpenAI.APIError,
      error: { sallyport: { code: 'upstream_unavailable' } },
    })
    expect(await lastOutcome()).toMatchObject({ ending: 'upstream_failed' })
  })
})

describe('embeddings', () => {
  test('of several texts cost their input and nothing more', async () => {
    let reply: OpenAI.CreateEmbeddingResponse | undefined
    const charge = await charged(async () => {
      reply = await openai.embeddings.create({ model, input: ['one', 'two'], dimensions: 8 })
    })
    expect(reply?.data.map(({ embedding }) => embedding.length)).toEqual([8, 8])
    expect(charge).toBe(reply?.usage.prompt_tokens)
    expect(await lastOutcome()).toMatchObject({ ending: 'completed' })
  })

  test('are refused where the agreement withholds them, with the clause', async () => {
    const change = { set: [[['capabilities'], ['infer']]] } as const
    const key = keys.agreement(world.agreement('cedar'))
    const [{ capabilities } = {}] = await world.store.get([key])
    await world.store.write({ kind: 'update', key, change })
    await expect(openai.embeddings.create({ model, input: 'one' })).rejects.toMatchObject({
      constructor: OpenAI.PermissionDeniedError,
      param: 'input',
      error: { sallyport: { code: 'capability_withheld', clause: 'capabilities-1' } },
    })
    await world.store.write({
      kind: 'update',
      key,
      change: { set: [[['capabilities'], capabilities]] },
    })
  })
})

test('a count of tokens costs nothing, and has its entries', async () => {
  const charge = await charged(async () => {
    expect((await claude.messages.countTokens({ model, messages })).input_tokens).toBeGreaterThan(0)
  })
  expect(charge).toBe(0)
  expect(await lastOutcome()).toMatchObject({ ending: 'completed', charge: 0, reserve: 0 })
})

describe('chat completions', () => {
  test('call tools of the caller, JSON and streamed', async () => {
    await world.script({ tool: weather, times: 2 })
    const tools: OpenAI.ChatCompletionTool[] = [
      { type: 'function', function: { name: 'weather', parameters } },
    ]
    const whole = await openai.chat.completions.create({ model, messages, tools, max_tokens: 40 })
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'weather' } }] },
    })
    const stream = openai.chat.completions.stream({ model, messages, tools, max_tokens: 40 })
    const message = (await stream.finalChatCompletion()).choices[0]?.message
    expect(message?.tool_calls).toMatchObject([
      { function: { arguments: JSON.stringify(weather.arguments) } },
    ])
    const more = await openai.chat.completions.create({
      model,
      messages: [
        ...messages,
        message as OpenAI.ChatCompletionMessageParam,
        { role: 'tool', tool_call_id: message?.tool_calls?.[0]?.id ?? '', content: 'sunny' },
      ],
      tools,
      max_tokens: 10,
    })
    expect(more.choices[0]?.finish_reason).toBe('length')
  })

  test('of several choices reserve and cost all of them', async () => {
    await world.script({ tokens: 6 })
    let reply: OpenAI.ChatCompletion | undefined
    const charge = await charged(async () => {
      reply = await openai.chat.completions.create({ model, messages, n: 3, max_tokens: 20 })
    })
    expect(reply?.choices).toHaveLength(3)
    expect(reply?.usage?.completion_tokens).toBe(18)
    expect(charge).toBe(reply?.usage?.total_tokens)
  })

  test('take images, reserved by the figure of the model entry', async () => {
    const url = `data:image/png;base64,${'A'.repeat(20_000)}`
    const content = [{ type: 'image_url' as const, image_url: { url } }]
    await openai.chat.completions.create({ model, messages: [{ role: 'user', content }], max_tokens: 20 })
    const { reserve } = (await lastOutcome()) as { reserve: number }
    expect(reserve).toBeGreaterThan(1_600)
    expect(reserve).toBeLessThan(2_000)
  })
})

describe('messages', () => {
  test('call tools of the caller, JSON and streamed', async () => {
    await world.script({ tool: weather, times: 2 })
    const tools: Anthropic.Tool[] = [{ name: 'weather', input_schema: { ...parameters, type: 'object' } }]
    const whole = await claude.messages.create({ model, messages, tools, max_tokens: 40 })
    expect(whole.stop_reason).toBe('tool_use')
    const streamed = await claude.messages.stream({ model, messages, tools, max_tokens: 40 }).finalMessage()
    const use = streamed.content.find(block => block.type === 'tool_use')
    expect(use).toMatchObject({ name: 'weather', input: weather.arguments })
    const result = { type: 'tool_result' as const, tool_use_id: use?.id ?? '', content: 'sunny' }
    const more = await claude.messages.create({
      model,
      messages: [
        ...messages,
        { role: 'assistant', content: streamed.content as Anthropic.ContentBlockParam[] },
        { role: 'user', content: [result] },
      ],
      tools,
      max_tokens: 10,
    })
    expect(more.stop_reason).toBe('max_tokens')
  })

  test('think, and take their own thinking back', async () => {
    await world.script({ reasoning: 6, tokens: 5 })
    const thinking = { type: 'enabled' as const, budget_tokens: 1_024 }
    const ask = { model, max_tokens: 2_000, thinking }
    let first: Anthropic.Message | undefined
    const charge = await charged(async () => {
      first = await claude.messages.stream({ ...ask, messages }).finalMessage()
    })
    expect(first?.content[0]).toMatchObject({ type: 'thinking' })
    expect(charge).toBe((first?.usage.input_tokens ?? 0) + (first?.usage.output_tokens ?? 0))
    const again = [
      ...messages,
      { role: 'assistant' as const, content: first?.content as Anthropic.ContentBlockParam[] },
    ]
    await claude.messages.create({ ...ask, messages: [...again, ...messages] })
  })
})

describe.each([
  ['stop_sequence', 'stop', 'stop_sequence'],
  ['content_filter', 'content_filter', 'refusal'],
  ['refusal', 'stop', 'refusal'],
])('the stop reason %s', (stop, inChat, inMessages) => {
  test('reaches the caller in the words of its protocol, and is charged as told', async () => {
    await world.script({ stop, tokens: 5 })
    const charge = await charged(async () => {
      const { choices } = await openai.chat.completions.create({ model, messages, max_tokens: 20 })
      expect(choices[0]?.finish_reason).toBe(inChat)
    })
    expect(charge).toBeGreaterThan(0)
    const message = await claude.messages.stream({ model, messages, max_tokens: 20 }).finalMessage()
    expect(message.stop_reason).toBe(inMessages)
  })
})
