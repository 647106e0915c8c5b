import type { OAuthError } from '../../shared/oauth/oauth-error.ts'
import { json, type Reply } from '../http.ts'

/** RFC 6749 §5.1: neither a token nor the reason for its refusal belongs into a cache. */
const uncached = { 'cache-control': 'no-store', pragma: 'no-cache' }

export const answer = (body: object, headers: Reply['headers'] = {}): Reply =>
  json(200, body, { ...uncached, ...headers })

export function answerError(error: OAuthError, headers: Reply['headers'] = {}): Reply {
  const { status, body, retryAfter } = error
  return json(status, body, {
    ...uncached,
    ...headers,
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  })
}
