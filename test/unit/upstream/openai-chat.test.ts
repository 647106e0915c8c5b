import { describe, expect, test } from 'vitest'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { openaiChat } from '../../../shared/upstream/openai-chat.ts'
import { base, event, model, prepared, read, watching } from './reading.ts'

describe('a chat completion', () => {
  test('of n choices reserves n outputs', () => {
    const { ceiling, inputBound } = prepared(openaiChat, { ...base, n: 3 })
    expect(ceiling).toBe(inputBound + 60)
  })

  test('limits its output by the field that the upstream knows, and by no other', () => {
    const sent = (limitField?: 'max_tokens') => {
      const request = openaiChat.parse({ ...base, max_completion_tokens: 20 })
      if (request instanceof Refusal) throw new Error(request.code)
      const upstream = { url: '', credential: '', model: 'm', ...(limitField && { limitField }) }
      const ready = request.prepare(model, upstream)
      if (ready instanceof Refusal) throw new Error(ready.code)
      return JSON.parse(Buffer.from(ready.body).toString())
    }
    expect(sent()).toMatchObject({ max_completion_tokens: 20, store: false })
    expect(sent()).not.toHaveProperty('max_tokens')
    expect(sent('max_tokens')).toMatchObject({ max_tokens: 20 })
    expect(sent('max_tokens')).not.toHaveProperty('max_completion_tokens')
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
    [{ tools: [{ type: 'custom', custom: { name: 'f' } }] }, 'tools', 'tools'],
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools', 'tools'],
  ])('with %j uses a capability', (over, capability, field) => {
    expect(prepared(openaiChat, { ...base, ...over }).uses.get(capability as 'tools')).toBe(field)
  })

  test('that asks for no reasoning uses none', () => {
    expect(prepared(openaiChat, { ...base, reasoning_effort: 'none' }).uses.has('reasoning')).toBe(false)
  })

  test('at a model that reasons uses reasoning, unless that is switched off', () => {
    const reasoning = { ...model, tokens: { ...model.tokens, reasons: true } }
    expect(prepared(openaiChat, base, reasoning)).toMatchObject({ hidden: true })
    const off = prepared(openaiChat, { ...base, reasoning_effort: 'none' }, reasoning)
    expect([...off.uses.keys()]).toEqual(['infer'])
    expect(off.hidden).toBe(false)
  })

  test('with a hosted tool is refused by its name', () => {
    expect(read(openaiChat, { ...base, tools: [{ type: 'web_search' }] })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field: 'tools[0].type' },
    })
  })
})

describe('the usage of a streamed completion', () => {
  const usage = { prompt_tokens: 5, completion_tokens: 7 }

  test.each([
    [undefined, false],
    [true, true],
  ])('comes to the caller only if asked for (include_usage: %s)', (include_usage, kept) => {
    const stream = watching(openaiChat, { ...base, stream_options: { include_usage } })
    expect(stream.event(event({ choices: [{ delta: { content: '"usage"' } }], usage: null }))).toBe(true)
    expect(stream.event(event({ choices: [], usage }))).toBe(kept)
    expect(stream.finished).toBe(false)
    expect(stream.event(event('[DONE]'))).toBe(true)
    expect(stream.finished).toBe(true)
    expect(stream.usage()).toEqual({ input: 5, output: 7 })
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
    const stream = watching(openaiChat, base)
    for (const one of events) stream.event(one)
    expect(stream.usage()).toEqual(counted)
  })

  test('stays the last word before chunks that carry nothing, and when the end is missing', () => {
    const stream = watching(openaiChat, base)
    for (const one of [text('a'), event({ choices: [], usage }), event({ choices: [{ delta: {} }] })])
      stream.event(one)
    expect(stream.usage()).toEqual({ input: 5, output: 7 })
    expect(stream.finished).toBe(false)
    stream.close()
    expect(stream.finished).toBe(true)
  })

  test('counts what stands in the total alone', () => {
    const told = { usage: { prompt_tokens: 20, completion_tokens: 198, total_tokens: 623 } }
    expect(openaiChat.usage(JSON.stringify(told))).toEqual({ input: 20, output: 603 })
  })

  test.each([
    { usage: { prompt_tokens: -1, completion_tokens: 1 } },
    { usage: { prompt_tokens: 'x' } },
    { usage: {} },
    { usage: { prompt_tokens: 0, completion_tokens: 0 } },
    { usage: { prompt_tokens: 2 ** 53 - 1, completion_tokens: 2 ** 53 - 1 } },
    {},
    null,
  ])('that is not one (%j) counts as none', reply => {
    expect(openaiChat.usage(JSON.stringify(reply))).toBeUndefined()
  })
})

test('an error of the provider in the middle of a stream is kept from the caller, but for its code', () => {
  const stream = watching(openaiChat, base)
  stream.event(event({ choices: [{ delta: { content: 'a' } }] }))
  const error = { message: 'Rate limit reached for organization org-operator', code: 'rate_limit_exceeded' }
  expect(stream.event(event({ error }))).toBe(false)
  expect(stream).toMatchObject({ failure: 'rate_limit_exceeded', finished: false })
})
