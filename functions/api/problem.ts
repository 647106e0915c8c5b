import type { Refusal } from '../../shared/domain/refusal.ts'
import { oauthError } from '../../shared/oauth/challenge.ts'

/** RFC 9457, with our code and the next step; `error` repeats OAuth's code where a header may be lost. */
export function problem(refusal: Refusal, request: string): object {
  const { code, facts, kind } = refusal
  const oauth = oauthError(refusal)
  return {
    type: `urn:sallyport:refusal:${code}`,
    title: kind.title,
    status: kind.status,
    code,
    detail: facts.detail,
    next: kind.next,
    request_id: request,
    ...(oauth && { error: oauth }),
    ...(facts.field && { errors: [{ path: facts.field, message: facts.detail }] }),
  }
}
