import { type Refusal, refusals } from '../shared/domain/refusal.ts'
import { oauthError } from '../shared/oauth/challenge.ts'
import { json, type Reply } from './http.ts'

/**
 * A refusal where no provider's protocol is spoken (RFC 9457), with our code and the next step. `error` repeats
 * OAuth's code where a header may be lost.
 */
export function problem(refusal: Refusal, request: string, headers: Reply['headers'] = {}): Reply {
  const { code, facts, next } = refusal
  const { status, title } = refusals[code]
  const oauth = oauthError(refusal)
  const retryAfter = facts.retryAfter ?? (status === 503 ? 1 : undefined)
  const body = {
    type: `urn:sallyport:refusal:${code}`,
    title,
    status,
    code,
    detail: facts.detail,
    next,
    request_id: request,
    ...(facts.rules !== undefined && { rules: facts.rules }),
    ...(facts.clause && { clause: facts.clause }),
    ...(oauth && { error: oauth }),
    ...(facts.field && { errors: [{ path: facts.field, message: facts.detail, ...facts.position }] }),
  }
  return json(status, body, {
    ...headers,
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    'x-request-id': request,
    'cache-control': 'no-store',
    'content-type': 'application/problem+json',
  })
}
