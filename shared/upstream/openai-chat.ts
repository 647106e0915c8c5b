/**
 * OpenAI's Chat Completions, `POST /chat/completions`. The list of fields is the gate's, not the
 * provider's: what could spend tokens that the request does not show has no place in it.
 */
import * as z from 'zod/mini'
import type { Capability, Model, Upstream } from '../domain/records.ts'
import { Refusal, refuse } from '../domain/refusal.ts'
import { errorBody, errorEvent } from './answer.ts'
import { inputBound, outputLimit, type Shape } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { count, errorCode, type Operation, type Prepared, type StreamWatch, type Usage } from './operation.ts'
import { check, unused } from './schema.ts'
import { dataOf } from './sse.ts'

const text = z.string()
const tokens = z.int().check(z.positive())
const textPart = z.strictObject({ type: z.literal('text'), text })
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: text, detail: z.optional(text) }),
})
const texts = z.union([text, z.array(textPart)])
/** The SDK's own helpers leave what they parsed in the messages that they return; it costs its bytes. */
const parsedField = z.optional(z.unknown())
const functionCall = z.strictObject({ name: text, arguments: text, parsed_arguments: parsedField })
const refusalPart = z.strictObject({ type: z.literal('refusal'), refusal: text })

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: texts, name: z.optional(text) }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([text, z.array(z.discriminatedUnion('type', [textPart, imagePart]))]),
    name: z.optional(text),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.nullish(z.union([text, z.array(z.discriminatedUnion('type', [textPart, refusalPart]))])),
    name: z.optional(text),
    refusal: z.nullish(text),
    annotations: z.nullish(z.array(z.unknown())),
    audio: unused,
    function_call: unused,
    parsed: parsedField,
    tool_calls: z.nullish(
      z.array(
        z.discriminatedUnion('type', [
          z.strictObject({
            id: text,
            index: z.optional(z.int()),
            type: z.literal('function'),
            function: functionCall,
          }),
          z.strictObject({
            id: text,
            type: z.literal('custom'),
            custom: z.strictObject({ name: text, input: text }),
          }),
        ]),
      ),
    ),
  }),
  z.strictObject({ role: z.literal('tool'), content: texts, tool_call_id: text }),
])

const named = z.strictObject({ name: text })
const schemaObject = z.record(z.string(), z.unknown())
const tool = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('function'),
    function: z.strictObject({
      name: text,
      description: z.optional(text),
      parameters: z.optional(schemaObject),
      strict: z.nullish(z.boolean()),
    }),
  }),
  z.strictObject({
    type: z.literal('custom'),
    custom: z.strictObject({
      name: text,
      description: z.optional(text),
      format: z.optional(
        z.discriminatedUnion('type', [
          z.strictObject({ type: z.literal('text') }),
          z.strictObject({
            type: z.literal('grammar'),
            grammar: z.strictObject({ definition: text, syntax: text }),
          }),
        ]),
      ),
    }),
  }),
])
const chosenTool = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('function'), function: named }),
  z.strictObject({ type: z.literal('custom'), custom: named }),
])

const body = z.strictObject({
  model: text,
  messages: z.array(message).check(z.minLength(1)),
  max_tokens: z.nullish(tokens),
  max_completion_tokens: z.nullish(tokens),
  n: z.nullish(z.int().check(z.positive(), z.maximum(128))),
  stream: z.nullish(z.boolean()),
  stream_options: z.nullish(
    z.strictObject({ include_usage: z.optional(z.boolean()), include_obfuscation: z.optional(z.boolean()) }),
  ),
  temperature: z.nullish(z.number()),
  top_p: z.nullish(z.number()),
  frequency_penalty: z.nullish(z.number()),
  presence_penalty: z.nullish(z.number()),
  logit_bias: z.nullish(z.record(z.string(), z.number())),
  logprobs: z.nullish(z.boolean()),
  top_logprobs: z.nullish(z.int()),
  seed: z.nullish(z.int()),
  stop: z.nullish(z.union([text, z.array(text)])),
  user: z.nullish(text),
  safety_identifier: z.nullish(text),
  prompt_cache_key: z.nullish(text),
  service_tier: z.nullish(z.enum(['auto', 'default'])),
  modalities: z.nullish(z.array(z.literal('text'))),
  audio: unused,
  metadata: z.nullish(z.record(z.string(), text)),
  store: z.nullish(z.literal(false)),
  reasoning_effort: z.nullish(text),
  verbosity: z.nullish(text),
  parallel_tool_calls: z.nullish(z.boolean()),
  tools: z.nullish(z.array(tool)),
  tool_choice: z.nullish(
    z.union([
      z.enum(['none', 'auto', 'required']),
      chosenTool,
      z.strictObject({
        type: z.literal('allowed_tools'),
        allowed_tools: z.strictObject({ mode: z.enum(['auto', 'required']), tools: z.array(chosenTool) }),
      }),
    ]),
  ),
  response_format: z.nullish(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.enum(['text', 'json_object']) }),
      z.strictObject({
        type: z.literal('json_schema'),
        json_schema: z.strictObject({
          name: text,
          description: z.optional(text),
          schema: z.optional(schemaObject),
          strict: z.nullish(z.boolean()),
        }),
      }),
    ]),
  ),
})

