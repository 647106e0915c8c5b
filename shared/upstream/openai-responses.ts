/**
 * OpenAI's Responses, `POST /responses`. The list of fields is the gate's, not the provider's: nothing here
 * refers to what the provider has stored, or lets it work on its own.
 */
import * as z from 'zod/mini'
import type { Capability, Model, TokenBounds, Upstream } from '../domain/records.ts'
import { Refusal } from '../domain/refusal.ts'
import { errorBody, errorEvent } from './answer.ts'
import { bounded, outputLimit, type Shape } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { openaiResponsesText } from './openai-responses-text.ts'
import { count, type Operation, type Prepared, type StreamWatch, type Usage, usageOf } from './operation.ts'
import { parseBy, unused } from './schema.ts'
import { watchEvents } from './watch-events.ts'

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

/** Called by the model itself, not by a program that the provider runs. */
const direct = z.nullish(z.strictObject({ type: z.literal('direct') }))
const withReasoning = 'Ask for it with include: ["reasoning.encrypted_content"]'

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
    caller: direct,
    namespace: unused,
    created_by: unused,
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
    encrypted_content: z.string(withReasoning).check(z.minLength(1, withReasoning)),
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
    description: z.nullish(text),
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
  stream_options: z.nullish(z.strictObject({ include_obfuscation: z.nullish(z.boolean()) })),
  store: z.nullish(z.literal(false)),
  background: z.nullish(z.literal(false)),
  previous_response_id: unused,
  conversation: unused,
  context_management: unused,
  prompt_cache_retention: unused,
  moderation: unused,
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
            description: z.nullish(text),
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
  parse: parseBy(body, prepare),
  usage: reply => readUsage(jsonOrNothing<{ usage: unknown }>(reply)?.usage),
  text: openaiResponsesText,
}

/** `max_output_tokens` bounds reasoning and the reply together. Unless told so, the provider keeps the reply. */
function prepare(request: Body, { tokens }: Model, upstream: Upstream): Prepared | Refusal {
  const limit = outputLimit(request.max_output_tokens, tokens, 'max_output_tokens')
  if (limit instanceof Refusal) return limit
  const sent = { ...request, model: upstream.model, max_output_tokens: limit, store: false }
  const shape = shapeOf(request)
  const bounds = bounded(sent, shape, tokens, limit)
  if (bounds instanceof Refusal) return bounds
  const uses = usesOf(request, shape, tokens)
  return {
    ...bounds,
    model: request.model,
    uses,
    hidden: uses.has('reasoning'),
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

function usesOf(request: Body, { images }: Shape, { reasons }: TokenBounds): ReadonlyMap<Capability, string> {
  const uses = new Map<Capability, string>([['infer', 'input']])
  if (request.tools?.length) uses.set('tools', 'tools')
  const { effort, summary, generate_summary } = request.reasoning ?? {}
  if ((effort ?? (reasons ? 'default' : 'none')) !== 'none' || summary || generate_summary)
    uses.set('reasoning', 'reasoning')
  if (request.top_logprobs) uses.set('logprobs', 'top_logprobs')
  if (request.include?.includes('message.output_text.logprobs')) uses.set('logprobs', 'include')
  const [image] = images
  if (image) uses.set('images', image.field)
  return uses
}

/** Cached tokens are part of the input, reasoning tokens part of the output. */
function readUsage(usage: unknown): Usage | undefined {
  const { input_tokens, output_tokens, total_tokens } = (usage ?? {}) as Record<string, unknown>
  return usageOf(input_tokens, output_tokens, total_tokens)
}

interface Event {
  readonly type: string
  readonly response: { readonly usage?: unknown }
  readonly sequence_number: number
}

/** The last event carries the whole response, its usage too; quotes inside a text are escaped. */
const lastEvent = /"response\.(completed|incomplete)"/
const lastTypes: readonly unknown[] = ['response.completed', 'response.incomplete']

function watch(): StreamWatch {
  let usage: Usage | undefined
  /** The last event that the caller got. */
  let passed = ''
  const told = (data: string): Partial<Event> => jsonOrNothing<Event>(data) ?? {}
  return watchEvents({
    read(data) {
      passed = data
      const event = lastEvent.test(data) ? told(data) : undefined
      if (!lastTypes.includes(event?.type)) return 'pass'
      usage = readUsage(event?.response?.usage)
      return 'end'
    },
    failed(data) {
      usage = readUsage(told(data).response?.usage)
    },
    usage: () => usage,
    errorEvent(refusal, requestId) {
      const { error } = errorBody('openai', refusal, requestId) as { error: Record<string, unknown> }
      const { code, message, param } = error
      const sequence_number = (count(told(passed).sequence_number) ?? -1) + 1
      return errorEvent({ type: 'error', sequence_number, code, message, param, error }, true)
    },
  })
}
