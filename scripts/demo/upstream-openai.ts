import { chatCompletions } from './upstream-openai-chat.ts'
import { embeddings } from './upstream-openai-embeddings.ts'
import { responses } from './upstream-openai-responses.ts'
import { demoModels, demoModelsCreated, type Provider, ProviderError } from './upstream-provider.ts'

/** https://platform.openai.com/docs/api-reference */
export const openaiProvider: Provider = {
  endpoints: new Map([
    ['/v1/chat/completions', chatCompletions],
    ['/v1/responses', responses],
    ['/v1/embeddings', embeddings],
  ]),

  responseHeaders: requestId => ({
    'x-request-id': requestId,
    'openai-version': '2020-10-01',
    'openai-organization': 'demo-organization',
  }),

  authenticate({ authorization }, key) {
    if (authorization === `Bearer ${key}`) return undefined
    return new ProviderError(401, 'Incorrect API key provided.')
  },

  errorBody: ({ status, message, param }) => ({ error: { message, param, ...errorKind(status) } }),

  models: () => ({
    object: 'list',
    data: demoModels.map(id => ({ id, object: 'model', created: demoModelsCreated, owned_by: 'demo' })),
  }),
}

function errorKind(status: number): { type: string; code: string | null } {
  if (status === 401) return { type: 'invalid_request_error', code: 'invalid_api_key' }
  if (status === 429) return { type: 'requests', code: 'rate_limit_exceeded' }
  if (status >= 500) return { type: 'server_error', code: null }
  return { type: 'invalid_request_error', code: null }
}
