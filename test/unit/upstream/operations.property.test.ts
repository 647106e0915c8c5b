/** Attacker-controlled bodies: each path takes what is on its list and refuses the rest by name. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { anthropicCountTokens } from '../../../shared/upstream/anthropic-count-tokens.ts'
import { anthropicMessages } from '../../../shared/upstream/anthropic-messages.ts'
import { openaiChat } from '../../../shared/upstream/openai-chat.ts'
import { openaiEmbeddings } from '../../../shared/upstream/openai-embeddings.ts'
import { openaiResponses } from '../../../shared/upstream/openai-responses.ts'
import { upstreamHeaders } from '../../../shared/upstream/wire.ts'
import { base, messages, model, read } from './reading.ts'

const { max_tokens: _, ...input } = base
const paths = [
  { operation: openaiChat, base },
  { operation: openaiResponses, base: { model: 'aurora', input: messages } },
  { operation: openaiEmbeddings, base: { model: 'aurora', input: 'x' } },
  { operation: anthropicMessages, base },
  { operation: anthropicCountTokens, base: input },
]
const names = [
  'model',
  'messages',
  'input',
  'max_tokens',
  'max_output_tokens',
  'n',
  'stream',
  'stream_options',
  'tools',
  'tool_choice',
  'system',
  'instructions',
  'thinking',
  'reasoning',
  'text',
  'stop',
  'metadata',
  'logit_bias',
]

describe.each(paths)('$operation.name', ({ operation, base }) => {
  test('any value is prepared, or refused with a field that is short; what is prepared has a ceiling', () => {
    const fields = fc.dictionary(
      fc.oneof(fc.constantFrom(...names), fc.string()),
      fc.jsonValue({ maxDepth: 4 }),
      { maxKeys: 3 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fields,
          fields.map(more => ({ ...base, ...more })),
        ),
        body => {
          const result = read(operation, body)
          if (result instanceof Refusal) {
            expect(result.kind.status).toBeLessThan(500)
            expect((result.facts.field ?? '').length).toBeLessThan(300)
            return
          }
          expect(Number.isSafeInteger(result.ceiling)).toBe(true)
          expect(result.ceiling).toBeGreaterThanOrEqual(result.inputBound)
          expect(JSON.parse(Buffer.from(result.body).toString())).toMatchObject({ model: 'inner' })
        },
      ),
    )
  })

  test('a field that is not on the list is refused by its name', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), fc.jsonValue(), (suffix, value) => {
        const name = `x_${suffix}`
        expect(read(operation, { ...base, [name]: value }, model)).toMatchObject({
          code: 'field_not_allowed',
          facts: { field: name },
        })
      }),
    )
  })
})

test('of the caller’s headers only a version crosses', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('openai', 'anthropic'),
      fc.option(fc.string(), { nil: undefined }),
      (protocol, version) => {
        const {
          'content-type': type,
          'user-agent': agent,
          ...others
        } = upstreamHeaders(protocol, 'key', version)
        expect([type, agent]).toEqual(['application/json', 'sallyport'])
        expect(others).toEqual(
          protocol === 'openai'
            ? { authorization: 'Bearer key' }
            : { 'x-api-key': 'key', 'anthropic-version': version ?? '2023-06-01' },
        )
      },
    ),
  )
})
