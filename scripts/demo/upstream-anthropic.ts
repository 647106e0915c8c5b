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

const request = z.object({
  model: z.string().min(1),
  messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant']) })).min(1),
  max_tokens: z.int().min(1),
  system: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).optional(),
  stream: z.boolean().optional(),
  tools: z.array(z.unknown()).optional(),
})

/** https://docs.anthropic.com/en/api/messages */
export const anthropicProvider: Provider = {
  path: '/v1/messages',

  responseHeaders: requestId => ({
    'request-id': requestId,
    'anthropic-organization-id': 'demo-organization',
  }),

  authenticate(headers, key) {
    // The key's own header is the documented one; the SDK sends its key as a bearer token.
    if (headers['x-api-key'] !== key && headers.authorization !== `Bearer ${key}`) {
      return new ProviderError(401, 'invalid x-api-key')
    }
    if (headers['anthropic-version'] === undefined) {
      return new ProviderError(400, 'anthropic-version: header is required')
    }
    return undefined
  },

  parse(body) {
    const { data, error } = request.safeParse(body)
    if (error) return badRequest(error)
    return {
      model: data.model,
      choices: 1,
      maxTokens: data.max_tokens,
      streaming: data.stream ?? false,
      usageInStream: true,
      inputTokens: countInputTokens(data.system, data.messages, data.tools),
    }
  },

  errorBody: ({ status, message }, requestId) => ({
    type: 'error',
    error: { type: errorType(status), message },
    request_id: requestId,
  }),

  models: () => ({
    data: demoModels.map(id => ({
      type: 'model',
      id,
      display_name: id,
      created_at: new Date(demoModelsCreated * 1_000).toISOString(),
    })),
    has_more: false,
    first_id: demoModels.at(0) ?? null,
    last_id: demoModels.at(-1) ?? null,
  }),

  body: (reply, texts) => ({
    ...message(reply),
    content: texts.map(text => ({ type: 'text', text })),
    stop_reason: stopReason(reply),
    ...(reply.usage && { usage: usageBody(reply.usage) }),
  }),

  opening(reply) {
    // The count of output tokens is cumulative, and nothing is produced yet.
    const usage = reply.usage && { usage: usageBody({ ...reply.usage, output_tokens: 0 }) }
    return (
      event('message_start', { message: { ...message(reply), ...usage } }) +
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) +
      event('ping', {})
    )
  },

  delta: (_reply, index, text) =>
    event('content_block_delta', { index, delta: { type: 'text_delta', text } }),

  closing: reply =>
    event('content_block_stop', { index: 0 }) +
    event('message_delta', {
      delta: { stop_reason: stopReason(reply), stop_sequence: null },
      ...(reply.usage && { usage: { output_tokens: reply.usage.output_tokens } }),
    }) +
    event('message_stop', {}),
}

function message({ id, model }: Reply) {
  return {
    id: `msg_${id}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [] as object[],
    stop_reason: null as string | null,
    stop_sequence: null,
  }
}

const event = (type: string, data: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`

const stopReason = (reply: Reply) => (reply.stopped === 'length' ? 'max_tokens' : 'end_turn')

function usageBody({ input_tokens, output_tokens }: NonNullable<Reply['usage']>) {
  return {
    input_tokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens,
    service_tier: 'standard',
  }
}

function errorType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_error'
    case 529:
      return 'overloaded_error'
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}
