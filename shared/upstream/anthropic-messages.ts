/** Anthropic's Messages, `POST /v1/messages`. The list of fields is the gate's, not the provider's. */
import * as z from 'zod/mini'
import type { Capability, Model, Upstream } from '../domain/records.ts'
import { Refusal, refuse } from '../domain/refusal.ts'
import { inputBound, type Shape } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, type Operation, type Prepared, type StreamWatch, type Usage } from './operation.ts'
import { check } from './schema.ts'
import { dataOf } from './sse.ts'

const text = z.string()
/** Five minutes is what a cache lives for by default; longer ones are billed otherwise. */
const cache_control = z.nullish(
  z.strictObject({ type: z.literal('ephemeral'), ttl: z.optional(z.literal('5m')) }),
)
const textBlock = z.strictObject({
  type: z.literal('text'),
  text,
  citations: z.nullish(z.array(z.unknown())),
  cache_control,
})
const imageBlock = z.strictObject({
  type: z.literal('image'),
  source: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('base64'), media_type: text, data: text }),
    z.strictObject({ type: z.literal('url'), url: text }),
  ]),
  cache_control,
})
const schemaObject = z.record(z.string(), z.unknown())
/** Called by the model itself, not from inside a container that the provider runs. */
const direct = z.strictObject({ type: z.literal('direct') })

const block = z.discriminatedUnion('type', [
  textBlock,
  imageBlock,
  z.strictObject({
    type: z.literal('document'),
    source: z.strictObject({ type: z.literal('text'), media_type: z.literal('text/plain'), data: text }),
    title: z.nullish(text),
    context: z.nullish(text),
    cache_control,
  }),
  z.strictObject({
    type: z.literal('tool_use'),
    id: text,
    name: text,
    input: schemaObject,
    caller: z.nullish(direct),
    toolset_name: z.optional(z.null()),
    cache_control,
  }),
  z.strictObject({
    type: z.literal('tool_result'),
    tool_use_id: text,
    content: z.optional(z.union([text, z.array(z.discriminatedUnion('type', [textBlock, imageBlock]))])),
    is_error: z.optional(z.boolean()),
    cache_control,
  }),
  z.strictObject({ type: z.literal('thinking'), thinking: text, signature: text }),
  z.strictObject({ type: z.literal('redacted_thinking'), data: text }),
])

const body = z.strictObject({
  model: text,
  messages: z
    .array(z.strictObject({ role: z.enum(['user', 'assistant']), content: z.union([text, z.array(block)]) }))
    .check(z.minLength(1)),
  max_tokens: z.optional(z.int().check(z.positive())),
  system: z.optional(z.union([text, z.array(textBlock)])),
  stream: z.optional(z.boolean()),
  temperature: z.optional(z.number()),
  top_p: z.optional(z.number()),
  top_k: z.optional(z.int()),
  stop_sequences: z.optional(z.array(text)),
  metadata: z.optional(z.strictObject({ user_id: z.nullish(text) })),
  service_tier: z.optional(z.enum(['auto', 'standard_only'])),
  output_config: z.optional(
    z.strictObject({
      effort: z.nullish(text),
      format: z.nullish(z.strictObject({ type: z.literal('json_schema'), schema: schemaObject })),
    }),
  ),
  thinking: z.optional(
    z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('enabled'),
        budget_tokens: z.int().check(z.positive()),
        display: z.optional(text),
      }),
      z.strictObject({ type: z.literal('adaptive'), display: z.optional(text) }),
      z.strictObject({ type: z.literal('disabled') }),
    ]),
  ),
  tools: z.optional(
    z.array(
      z.strictObject({
        type: z.nullish(z.literal('custom')),
        name: text,
        description: z.optional(text),
        input_schema: schemaObject,
        input_examples: z.optional(z.array(schemaObject)),
        strict: z.optional(z.boolean()),
        eager_input_streaming: z.nullish(z.boolean()),
        allowed_callers: z.optional(z.array(z.literal('direct'))),
        cache_control,
      }),
    ),
  ),
  tool_choice: z.optional(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.enum(['auto', 'any']), disable_parallel_tool_use: z.optional(z.boolean()) }),
      z.strictObject({ type: z.literal('none') }),
      z.strictObject({
        type: z.literal('tool'),
        name: text,
        disable_parallel_tool_use: z.optional(z.boolean()),
      }),
    ]),
  ),
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
  const limit = request.max_tokens ?? bounds.defaultOutput
  if (limit === undefined)
    return refuse('limit_required', 'The model has no default output limit.', { field: 'max_tokens' })
  const bytes = Buffer.from(JSON.stringify({ ...request, model: upstream.model, max_tokens: limit }))
  const shape = shapeOf(request)
  const input = inputBound(bytes, shape, bounds)
  if (input instanceof Refusal) return input
  return {
    model: request.model,
    streaming: request.stream ?? false,
    uses: usesOf(request, shape),
    body: bytes,
    inputBound: input,
    ceiling: input + limit,
    ...(request.max_tokens === undefined && { outputLimit: limit }),
    watch,
  }
}

function shapeOf(request: Body): Shape {
  const images: { field: string; address: string }[] = []
  const look = (blocks: readonly (z.infer<typeof block> | string)[], field: string): void => {
    blocks.forEach((block, b) => {
      if (typeof block === 'string') return
      if (block.type === 'image') {
        const { source } = block
        images.push({
          field: `${field}[${b}].source`,
          address: source.type === 'url' ? source.url : source.data,
        })
      }
      if (block.type === 'tool_result' && Array.isArray(block.content))
        look(block.content, `${field}[${b}].content`)
    })
  }
  request.messages.forEach(({ content }, m) => {
    if (typeof content !== 'string') look(content, `messages[${m}].content`)
  })
  return { messages: request.messages.length, tools: request.tools?.length ?? 0, images }
}

function usesOf(request: Body, { images }: Shape): ReadonlyMap<Capability, string> {
  const uses = new Map<Capability, string>([['infer', 'messages']])
  if (request.tools) uses.set('tools', 'tools')
  if (request.thinking && request.thinking.type !== 'disabled') uses.set('reasoning', 'thinking')
  const [image] = images
  if (image) uses.set('images', image.field)
  return uses
}

interface Event {
  readonly type: string
  readonly usage: unknown
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
  return {
    event(bytes) {
      const data = dataOf(bytes)
      if (data.includes('"message_stop"')) finished ||= jsonOrNothing<Event>(data)?.type === 'message_stop'
      if (!data.includes('"usage"')) return true
      const event = jsonOrNothing<Event>(data)
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
  }
}
