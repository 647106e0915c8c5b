/** What Anthropic's paths share: the parts of a request, what of it costs tokens, and what it uses. */
import * as z from 'zod/mini'
import type { Capability, TokenBounds } from '../domain/records.ts'
import type { Shape } from './bounds.ts'

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

const documentBlock = z.strictObject({
  type: z.literal('document'),
  source: z.strictObject({ type: z.literal('text'), media_type: z.literal('text/plain'), data: text }),
  title: z.nullish(text),
  context: z.nullish(text),
  citations: z.nullish(z.strictObject({ enabled: z.optional(z.boolean()) })),
  cache_control,
})
const searchResultBlock = z.strictObject({
  type: z.literal('search_result'),
  source: text,
  title: text,
  content: z.array(textBlock),
  citations: z.nullish(z.strictObject({ enabled: z.optional(z.boolean()) })),
  cache_control,
})

const block = z.discriminatedUnion('type', [
  textBlock,
  imageBlock,
  documentBlock,
  searchResultBlock,
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
    content: z.nullish(
      z.union([
        text,
        z.array(z.discriminatedUnion('type', [textBlock, imageBlock, documentBlock, searchResultBlock])),
      ]),
    ),
    is_error: z.optional(z.boolean()),
    cache_control,
  }),
  z.strictObject({ type: z.literal('thinking'), thinking: text, signature: text }),
  z.strictObject({ type: z.literal('redacted_thinking'), data: text }),
])

/** The fields that say what the model is to read; the list is the gate's, not the provider's. */
export const inputFields = {
  model: text,
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant', 'system']),
        content: z.union([text, z.array(block)]),
      }),
    )
    .check(z.minLength(1)),
  system: z.optional(z.union([text, z.array(textBlock)])),
  cache_control,
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
        display: z.nullish(text),
      }),
      z.strictObject({ type: z.literal('adaptive'), display: z.nullish(text) }),
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
        defer_loading: z.nullish(z.literal(false)),
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
}

const inputObject = z.strictObject(inputFields)
export type Input = z.infer<typeof inputObject>

export function shapeOf(request: Input): Shape {
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

export function usesOf(
  request: Input,
  { images }: Shape,
  { reasons }: TokenBounds,
): ReadonlyMap<Capability, string> {
  const uses = new Map<Capability, string>([['infer', 'messages']])
  if (request.tools?.length) uses.set('tools', 'tools')
  if ((request.thinking?.type ?? (reasons ? 'default' : 'disabled')) !== 'disabled')
    uses.set('reasoning', 'thinking')
  if (request.output_config?.effort) uses.set('reasoning', 'output_config.effort')
  const [image] = images
  if (image) uses.set('images', image.field)
  return uses
}
