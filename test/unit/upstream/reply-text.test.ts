/** What is kept of a reply as its text: the same, whether it came at once or in pieces, and however those were cut. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anthropicText } from '../../../shared/upstream/anthropic-text.ts'
import { openaiChatText } from '../../../shared/upstream/openai-chat-text.ts'
import { openaiResponsesText } from '../../../shared/upstream/openai-responses-text.ts'
import { type ReplyText, streamedTexts, stringsOf, wholeTexts } from '../../../shared/upstream/reply-text.ts'
import { EventSplitter } from '../../../shared/upstream/sse.ts'
import { event } from './reading.ts'

/** A reply as its parts: what was written, and the arguments of one call of a tool. */
interface Said {
  readonly text: string
  readonly thought: string
  readonly refusal: string
  readonly args: Readonly<Record<string, unknown>>
}

interface Spoken {
  readonly read: ReplyText
  readonly document: (said: Said) => object
  /** `cut` gives a text in pieces. */
  readonly events: (said: Said, cut: (text: string) => readonly string[]) => readonly object[]
}

const protocols: Readonly<Record<string, Spoken>> = {
  'chat completions': {
    read: openaiChatText,
    document: ({ text, thought, refusal, args }) => ({
      choices: [
        { index: 1, message: { role: 'assistant', content: text, reasoning_content: thought } },
        {
          index: 0,
          message: {
            refusal,
            tool_calls: [{ type: 'function', function: { name: 'f', arguments: JSON.stringify(args) } }],
          },
        },
      ],
    }),
    events: ({ text, thought, refusal, args }, cut) => [
      ...cut(thought).map(reasoning_content => ({ choices: [{ index: 1, delta: { reasoning_content } }] })),
      ...cut(text).map(content => ({ choices: [{ index: 1, delta: { content } }] })),
      ...cut(refusal).map(piece => ({ choices: [{ index: 0, delta: { refusal: piece } }] })),
      ...cut(JSON.stringify(args)).map(piece => ({
        choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }],
      })),
    ],
  },
  responses: {
    read: openaiResponsesText,
    document: ({ text, thought, refusal, args }) => ({
      output: [
        { type: 'reasoning', summary: [{ type: 'summary_text', text: thought }] },
        {
          type: 'message',
          content: [
            { type: 'output_text', text },
            { type: 'refusal', refusal },
          ],
        },
        { type: 'function_call', arguments: JSON.stringify(args) },
      ],
    }),
    events: (said, cut) => [
      ...cut(said.thought).map(delta => ({
        type: 'response.reasoning_summary_text.delta',
        output_index: 0,
        summary_index: 0,
        delta,
      })),
      ...cut(said.text).map(delta => ({
        type: 'response.output_text.delta',
        output_index: 1,
        content_index: 0,
        delta,
      })),
      ...cut(said.refusal).map(delta => ({
        type: 'response.refusal.delta',
        output_index: 1,
        content_index: 1,
        delta,
      })),
      ...cut(JSON.stringify(said.args)).map(delta => ({
        type: 'response.function_call_arguments.delta',
        output_index: 2,
        delta,
      })),
      { type: 'response.completed', response: protocols.responses?.document(said) },
    ],
  },
  messages: {
    read: anthropicText,
    document: ({ text, thought, refusal, args }) => ({
      content: [
        { type: 'thinking', thinking: thought },
        { type: 'text', text },
        { type: 'text', text: refusal },
        { type: 'tool_use', name: 'f', input: args },
      ],
    }),
    events: ({ text, thought, refusal, args }, cut) => [
      { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '' } },
      ...cut(thought).map(thinking => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'thinking_delta', thinking },
      })),
      ...cut(text).map(piece => ({
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'text_delta', text: piece },
      })),
      ...cut(refusal).map(piece => ({
        type: 'content_block_delta',
        index: 2,
        delta: { type: 'text_delta', text: piece },
      })),
      { type: 'content_block_start', index: 3, content_block: { type: 'tool_use', name: 'f', input: {} } },
      ...cut(JSON.stringify(args)).map(partial_json => ({
        type: 'content_block_delta',
        index: 3,
        delta: { type: 'input_json_delta', partial_json },
      })),
    ],
  },
}

const words = fc
  .array(fc.constantFrom('red', 'été', '漢字', '"', '\\', '\n', '😀', ' '), { maxLength: 12 })
  .map(parts => parts.join(''))
