import { countTokens } from './upstream-anthropic-count.ts'
import { messages } from './upstream-anthropic-messages.ts'
import { demoModels, demoModelsCreated, type Provider, ProviderError } from './upstream-provider.ts'

/** https://docs.anthropic.com/en/api */
export const anthropicProvider: Provider = {
  endpoints: new Map([
    ['/v1/messages', messages],
    ['/v1/messages/count_tokens', countTokens],
  ]),

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
