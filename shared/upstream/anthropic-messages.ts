/** Anthropic's Messages, `POST /v1/messages`. The list of fields is the gate's, not the provider's. */
import * as z from 'zod/mini'
import type { Model, Upstream } from '../domain/records.ts'
import { Refusal } from '../domain/refusal.ts'
import { errorBody, errorEvent } from './answer.ts'
import { inputFields, shapeOf, usesOf } from './anthropic-input.ts'
import { inputBound, outputLimit } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, errorCode, type Operation, type Prepared, type StreamWatch, type Usage } from './operation.ts'
import { check } from './schema.ts'
import { dataOf } from './sse.ts'

const text = z.string()

const body = z.strictObject({
  ...inputFields,
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
  parse(value) {
    const request = check(body, value)
    if (request instanceof Refusal) return request
    return { prepare: (model, upstream) => prepare(request, model, upstream) }
  },
  usage: reply => total(tell({}, jsonOrNothing<Event>(reply)?.usage)),
}

/** `max_tokens` bounds thinking and the reply together. */
function prepare(request: Body, { tokens: bounds }: Model, upstream: Upstream): Prepared | Refusal {
  const limit = outputLimit(request.max_tokens, bounds, 'max_tokens')
  if (limit instanceof Refusal) return limit
  const bytes = Buffer.from(JSON.stringify({ ...request, model: upstream.model, max_tokens: limit }))
  const shape = shapeOf(request)
  const input = inputBound(bytes, shape, bounds)
  if (input instanceof Refusal) return input
  return {
    model: request.model,
    uses: usesOf(request, shape),
    body: bytes,
    inputBound: input,
    ceiling: input + limit,
    ...(request.max_tokens === undefined && { outputLimit: limit }),
    ...(request.stream && { watch }),
  }
}

interface Event {
  readonly type: string
  readonly usage: unknown
  readonly error: unknown
  readonly message: { readonly usage?: unknown }
}

/** Counts come in parts and only grow: of two words about one, the larger is believed. */
interface Told {
  readonly input_tokens: number
  readonly cache_creation_input_tokens: number
  readonly cache_read_input_tokens: number
  readonly output_tokens: number
}

function tell(before: Partial<Told>, usage: unknown): Partial<Told> {
  const told: Record<string, number> = { ...before }
  for (const name of [
    'input_tokens',
    'cache_creation_input_tokens',
    'cache_read_input_tokens',
    'output_tokens',
  ]) {
    const value = count((usage as Record<string, unknown> | undefined)?.[name])
    if (value !== undefined) told[name] = Math.max(value, told[name] ?? 0)
  }
  return told
}

function total(told: Partial<Told>): Usage | undefined {
  if (told.input_tokens === undefined || told.output_tokens === undefined) return undefined
  return {
    input: told.input_tokens + (told.cache_creation_input_tokens ?? 0) + (told.cache_read_input_tokens ?? 0),
    output: told.output_tokens,
  }
}

/** `message_start` states the input, each `message_delta` the output so far, final at the end only. */
function watch(): StreamWatch {
  let told: Partial<Told> = {}
  let finished = false
  let failure: string | undefined
  return {
    event(bytes) {
      const data = dataOf(bytes)
      if (data.includes('"message_stop"')) finished ||= jsonOrNothing<Event>(data)?.type === 'message_stop'
      if (!data.includes('"usage"') && !data.includes('"error"')) return true
      const event = jsonOrNothing<Event>(data)
      if (event?.type === 'error') {
        failure = errorCode(event.error)
        return false
      }
      if (event?.type === 'message_start') {
        const { output_tokens: _, ...input } = tell(told, event.message?.usage)
        told = input
      }
      if (event?.type === 'message_delta') told = tell(told, event.usage)
      return true
    },
    usage: () => (finished ? total(told) : undefined),
    get finished() {
      return finished
    },
    get failure() {
      return failure
    },
    errorEvent: (refusal, requestId) => errorEvent(errorBody('anthropic', refusal, requestId), true),
  }
}
