import { describe, expect, test } from 'vitest'
import { anthropicMessages } from '../../../shared/upstream/anthropic-messages.ts'
import { base, event, prepared, read, watching } from './reading.ts'

describe('a message', () => {
  test('that thinks uses reasoning', () => {
    const { uses } = prepared(anthropicMessages, {
      ...base,
      thinking: { type: 'enabled', budget_tokens: 10 },
    })
    expect(uses.get('reasoning')).toBe('thinking')
  })

  test('with tools that are held back until they are whole hides output; with eager ones it does not', () => {
    const tool = { name: 'f', input_schema: {} }
    const hides = (...tools: object[]) => prepared(anthropicMessages, { ...base, tools }).hidden
    expect(hides()).toBe(false)
    expect(hides({ ...tool, eager_input_streaming: true })).toBe(false)
    expect(hides(tool)).toBe(true)
  })

  test('with an effort uses reasoning', () => {
    const { uses } = prepared(anthropicMessages, { ...base, output_config: { effort: 'max' } })
    expect(uses.get('reasoning')).toBe('output_config.effort')
  })

  test('with a server tool is refused by its name', () => {
    const tools = [{ type: 'web_search_20250305', name: 'web_search' }]
    expect(read(anthropicMessages, { ...base, tools })).toMatchObject({ code: 'field_not_allowed' })
  })
})

describe('the usage of a streamed message', () => {
  test('of messages is that of the last message_delta, caches included', () => {
    const stream = watching(anthropicMessages, base)
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
    [
      'that splits the input otherwise',
      [start, delta({ input_tokens: 10, cache_read_input_tokens: 40, output_tokens: 4 }), stop],
      4,
    ],
    ['that is broken off', [start, delta({ output_tokens: 400 })], undefined],
  ])('of messages %s is the most that was said, or none', (_, events, output) => {
    const stream = watching(anthropicMessages, base)
    for (const one of events) stream.event(one)
    expect(stream.usage()).toEqual(output && { input: 50, output })
  })
})

test('an error of the provider in the middle of a stream is kept from the caller, but for its kind', () => {
  const stream = watching(anthropicMessages, base)
  const error = { type: 'overloaded_error', message: 'Number of requests of the operator' }
  expect(stream.event(event({ type: 'error', error }))).toBe(false)
  expect(stream).toMatchObject({ failure: 'overloaded_error', finished: false })
})
