/**
 * OpenAI's Responses, `POST /responses`. The list of fields is the gate's, not the provider's: nothing here
 * refers to what the provider has stored, or lets it work on its own.
 */
import * as z from 'zod/mini'
import type { Capability, Model, Upstream } from '../domain/records.ts'
import { Refusal } from '../domain/refusal.ts'
import { errorBody, errorEvent } from './answer.ts'
import { inputBound, outputLimit, type Shape } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, errorCode, type Operation, type Prepared, type StreamWatch, type Usage } from './operation.ts'
import { check, unused } from './schema.ts'
import { dataOf } from './sse.ts'

const text = z.string()
const schemaObject = z.record(z.string(), z.unknown())
/** What the SDK's own helpers leave in the output that callers send back; it costs its bytes. */
const parsedField = z.optional(z.unknown())

const image = z.strictObject({
  type: z.literal('input_image'),
  image_url: text,
  detail: z.nullish(text),
  file_id: unused,
})
const inputText = z.strictObject({ type: z.literal('input_text'), text })
const part = z.discriminatedUnion('type', [
  inputText,
  image,
  z.strictObject({
    type: z.literal('output_text'),
    text,
    annotations: z.optional(z.array(z.unknown())),
    logprobs: z.optional(z.array(z.unknown())),
    parsed: parsedField,
  }),
  z.strictObject({ type: z.literal('refusal'), refusal: text }),
])
const output = z.union([text, z.array(z.discriminatedUnion('type', [inputText, image]))])
const id = z.nullish(text)
const status = z.nullish(z.enum(['in_progress', 'completed', 'incomplete']))

const item = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.optional(z.literal('message')),
    id,
    role: z.enum(['user', 'assistant', 'system', 'developer']),
    content: z.union([text, z.array(part)]),
    status,
    phase: z.nullish(text),
  }),
  z.strictObject({
    type: z.literal('function_call'),
    id,
    call_id: text,
    name: text,
    arguments: text,
    status,
    parsed_arguments: parsedField,
  }),
  z.strictObject({ type: z.literal('function_call_output'), id, call_id: text, output, status }),
  z.strictObject({ type: z.literal('custom_tool_call'), id, call_id: text, name: text, input: text, status }),
  z.strictObject({ type: z.literal('custom_tool_call_output'), id, call_id: text, output, status }),
  z.strictObject({
    type: z.literal('reasoning'),
    id,
    summary: z.array(z.strictObject({ type: z.literal('summary_text'), text })),
    content: z.nullish(z.array(z.strictObject({ type: z.literal('reasoning_text'), text }))),
    /** Without it the provider would look for the item in what it has stored. */
    encrypted_content: text.check(z.minLength(1)),
    status,
  }),
])

const tool = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('function'),
    name: text,
    description: z.nullish(text),
    parameters: z.nullish(schemaObject),
    strict: z.nullish(z.boolean()),
  }),
  z.strictObject({
    type: z.literal('custom'),
    name: text,
    description: z.optional(text),
    format: z.optional(
      z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('text') }),
        z.strictObject({ type: z.literal('grammar'), definition: text, syntax: text }),
      ]),
    ),
  }),
])
const chosenTool = z.strictObject({ type: z.enum(['function', 'custom']), name: text })

const body = z.strictObject({
  model: text,
  input: z.union([text, z.array(item).check(z.minLength(1))]),
  instructions: z.nullish(text),
  max_output_tokens: z.nullish(z.int().check(z.positive())),
  max_tool_calls: z.nullish(z.int()),
  stream: z.nullish(z.boolean()),
  stream_options: z.nullish(z.strictObject({ include_obfuscation: z.optional(z.boolean()) })),
  store: z.nullish(z.literal(false)),
  background: z.nullish(z.literal(false)),
  previous_response_id: unused,
  conversation: unused,
  prompt: unused,
  include: z.nullish(z.array(z.enum(['reasoning.encrypted_content', 'message.output_text.logprobs']))),
  temperature: z.nullish(z.number()),
  top_p: z.nullish(z.number()),
  top_logprobs: z.nullish(z.int()),
  truncation: z.nullish(z.enum(['auto', 'disabled'])),
  reasoning: z.nullish(
    z.strictObject({ effort: z.nullish(text), summary: z.nullish(text), generate_summary: z.nullish(text) }),
  ),
  text: z.nullish(
    z.strictObject({
      verbosity: z.nullish(text),
      format: z.nullish(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.enum(['text', 'json_object']) }),
          z.strictObject({
            type: z.literal('json_schema'),
            name: text,
            description: z.optional(text),
            schema: schemaObject,
            strict: z.nullish(z.boolean()),
          }),
        ]),
      ),
    }),
  ),
  tools: z.nullish(z.array(tool)),
  tool_choice: z.nullish(
    z.union([
      z.enum(['none', 'auto', 'required']),
      chosenTool,
      z.strictObject({
        type: z.literal('allowed_tools'),
        mode: z.enum(['auto', 'required']),
        tools: z.array(chosenTool),
      }),
    ]),
  ),
  parallel_tool_calls: z.nullish(z.boolean()),
  service_tier: z.nullish(z.enum(['auto', 'default'])),
  metadata: z.nullish(z.record(z.string(), text)),
  user: z.nullish(text),
  safety_identifier: z.nullish(text),
  prompt_cache_key: z.nullish(text),
})

