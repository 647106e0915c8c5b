import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anthropicProvider } from '../../../scripts/demo/upstream-anthropic.ts'
import { openaiProvider } from '../../../scripts/demo/upstream-openai.ts'
import { countInputTokens, ProviderError } from '../../../scripts/demo/upstream-provider.ts'
import { composeReply } from '../../../scripts/demo/upstream-reply.ts'
import { scriptSchema } from '../../../scripts/demo/upstream-script.ts'

const endpoints = [...openaiProvider.endpoints, ...anthropicProvider.endpoints]

/** Enough for every path at once, then spoilt or not. */
const request = fc
  .record({
    stream: fc.boolean(),
    limit: fc.integer({ min: 1, max: 40 }),
    n: fc.integer({ min: 1, max: 4 }),
    text: fc.string({ unit: 'binary' }).map(text => `a${text}`),
    spoilt: fc.option(
      fc.record({
        field: fc.constantFrom('input', 'messages', 'model', 'stream', 'n'),
        value: fc.jsonValue(),
      }),
    ),
  })
  .map(({ stream, limit, n, text, spoilt }) => ({
    model: 'm',
    messages: [{ role: 'user', content: text }],
    input: text,
    max_tokens: limit,
    max_output_tokens: limit,
    n,
    stream,
    ...(spoilt && { [spoilt.field]: spoilt.value }),
  }))

const script = fc
  .record({
    tokens: fc.integer({ min: 0, max: 50 }),
    reasoning: fc.integer({ min: 0, max: 50 }),
    tool: fc.option(
      fc.record({ name: fc.constant('look_up'), arguments: fc.dictionary(fc.string(), fc.jsonValue()) }),
      {
        nil: undefined,
      },
    ),
    stop: fc.constantFrom(undefined, 'stop_sequence' as const, 'refusal' as const, 'content_filter' as const),
  })
  .map(({ tool, stop, ...rest }) => scriptSchema.parse({ ...rest, ...(tool ? { tool } : { stop }) }))

describe.each(endpoints)('POST %s', (_, parse) => {
  it('takes any JSON, or names what is wrong with it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), request), value => {
        const asked = parse(value)
        if (asked instanceof ProviderError) expect(asked.status).toBe(400)
        else expect(asked.inputTokens).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(value)))
      }),
    )
  })

  it('produces as many tokens as it bills, within the limit, and streams a step for each', () => {
    fc.assert(
      fc.property(request, script, (value, script) => {
        const asked = parse(value)
        fc.pre(!(asked instanceof ProviderError))
        const reply = composeReply(asked, script, { id: 'r', created: 0 })
        expect(reply.outputTokens).toBeLessThanOrEqual(asked.choices * asked.maxTokens)
        if (reply.usage) expect(reply.usage.output_tokens).toBe(reply.outputTokens)
        if (asked.stream) {
          const tokens = [...asked.stream.events(reply)].filter(step => typeof step !== 'string')
          expect(tokens).toHaveLength(reply.outputTokens)
        }
      }),
    )
  })
})

describe('input tokens', () => {
  it('are one at least and never more than the bytes of the body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const body = { messages: [{ role: 'user', content: [value, text] }] }
        const tokens = countInputTokens(body)
        expect(tokens).toBeGreaterThanOrEqual(1)
        expect(tokens).toBeLessThanOrEqual(Buffer.byteLength(JSON.stringify(body)))
      }),
    )
  })
})
