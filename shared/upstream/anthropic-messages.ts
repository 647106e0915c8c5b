/** Anthropic's Messages, `POST /v1/messages`. The list of fields is the gate's, not the provider's. */
import * as z from 'zod/mini'
import type { Model, Upstream } from '../domain/records.ts'
import { Refusal } from '../domain/refusal.ts'
import { errorBody, errorEvent } from './answer.ts'
import { inputFields, shapeOf, usesOf } from './anthropic-input.ts'
import { anthropicText } from './anthropic-text.ts'
import { bounded, outputLimit } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, type Operation, type Prepared, type StreamWatch, type Usage, usageOf } from './operation.ts'
import { parseBy, unused } from './schema.ts'
import { watchEvents } from './watch-events.ts'

const text = z.string()

const body = z.strictObject({
  ...inputFields,
  container: unused,
  speed: z.nullish(z.literal('standard')),
  max_tokens: z.optional(z.int().check(z.positive())),
  stream: z.optional(z.boolean()),
  temperature: z.optional(z.number()),
  top_p: z.optional(z.number()),
  top_k: z.optional(z.int()),
  stop_sequences: z.optional(z.array(text)),
  metadata: z.optional(z.strictObject({ user_id: z.nullish(text) })),
  service_tier: z.optional(z.enum(['auto', 'standard_only'])),
})

type Body = z.infer<typeof body>

export const anthropicMessages: Operation = {
  protocol: 'anthropic',
  name: 'messages',
  path: '/v1/messages',
  parse: parseBy(body, prepare),
  usage: reply => total(tell({}, jsonOrNothing<Event>(reply)?.usage)),
  text: anthropicText,
}

/** `max_tokens` bounds thinking and the reply together. */
function prepare(request: Body, { tokens }: Model, upstream: Upstream): Prepared | Refusal {
  const limit = outputLimit(request.max_tokens, tokens, 'max_tokens')
  if (limit instanceof Refusal) return limit
  const shape = shapeOf(request)
  const bounds = bounded({ ...request, model: upstream.model, max_tokens: limit }, shape, tokens, limit)
  if (bounds instanceof Refusal) return bounds
  const uses = usesOf(request, shape, tokens)
  return {
    ...bounds,
    model: request.model,
    uses,
    // What a tool is called with is held back by the provider until it is whole, unless it is eager.
    hidden: uses.has('reasoning') || (request.tools ?? []).some(tool => !tool.eager_input_streaming),
    ...(request.max_tokens === undefined && { outputLimit: limit }),
    ...(request.stream && { watch }),
  }
}

interface Event {
  readonly type: string
  readonly usage: unknown
  readonly message: { readonly usage?: unknown }
}

/** Of two words about one count the larger is believed: it only grows. Of the input all parts are one count. */
interface Told {
  readonly input?: number
  readonly output?: number
}

function tell(before: Told, usage: unknown): Told {
  const { output_tokens, ...told } = (usage ?? {}) as Record<string, unknown>
  const parts = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens']
    .map(name => count(told[name]))
    .filter(part => part !== undefined)
  const input = parts.reduce((sum, part) => sum + part, 0)
  const output = count(output_tokens)
  return {
    ...before,
    ...(parts.length > 0 && { input: Math.max(input, before.input ?? 0) }),
    ...(output !== undefined && { output: Math.max(output, before.output ?? 0) }),
  }
}

const total = ({ input, output }: Told): Usage | undefined => usageOf(input, output)

/** `message_start` states the input, each `message_delta` the output so far, final at the end only. */
function watch(): StreamWatch {
  let told: Told = {}
  return watchEvents({
    read(data) {
      const telling = data.includes('"usage"') || data.includes('"message_stop"')
      const event = telling ? jsonOrNothing<Event>(data) : undefined
      if (event?.type === 'message_start') {
        const { output: _, ...input } = tell(told, event.message?.usage)
        told = input
      }
      if (event?.type === 'message_delta') told = tell(told, event.usage)
      return event?.type === 'message_stop' ? 'end' : 'pass'
    },
    usage: finished => (finished ? total(told) : undefined),
    errorEvent: (refusal, requestId) => errorEvent(errorBody('anthropic', refusal, requestId), true),
  })
}
