import type Anthropic from '@anthropic-ai/sdk'
import { z } from 'zod'
import {
  type Asked,
  badRequest,
  countInputTokens,
  type Part,
  type ProviderError,
  type Reply,
  type ReplyStream,
  type Step,
  textOf,
  type Usage,
} from './upstream-provider.ts'

/** What is counted of a request. */
export const prompt = z.object({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant']) })).min(1),
  system: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).optional(),
  tools: z.array(z.unknown()).optional(),
})

export const inputTokensOf = ({ system, messages, tools }: z.output<typeof prompt>) =>
  countInputTokens(system, messages, tools)

const request = prompt.extend({
  max_tokens: z.int().min(1),
  stop_sequences: z.array(z.string()).optional(),
  stream: z.boolean().optional(),
  thinking: z.looseObject({ type: z.string(), display: z.string().nullish() }).optional(),
})

type Request = z.output<typeof request>

/** https://docs.anthropic.com/en/api/messages */
export function messages(value: unknown): Asked | ProviderError {
  const { data, error } = request.safeParse(value)
  if (error) return badRequest(error)
  return {
    model: data.model,
    choices: 1,
    maxTokens: data.max_tokens,
    inputTokens: inputTokensOf(data),
    tellsUsage: true,
    body: reply => ({
      ...message(reply),
      ...stop(data, reply),
      content: reply.parts.map(part => block(data, reply, part)),
      ...(reply.usage && { usage: usageBody(reply.usage) }),
    }),
    ...(data.stream && { stream: streamOf(data) }),
  }
}

/** https://docs.anthropic.com/en/api/messages-streaming */
const streamOf = (request: Request): ReplyStream => ({
  *events(reply) {
    // The count of output tokens is cumulative, and nothing is produced yet.
    const usage = reply.usage && { ...reply.usage, output_tokens: 0, reasoning_tokens: 0 }
    yield event('message_start', {
      message: { ...message(reply), ...(usage && { usage: usageBody(usage) }) },
    })
    yield event('ping', {})
    for (const [index, part] of reply.parts.entries()) {
      yield event('content_block_start', { index, content_block: emptyBlock(reply, part) })
      const delta = (delta: Anthropic.RawContentBlockDelta) => event('content_block_delta', { index, delta })
      for (const token of part.tokens) yield tokenOf(request, part, token, delta)
      if (part.kind === 'reasoning') yield delta({ type: 'signature_delta', signature: signature(reply) })
      yield event('content_block_stop', { index })
    }
    yield event('message_delta', {
      delta: { ...stop(request, reply), container: null } satisfies Anthropic.RawMessageDeltaEvent['delta'],
      ...(reply.usage && { usage: deltaUsage(reply.usage) }),
    })
    yield event('message_stop', {})
  },

  failure: (_reply, error) => event('error', error),
})

const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`

const message = ({ id, model }: Reply): Omit<Anthropic.Message, 'usage'> => ({
  id: `msg_${id}`,
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  container: null,
  diagnostics: null,
  stop_reason: null,
  stop_sequence: null,
  stop_details: null,
})

function stop(
  { stop_sequences }: Request,
  { stopped }: Reply,
): Pick<Anthropic.Message, 'stop_reason' | 'stop_sequence' | 'stop_details'> {
  const none = { stop_sequence: null, stop_details: null }
  switch (stopped) {
    case 'end':
      return { ...none, stop_reason: 'end_turn' }
    case 'length':
      return { ...none, stop_reason: 'max_tokens' }
    case 'tool':
      return { ...none, stop_reason: 'tool_use' }
    case 'stop_sequence':
      return { ...none, stop_reason: 'stop_sequence', stop_sequence: stop_sequences?.[0] ?? null }
    case 'refusal':
    case 'content_filter':
      return {
        ...none,
        stop_reason: 'refusal',
        stop_details: { type: 'refusal', category: null, explanation: null },
      }
  }
}

function block(request: Request, reply: Reply, part: Part): Anthropic.ContentBlock {
  const empty = emptyBlock(reply, part)
  switch (empty.type) {
    case 'thinking':
      return {
        ...empty,
        thinking: isShown(request) ? textOf(part) : '',
        signature: signature(reply),
      }
    case 'tool_use':
      // Arguments that were cut off are no JSON.
      return reply.stopped === 'length' ? empty : { ...empty, input: JSON.parse(textOf(part)) }
    case 'text':
      return { ...empty, text: textOf(part) }
  }
}

/** As a stream starts it. */
function emptyBlock(
  { id }: Reply,
  part: Part,
): Anthropic.ThinkingBlock | Anthropic.ToolUseBlock | Anthropic.TextBlock {
  switch (part.kind) {
    case 'reasoning':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'tool':
      return { type: 'tool_use', id: `toolu_${id}`, name: part.name, input: {}, caller: { type: 'direct' } }
    case 'text':
    case 'refusal':
      return { type: 'text', text: '', citations: null }
  }
}

function tokenOf(
  request: Request,
  { kind }: Part,
  token: string,
  delta: (delta: Anthropic.RawContentBlockDelta) => string,
): Step {
  switch (kind) {
    case 'reasoning':
      return { token: isShown(request) ? delta({ type: 'thinking_delta', thinking: token }) : '' }
    case 'tool':
      return { token: delta({ type: 'input_json_delta', partial_json: token }) }
    case 'text':
    case 'refusal':
      return { token: delta({ type: 'text_delta', text: token }) }
  }
}

const isShown = ({ thinking }: Request) => thinking?.display !== 'omitted'

const signature = ({ id }: Reply) => Buffer.from(`thought of ${id}`).toString('base64')

const deltaUsage = ({
  input_tokens,
  output_tokens,
  reasoning_tokens,
}: Usage): Anthropic.MessageDeltaUsage => ({
  input_tokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens,
  output_tokens_details: { thinking_tokens: reasoning_tokens },
  server_tool_use: null,
})

const usageBody = (usage: Usage): Anthropic.Usage => ({
  ...deltaUsage(usage),
  input_tokens: usage.input_tokens,
  cache_creation: null,
  inference_geo: null,
  service_tier: 'standard',
  speed: null,
})
