/**
 * OpenAI's Chat Completions, `POST /chat/completions`. The list of fields is the gate's, not the
 * provider's: what could spend tokens that the request does not show has no place in it.
 */
import * as z from 'zod/mini'
import type { Capability, Model, TokenBounds, Upstream } from '../domain/records.ts'
import { Refusal, refuse } from '../domain/refusal.ts'
import { errorBody, errorEvent } from './answer.ts'
import { bounded, outputLimit, type Shape } from './bounds.ts'
import { jsonOrNothing } from './json.ts'
import { openaiChatText } from './openai-chat-text.ts'
import { type Operation, type Prepared, type StreamWatch, type Usage, usageOf } from './operation.ts'
import { parseBy, unused } from './schema.ts'
import { watchEvents } from './watch-events.ts'

const text = z.string()
const tokens = z.int().check(z.positive())
const textPart = z.strictObject({ type: z.literal('text'), text })
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({ url: text, detail: z.nullish(text) }),
})
const texts = z.union([text, z.array(textPart)])
/** The SDK's own helpers leave what they parsed in the messages that they return; it costs its bytes. */
const parsedField = z.optional(z.unknown())
const functionCall = z.strictObject({ name: text, arguments: text, parsed_arguments: parsedField })
const refusalPart = z.strictObject({ type: z.literal('refusal'), refusal: text })

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: texts, name: z.nullish(text) }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([text, z.array(z.discriminatedUnion('type', [textPart, imagePart]))]),
    name: z.nullish(text),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.nullish(z.union([text, z.array(z.discriminatedUnion('type', [textPart, refusalPart]))])),
    name: z.nullish(text),
    refusal: z.nullish(text),
    reasoning: z.nullish(text),
    reasoning_content: z.nullish(text),
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
  z.strictObject({ role: z.literal('tool'), content: texts, tool_call_id: text, name: z.nullish(text) }),
])

const named = z.strictObject({ name: text })
const schemaObject = z.record(z.string(), z.unknown())
const tool = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('function'),
    function: z.strictObject({
      name: text,
      description: z.nullish(text),
      parameters: z.optional(schemaObject),
      strict: z.nullish(z.boolean()),
    }),
  }),
  z.strictObject({
    type: z.literal('custom'),
    custom: z.strictObject({
      name: text,
      description: z.nullish(text),
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
    z.strictObject({ include_usage: z.nullish(z.boolean()), include_obfuscation: z.nullish(z.boolean()) }),
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
  prediction: unused,
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
          description: z.nullish(text),
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
  parse: parseBy(body, prepare),
  usage: reply => readUsage(jsonOrNothing<{ usage: unknown }>(reply)?.usage),
  text: openaiChatText,
}

/** Unless told so, a provider may keep the reply. */
function prepare(request: Body, { tokens }: Model, upstream: Upstream): Prepared | Refusal {
  const { max_tokens, max_completion_tokens, ...rest } = request
  if (max_tokens != null && max_completion_tokens != null && max_tokens !== max_completion_tokens)
    return refuse('body_malformed', 'max_tokens and max_completion_tokens differ.', { field: 'max_tokens' })
  const stated = max_completion_tokens ?? max_tokens
  const limit = outputLimit(stated, tokens, 'max_completion_tokens')
  if (limit instanceof Refusal) return limit
  const streaming = request.stream ?? false
  const sent = {
    ...rest,
    model: upstream.model,
    [upstream.limitField ?? 'max_completion_tokens']: limit,
    store: false,
    ...(streaming && { stream_options: { ...request.stream_options, include_usage: true } }),
  }
  const shape = shapeOf(request)
  const bounds = bounded(sent, shape, tokens, limit * (request.n ?? 1))
  if (bounds instanceof Refusal) return bounds
  const uses = usesOf(request, shape, tokens)
  return {
    ...bounds,
    model: request.model,
    uses,
    hidden: uses.has('reasoning'),
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

function usesOf(request: Body, { images }: Shape, { reasons }: TokenBounds): ReadonlyMap<Capability, string> {
  const uses = new Map<Capability, string>([['infer', 'messages']])
  if (request.tools?.length) uses.set('tools', 'tools')
  if (request.logprobs || request.top_logprobs)
    uses.set('logprobs', request.logprobs ? 'logprobs' : 'top_logprobs')
  if ((request.reasoning_effort ?? (reasons ? 'default' : 'none')) !== 'none')
    uses.set('reasoning', 'reasoning_effort')
  const [image] = images
  if (image) uses.set('images', image.field)
  return uses
}

/** Cached and reasoning tokens are part of the two counts. */
function readUsage(usage: unknown): Usage | undefined {
  const { prompt_tokens, completion_tokens, total_tokens } = (usage ?? {}) as Record<string, unknown>
  return usageOf(prompt_tokens, completion_tokens, total_tokens)
}

interface Chunk {
  readonly usage: unknown
  readonly choices: readonly { readonly delta?: object }[]
}

/**
 * Usage comes in a chunk of its own, without choices, because the gate asks for it. Some upstreams tell a
 * running count in every chunk: one counts only as the last word, before nothing but empty chunks and the end.
 */
function watch(wantsUsage: boolean): StreamWatch {
  let usage: Usage | undefined
  let final = false
  return watchEvents({
    read(data) {
      if (data === '[DONE]') return 'end'
      const chunk = final || data.includes('"usage"') ? jsonOrNothing<Chunk>(data) : undefined
      const told = readUsage(chunk?.usage)
      if (told === undefined && final && !carries(chunk)) return 'pass'
      usage = told
      final = told !== undefined && Array.isArray(chunk?.choices) && chunk.choices.length === 0
      return final && !wantsUsage ? 'keep' : 'pass'
    },
    whole: () => final,
    usage: finished => (final || finished ? usage : undefined),
    errorEvent: (refusal, requestId) => errorEvent(errorBody('openai', refusal, requestId), false),
  })
}

/** More of the reply, by any name that a server gives it. */
const carries = (chunk: Partial<Chunk> | undefined): boolean =>
  !Array.isArray(chunk?.choices) ||
  chunk.choices.some(({ delta = {} }) =>
    Object.entries(delta).some(([name, value]) => name !== 'role' && value),
  )
