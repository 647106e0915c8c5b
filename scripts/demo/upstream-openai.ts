import { z } from 'zod'
import {
  badRequest,
  countInputTokens,
  demoModels,
  demoModelsCreated,
  type Provider,
  ProviderError,
  type Reply,
} from './upstream-provider.ts'

const limit = z.int().min(1).nullish()

const request = z.object({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  max_tokens: limit,
  max_completion_tokens: limit,
  n: z.int().min(1).max(128).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
  tools: z.array(z.unknown()).optional(),
})

/** https://platform.openai.com/docs/api-reference/chat */
export const openaiProvider: Provider = {
  path: '/v1/chat/completions',

  responseHeaders: requestId => ({
    'x-request-id': requestId,
    'openai-version': '2020-10-01',
    'openai-organization': 'demo-organization',
  }),

  authenticate({ authorization }, key) {
    if (authorization === `Bearer ${key}`) return undefined
    return new ProviderError(401, 'Incorrect API key provided.')
  },

  parse(body) {
    const { data, error } = request.safeParse(body)
    if (error) return badRequest(error)
    if (data.stream_options && !data.stream) {
      return new ProviderError(400, "'stream_options' needs 'stream' to be true.", 'stream_options')
    }
    return {
      model: data.model,
      choices: data.n ?? 1,
      maxTokens: data.max_completion_tokens ?? data.max_tokens ?? Number.POSITIVE_INFINITY,
      streaming: data.stream ?? false,
      usageInStream: data.stream_options?.include_usage ?? false,
      inputTokens: countInputTokens(data.messages, data.tools),
    }
  },

  errorBody: ({ status, message, param }) => ({ error: { message, param, ...errorKind(status) } }),

  models: () => ({
    object: 'list',
    data: demoModels.map(id => ({ id, object: 'model', created: demoModelsCreated, owned_by: 'demo' })),
  }),

  body: (reply, texts) => ({
    ...envelope(reply, 'chat.completion'),
    choices: texts.map((content, index) => ({
      index,
      message: { role: 'assistant', content, refusal: null, annotations: [] },
      logprobs: null,
      finish_reason: finishReason(reply),
    })),
    ...(reply.usage && { usage: usageBody(reply.usage) }),
  }),

  opening: reply =>
    eachChoice(reply, index => chunk(reply, index, { role: 'assistant', content: '', refusal: null }, null)),

  delta: (reply, choice, content) => chunk(reply, choice, { content }, null),

  closing(reply) {
    const usage = reply.usage && {
      ...envelope(reply, 'chat.completion.chunk'),
      choices: [],
      usage: usageBody(reply.usage),
    }
    return `${eachChoice(reply, index => chunk(reply, index, {}, finishReason(reply)))}${usage ? event(usage) : ''}data: [DONE]\n\n`
  },
}

function envelope({ id, created, model }: Reply, object: string) {
  return {
    id: `chatcmpl-${id}`,
    object,
    created,
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_demo',
  }
}

function chunk(reply: Reply, index: number, delta: object, finish_reason: string | null): string {
  return event({
    ...envelope(reply, 'chat.completion.chunk'),
    choices: [{ index, delta, logprobs: null, finish_reason }],
    // Where usage was asked for, every chunk but the last says null.
    ...(reply.usage && { usage: null }),
  })
}

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`

const eachChoice = (reply: Reply, part: (index: number) => string) =>
  Array.from({ length: reply.choices }, (_, index) => part(index)).join('')

const finishReason = (reply: Reply) => (reply.stopped === 'length' ? 'length' : 'stop')

function usageBody({ input_tokens, output_tokens }: NonNullable<Reply['usage']>) {
  return {
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    total_tokens: input_tokens + output_tokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  }
}

function errorKind(status: number): { type: string; code: string | null } {
  if (status === 401) return { type: 'invalid_request_error', code: 'invalid_api_key' }
  if (status === 429) return { type: 'requests', code: 'rate_limit_exceeded' }
  if (status >= 500) return { type: 'server_error', code: null }
  return { type: 'invalid_request_error', code: null }
}