type Body = z.infer<typeof body>

export const openaiResponses: Operation = {
  protocol: 'openai',
  name: 'responses',
  path: '/responses',
  parse(value) {
    const request = check(body, value)
    if (request instanceof Refusal) return request
    return { prepare: (model, upstream) => prepare(request, model, upstream) }
  },
  usage: reply => usageOf(jsonOrNothing<{ usage: unknown }>(reply)?.usage),
}

/** `max_output_tokens` bounds reasoning and the reply together. Unless told so, the provider keeps the reply. */
function prepare(request: Body, { tokens: bounds }: Model, upstream: Upstream): Prepared | Refusal {
  const limit = outputLimit(request.max_output_tokens, bounds, 'max_output_tokens')
  if (limit instanceof Refusal) return limit
  const bytes = Buffer.from(
    JSON.stringify({ ...request, model: upstream.model, max_output_tokens: limit, store: false }),
  )
  const shape = shapeOf(request)
  const input = inputBound(bytes, shape, bounds)
  if (input instanceof Refusal) return input
  return {
    model: request.model,
    uses: usesOf(request, shape),
    body: bytes,
    inputBound: input,
    ceiling: input + limit,
    ...(request.max_output_tokens == null && { outputLimit: limit }),
    ...(request.stream && { watch }),
  }
}

function shapeOf({ input, tools, instructions }: Body): Shape {
  const items = typeof input === 'string' ? [] : input
  const images = items.flatMap((item, i) => {
    const [name, parts] =
      'content' in item && item.type !== 'reasoning'
        ? ['content', item.content]
        : ['output', 'output' in item ? item.output : []]
    if (typeof parts === 'string') return []
    return parts.flatMap((part, p) =>
      part.type === 'input_image'
        ? [{ field: `input[${i}].${name}[${p}].image_url`, address: part.image_url }]
        : [],
    )
  })
  return { messages: Math.max(1, items.length) + (instructions ? 1 : 0), tools: tools?.length ?? 0, images }
}

function usesOf(request: Body, { images }: Shape): ReadonlyMap<Capability, string> {
  const uses = new Map<Capability, string>([['infer', 'input']])
  if (request.tools?.length) uses.set('tools', 'tools')
  const { effort, summary, generate_summary } = request.reasoning ?? {}
  if ((effort && effort !== 'none') || summary || generate_summary) uses.set('reasoning', 'reasoning')
  if (request.top_logprobs) uses.set('logprobs', 'top_logprobs')
  if (request.include?.includes('message.output_text.logprobs')) uses.set('logprobs', 'include')
  const [image] = images
  if (image) uses.set('images', image.field)
  return uses
}

/** Cached tokens are part of the input, reasoning tokens part of the output. */
function usageOf(usage: unknown): Usage | undefined {
  const { input_tokens, output_tokens } = (usage ?? {}) as Record<string, unknown>
  const input = count(input_tokens)
  const output = count(output_tokens)
  return input === undefined || output === undefined ? undefined : { input, output }
}

interface Event {
  readonly type: string
  readonly response: { readonly usage?: unknown; readonly error?: unknown }
  readonly sequence_number: number
  readonly error: unknown
  readonly code: unknown
}

/** The last event carries the whole response, its usage too; quotes inside a text are escaped. */
const lastEvent = /"(response\.(completed|incomplete|failed)|error)"/

function watch(): StreamWatch {
  let usage: Usage | undefined
  let finished = false
  let failure: string | undefined
  /** The last event that the caller got. */
  let passed: Uint8Array | undefined
  return {
    event(bytes) {
      const data = dataOf(bytes)
      const event = lastEvent.test(data) ? jsonOrNothing<Event>(data) : undefined
      switch (event?.type) {
        case 'response.completed':
        case 'response.incomplete':
          usage = usageOf(event.response?.usage)
          finished = true
          return true
        case 'response.failed':
          usage = usageOf(event.response?.usage)
          failure = errorCode(event.response?.error)
          return false
        case 'error':
          // The published type is flat; on the wire the error is nested.
          failure = errorCode(event.error ?? { code: event.code })
          return false
        default:
          passed = bytes
          return true
      }
    },
    usage: () => usage,
    get finished() {
      return finished
    },
    get failure() {
      return failure
    },
    errorEvent(refusal, requestId) {
      const { error } = errorBody('openai', refusal, requestId) as { error: Record<string, unknown> }
      const { code, message, param } = error
      const before = passed && count(jsonOrNothing<Event>(dataOf(passed))?.sequence_number)
      const sequence_number = (before ?? -1) + 1
      return errorEvent({ type: 'error', sequence_number, code, message, param, error }, true)
    },
  }
}
