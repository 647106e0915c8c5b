/** What holds for every path that generates text. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { anthropicMessages } from '../../../shared/upstream/anthropic-messages.ts'
import { openaiChat } from '../../../shared/upstream/openai-chat.ts'
import { openaiResponses } from '../../../shared/upstream/openai-responses.ts'
import type { Operation } from '../../../shared/upstream/operation.ts'
import { bare, base, messages, prepared, read } from './reading.ts'

interface Path {
  readonly operation: Operation
  readonly base: object
  /** The field that limits the output. */
  readonly limit: string
  /** The field with the turns of the conversation. */
  readonly turns: string
  readonly image: (data: string) => object
}

const paths: [string, Path][] = [
  [
    'chat completions',
    {
      operation: openaiChat,
      base,
      limit: 'max_tokens',
      turns: 'messages',
      image: data => ({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }),
    },
  ],
  [
    'responses',
    {
      operation: openaiResponses,
      base: { model: 'aurora', input: messages, max_output_tokens: 20 },
      limit: 'max_output_tokens',
      turns: 'input',
      image: data => ({ type: 'input_image', image_url: `data:image/png;base64,${data}`, detail: 'auto' }),
    },
  ],
  [
    'messages',
    {
      operation: anthropicMessages,
      base,
      limit: 'max_tokens',
      turns: 'messages',
      image: data => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }),
    },
  ],
]

describe.each(paths)('a request of %s', (name, { operation, base, limit, turns, image }) => {
  test('reserves the bytes of what is sent, the overhead, and the output limit', () => {
    const { ceiling, inputBound, body, outputLimit } = prepared(operation, base)
    expect(inputBound).toBe(body.byteLength + 16 + 8)
    expect(ceiling).toBe(inputBound + 20)
    expect(outputLimit).toBeUndefined()
  })

  test('is sent under the name that the upstream knows the model by', () => {
    expect(prepared(operation, base)).toMatchObject({ model: 'aurora', sent: { model: 'inner' } })
  })

  const unlimited = { ...base, [limit]: undefined }
  test('without an output limit gets that of the model entry, and is told', () => {
    const { ceiling, inputBound, outputLimit, sent } = prepared(operation, unlimited)
    expect(ceiling).toBe(inputBound + 512)
    expect(outputLimit).toBe(512)
    const written = name === 'chat completions' ? 'max_completion_tokens' : limit
    expect(sent).toMatchObject({ [written]: 512 })
  })

  test('without an output limit anywhere is refused', () => {
    expect(read(operation, unlimited, bare)).toMatchObject({ code: 'limit_required' })
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
    const body = { ...base, [turns]: [{ role: 'user', content: [image('A'.repeat(10_000))] }] }
    const { inputBound, uses } = prepared(operation, body)
    expect(inputBound).toBeGreaterThan(1_000)
    expect(inputBound).toBeLessThan(2_000)
    expect([...uses.keys()]).toEqual(['infer', 'images'])
    expect(read(operation, body, { ...bare, tokens: { ...bare.tokens, defaultOutput: 1 } })).toMatchObject({
      code: 'field_not_allowed',
      facts: { field: expect.stringMatching(new RegExp(`^${turns}\\[0\\]\\.content\\[0\\]\\.`)) },
    })
  })

  test.each([
    [null, ''],
    ['text', ''],
    [{ ...base, [turns]: [] }, turns],
    [{ ...base, [limit]: 0 }, limit],
    [{ ...base, [limit]: 1.5 }, limit],
    [{ ...base, [turns]: [{ role: 'user', content: 7 }] }, `${turns}[0].content`],
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
          [limit]: fc.oneof(fc.nat(), fc.jsonValue()),
          [turns]: fc.array(value),
          stream: fc.oneof(fc.boolean(), fc.jsonValue()),
          tools: fc.jsonValue(),
          n: fc.oneof(fc.nat(200), fc.jsonValue()),
        },
        { requiredKeys: ['model', turns] },
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