type Body = z.infer<typeof body>

export const openaiChat: Operation = {
  protocol: 'openai',
  name: 'chat.completions',
  path: '/chat/completions',
  parse(value) {
    const request = check(body, value)
    if (request instanceof Refusal) return request
    const { max_tokens: older, max_completion_tokens: newer } = request
    if (typeof older === 'number' && typeof newer === 'number' && older !== newer)
      return refuse('body_malformed', 'max_tokens and max_completion_tokens differ.', { field: 'max_tokens' })
    return { prepare: (model, upstream) => prepare(request, model, upstream) }
  },
  usage: reply => usageOf(jsonOrNothing<{ usage: unknown }>(reply)?.usage),
}

function prepare(request: Body, { tokens: bounds }: Model, upstream: Upstream): Prepared | Refusal {
  const stated = request.max_completion_tokens ?? request.max_tokens
  const limit = outputLimit(stated, bounds, 'max_completion_tokens')
  if (limit instanceof Refusal) return limit
  const streaming = request.stream ?? false
  const bytes = Buffer.from(
    JSON.stringify({
      ...request,
      model: upstream.model,
      ...(stated == null && { max_completion_tokens: limit }),
      ...(streaming && { stream_options: { ...request.stream_options, include_usage: true } }),
    }),
  )
  const shape = shapeOf(request)
  const input = inputBound(bytes, shape, bounds)
  if (input instanceof Refusal) return input
  return {
    model: request.model,
    uses: usesOf(request, shape),
    body: bytes,
    inputBound: input,
    ceiling: input + limit * (request.n ?? 1),
    ...(stated == null && { outputLimit: limit }),
    ...(streaming && { watch: () => watch(request.stream_options?.include_usage ?? false) }),
  }
}

function shapeOf(request: Body): Shape {
  const images = request.messages.flatMap((message, m) =>
    typeof message.content === 'object' && message.content !== null
      ? message.content.flatMap((part, p) =>
          part.type === 'image_url'
            ? [{ field: `messages[${m}].content[${p}].image_url`, address: part.image_url.url }]
            : [],
        )
      : [],
  )
  return { messages: request.messages.length, tools: request.tools?.length ?? 0, images }
}

function usesOf(request: Body, { images }: Shape): ReadonlyMap<Capability, string> {
  const uses = new Map<Capability, string>([['infer', 'messages']])
  if (request.tools?.length) uses.set('tools', 'tools')
  if (request.logprobs || request.top_logprobs)
    uses.set('logprobs', request.logprobs ? 'logprobs' : 'top_logprobs')
  if (request.reasoning_effort && request.reasoning_effort !== 'none')
    uses.set('reasoning', 'reasoning_effort')
  const [image] = images
  if (image) uses.set('images', image.field)
  return uses
}

/** Cached and reasoning tokens are part of the two counts. */
function usageOf(usage: unknown): Usage | undefined {
  const { prompt_tokens, completion_tokens } = (usage ?? {}) as Record<string, unknown>
  const input = count(prompt_tokens)
  const output = count(completion_tokens)
  return input === undefined || output === undefined ? undefined : { input, output }
}

/**
 * Usage comes in a chunk of its own, without choices, because the gate asks for it. Some upstreams tell a
 * running count in every chunk: one counts only as the last word, right before the end.
 */
function watch(wantsUsage: boolean): StreamWatch {
  let usage: Usage | undefined
  let final = false
  let finished = false
  let failure: string | undefined
  return {
    event(bytes) {
      const data = dataOf(bytes)
      if (data === '[DONE]') finished = true
      if (data === '[DONE]' || data === '') return true
      const chunk =
        data.includes('"usage"') || data.includes('"error"')
          ? jsonOrNothing<{ usage: unknown; choices: unknown; error: unknown }>(data)
          : undefined
      if (chunk?.error) {
        failure = errorCode(chunk.error)
        return false
      }
      usage = usageOf(chunk?.usage)
      final = usage !== undefined && Array.isArray(chunk?.choices) && chunk.choices.length === 0
      return wantsUsage || !final
    },
    usage: () => (final || finished ? usage : undefined),
    get finished() {
      return finished
    },
    get failure() {
      return failure
    },
    errorEvent: (refusal, requestId) => errorEvent(errorBody('openai', refusal, requestId), false),
  }
}