const said = fc.record({
  text: words,
  thought: words,
  refusal: words,
  args: fc.dictionary(
    fc.constantFrom('a', 'b', '7'),
    fc.oneof(words, fc.nat(), fc.array(words, { maxLength: 3 })),
  ),
})

/** In pieces of so many UTF-16 units: a pair of surrogates too may be parted. */
const inPieces =
  (size: number) =>
  (text: string): readonly string[] =>
    text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []

describe.each(Object.entries(protocols))('%s', (_, { read, document, events }) => {
  test('a reply that is streamed has the texts of the whole one, however it was cut', () => {
    fc.assert(
      fc.property(
        said,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 40 }),
        (one, size, bytes) => {
          const sent = Buffer.concat(events(one, inPieces(size)).map(event))
          const splitter = new EventSplitter()
          const came: Uint8Array[] = []
          for (let at = 0; at < sent.length; at += bytes)
            came.push(...splitter.push(sent.subarray(at, at + bytes)))
          const texts = new Set([one.text, one.thought, one.refusal, stringsOf(one.args)].filter(Boolean))
          expect(new Set(streamedTexts(read, came))).toEqual(texts)
          expect(new Set(wholeTexts(read, JSON.stringify(document(one))))).toEqual(texts)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('of what is no reply nothing is text, and nothing throws', () => {
    const odd = fc.jsonValue({ maxDepth: 4 })
    const names = [
      'choices',
      'delta',
      'content',
      'output',
      'type',
      'index',
      'input',
      'content_block',
      'tool_calls',
    ]
    const shaped = fc.dictionary(fc.constantFrom(...names), fc.oneof(odd, fc.array(odd)))
    fc.assert(
      fc.property(fc.array(fc.oneof(odd, shaped), { maxLength: 5 }), values => {
        for (const value of values) wholeTexts(read, JSON.stringify(value))
        streamedTexts(
          read,
          values.map(value => event(JSON.stringify(value))),
        )
      }),
      { numRuns: 100 },
    )
    for (const text of ['', 'null', '[]', '{"choices":', '{"content":{"toString":1}}'])
      expect(wholeTexts(read, text)).toEqual([])
    expect(streamedTexts(read, [event('[DONE]'), Buffer.from(': still waiting\n\n')])).toEqual([])
  })

  test('what was cut counts as far as it came', () => {
    const one = { text: 'one two three four', thought: '', refusal: '', args: {} }
    const came = events(one, inPieces(4)).slice(0, 3).map(event)
    expect(streamedTexts(read, came).join('')).toMatch(/^one two/)
  })
})

describe('the arguments of a tool', () => {
  const call = (piece: string) =>
    event({ choices: [{ delta: { tool_calls: [{ index: 0, function: { arguments: piece } }] } }] })

  test('are read for their strings, one a line, without names and numbers', () => {
    const args = { path: 'a.txt', lines: ['one', { two: 'two' }], count: 3 }
    expect(streamedTexts(openaiChatText, [call(JSON.stringify(args))])).toEqual(['a.txt\none\ntwo'])
  })

  test('that were cut are read as they are, with no letter of an escape left in a word', () => {
    const cut = call('{"text":"one\\ntwo \\u00e9t\\u00e9 thr')
    expect(streamedTexts(openaiChatText, [cut])).toEqual(['{"text":"one two été thr'])
  })

  test('that are nested deeper than any stack are read, too', () => {
    const deep = `${'['.repeat(50_000)}"bottom"${']'.repeat(50_000)}`
    expect(streamedTexts(openaiChatText, [call(deep)])).toEqual(['bottom'])
  })

  test('of two calls are two texts', () => {
    const both = [0, 1].map(index =>
      event({ choices: [{ delta: { tool_calls: [{ index, function: { arguments: `["t${index}"]` } }] } }] }),
    )
    expect(streamedTexts(openaiChatText, both)).toEqual(['t0', 't1'])
  })
})

test('a response whose upstream sent no deltas is read from its last event', () => {
  const response = { output: [{ type: 'message', content: [{ type: 'output_text', text: 'all at once' }] }] }
  expect(streamedTexts(openaiResponsesText, [event({ type: 'response.completed', response })])).toEqual([
    'all at once',
  ])
})
