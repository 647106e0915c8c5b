import type OpenAI from 'openai'
import { z } from 'zod'
import {
  type Asked,
  badRequest,
  countInputTokens,
  type Part,
  ProviderError,
  type Reply,
  type ReplyStream,
  type Step,
  textOf,
  type Usage,
} from './upstream-provider.ts'

type Chunk = OpenAI.ChatCompletionChunk
type Delta = Chunk['choices'][number]['delta']

const limit = z.int().min(1).nullish()

const request = z.object({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  max_tokens: limit,
  max_completion_tokens: limit,
  n: z.int().min(1).max(128).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  tools: z.array(z.unknown()).nullish(),
})

/** https://platform.openai.com/docs/api-reference/chat */
export function chatCompletions(value: unknown): Asked | ProviderError {
  const { data, error } = request.safeParse(value)
  if (error) return badRequest(error)
  if (data.stream_options && !data.stream) {
    return new ProviderError(400, "'stream_options' needs 'stream' to be true.", 'stream_options')
  }
  return {
    model: data.model,
    choices: data.n ?? 1,
    maxTokens: data.max_completion_tokens ?? data.max_tokens ?? Number.POSITIVE_INFINITY,
    inputTokens: countInputTokens(data.messages, data.tools),
    tellsUsage: !data.stream || (data.stream_options?.include_usage ?? false),
    body,
    ...(data.stream && { stream }),
  }
}

const body = (reply: Reply) =>
  ({
    ...envelope(reply, 'chat.completion'),
    choices: choicesOf(reply).map(index => ({
      index,
      message: message(reply, index),
      logprobs: null,
      finish_reason: finishReason(reply),
    })),
    ...(reply.usage && { usage: usageBody(reply.usage) }),
  }) satisfies OpenAI.ChatCompletion

const stream: ReplyStream = {
  *events(reply) {
    const choices = choicesOf(reply)
    for (const choice of choices) yield chunk(reply, choice, opening(reply, choice), null)
    for (const part of reply.parts) {
      for (const token of part.tokens) {
        for (const choice of choices) yield tokenOf(reply, choice, part, token)
      }
    }
    for (const choice of choices) yield chunk(reply, choice, {}, finishReason(reply))
    if (reply.usage) {
      yield event({
        ...envelope(reply, 'chat.completion.chunk'),
        choices: [],
        usage: usageBody(reply.usage),
      })
    }
    yield 'data: [DONE]\n\n'
  },

  failure: (_reply, error) => `data: ${JSON.stringify(error)}\n\n`,
}

const choicesOf = ({ choices }: Reply): readonly number[] =>
  Array.from({ length: choices }, (_, index) => index)

function envelope<T extends string>({ id, created, model }: Reply, object: T) {
  return {
    id: `chatcmpl-${id}`,
    object,
    created,
    model,
    service_tier: 'default' as const,
    system_fingerprint: 'fp_demo',
  }
}

/** Reasoning is billed and never shown. */
const outputOf = ({ parts }: Reply): Part | undefined => parts.find(({ kind }) => kind !== 'reasoning')

function message(reply: Reply, choice: number): OpenAI.ChatCompletionMessage {
  const output = outputOf(reply)
  const text = output ? textOf(output) : ''
  const silent: OpenAI.ChatCompletionMessage = {
    role: 'assistant',
    content: null,
    refusal: null,
    annotations: [],
  }
  switch (output?.kind) {
    case 'tool':
      return { ...silent, tool_calls: [toolCall(reply, choice, output.name, text)] }
    case 'refusal':
      return { ...silent, refusal: text }
    default:
      return { ...silent, content: text }
  }
}

const toolCall = (reply: Reply, choice: number, name: string, json: string) => ({
  id: `call_${reply.id}_${choice}`,
  type: 'function' as const,
  function: { name, arguments: json },
})

function opening(reply: Reply, choice: number): Delta {
  const output = outputOf(reply)
  switch (output?.kind) {
    case 'tool': {
      const call = toolCall(reply, choice, output.name, '')
      return { role: 'assistant', content: null, tool_calls: [{ index: 0, ...call }], refusal: null }
    }
    case 'refusal':
      return { role: 'assistant', content: null, refusal: '' }
    default:
      return { role: 'assistant', content: '', refusal: null }
  }
}

function tokenOf(reply: Reply, choice: number, { kind }: Part, token: string): Step {
  const show = (delta: Delta): Step => ({ token: chunk(reply, choice, delta, null) })
  switch (kind) {
    case 'reasoning':
      return { token: '' }
    case 'tool':
      return show({ tool_calls: [{ index: 0, function: { arguments: token } }] })
    case 'refusal':
      return show({ refusal: token })
    case 'text':
      return show({ content: token })
  }
}

function chunk(
  reply: Reply,
  index: number,
  delta: Delta,
  finish_reason: Chunk['choices'][number]['finish_reason'],
): string {
  return event({
    ...envelope(reply, 'chat.completion.chunk'),
    choices: [{ index, delta, logprobs: null, finish_reason }],
    // Where usage was asked for, every chunk but the last says null.
    ...(reply.usage && { usage: null }),
  })
}

const event = (data: Chunk) => `data: ${JSON.stringify(data)}\n\n`

function finishReason({ stopped }: Reply) {
  switch (stopped) {
    case 'length':
    case 'content_filter':
      return stopped
    case 'tool':
      return 'tool_calls'
    default:
      return 'stop'
  }
}

const usageBody = ({ input_tokens, output_tokens, reasoning_tokens }: Usage): OpenAI.CompletionUsage => ({
  prompt_tokens: input_tokens,
  completion_tokens: output_tokens,
  total_tokens: input_tokens + output_tokens,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens, audio_tokens: 0 },
})
