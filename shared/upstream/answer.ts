/** What the gate itself says, in the caller's protocol. */
import type { Meter } from '../domain/meter.ts'
import type { Protocol } from '../domain/records.ts'
import type { Refusal, RefusalCode } from '../domain/refusal.ts'
import { oauthError } from '../oauth/challenge.ts'

/** `sallyport` inside the provider's error tells our own code, the next step, and OAuth's code at a 401. */
export function errorBody(protocol: Protocol, refusal: Refusal, requestId: string): object {
  const { code, facts, kind } = refusal
  const message = `${kind.title}. ${facts.detail} ${kind.next}`
  const oauth = oauthError(refusal)
  const sallyport = {
    code,
    next: kind.next,
    ...(facts.clause && { clause: facts.clause }),
    ...(facts.meter && { meter: facts.meter }),
    ...(oauth && { oauth }),
  }
  if (protocol === 'openai')
    return {
      error: {
        message,
        type: openaiType(kind.status),
        code: openaiCode(code),
        param: facts.field ?? null,
        sallyport,
      },
    }
  return {
    type: 'error',
    error: { type: anthropicType(kind.status), message, sallyport },
    request_id: requestId,
  }
}

/** Both SDKs obey `x-should-retry` before their own rules, and wait for `retry-after`. */
export function errorHeaders(refusal: Refusal): Record<string, string> {
  const { kind, facts, code } = refusal
  const retry = kind.retry && code !== 'day_exhausted'
  const after = facts.retryAfter ?? (kind.status === 503 ? 1 : undefined)
  return {
    'x-should-retry': String(retry && kind.status !== 401),
    ...(after !== undefined && { 'retry-after': String(after) }),
  }
}

/** An error in the middle of a stream; `named`: its event has a name (WHATWG HTML §9.2.6). */
export const errorEvent = (data: object, named: boolean): Uint8Array =>
  Buffer.from(`${named ? 'event: error\n' : ''}data: ${JSON.stringify(data)}\n\n`)

/** Limits and what is left of them, in the provider's own header names, as the meter stood at the reservation. */
export function rateHeaders(protocol: Protocol, meter: Meter, now: number): Record<string, string> {
  const { limits } = meter
  const ahead = Math.max(0, meter.tat / 1000 - now)
  const perRequest = 60_000 / limits.rpm
  const requests = Math.max(0, limits.burst - Math.ceil(ahead / perRequest))
  const dayLeft = limits.perDay === undefined ? Number.POSITIVE_INFINITY : limits.perDay - meter.dayUsed
  const byDay = dayLeft < meter.remaining
  const tokenLimit = byDay ? (limits.perDay ?? limits.total) : limits.total
  const tokens = Math.min(dayLeft, meter.remaining)
  const tokensReset = byDay ? (meter.day + 1) * 86_400_000 - now : 0
  if (protocol === 'openai')
    return {
      'x-ratelimit-limit-requests': String(limits.rpm),
      'x-ratelimit-remaining-requests': String(requests),
      'x-ratelimit-reset-requests': `${Math.ceil(ahead)}ms`,
      'x-ratelimit-limit-tokens': String(tokenLimit),
      'x-ratelimit-remaining-tokens': String(tokens),
      'x-ratelimit-reset-tokens': `${tokensReset}ms`,
    }
  return {
    'anthropic-ratelimit-requests-limit': String(limits.rpm),
    'anthropic-ratelimit-requests-remaining': String(requests),
    'anthropic-ratelimit-requests-reset': new Date(now + ahead).toISOString(),
    'anthropic-ratelimit-tokens-limit': String(tokenLimit),
    'anthropic-ratelimit-tokens-remaining': String(tokens),
    'anthropic-ratelimit-tokens-reset': new Date(now + tokensReset).toISOString(),
  }
}

function openaiCode(code: RefusalCode): string {
  if (code === 'budget_exhausted' || code === 'day_exhausted') return 'insufficient_quota'
  return code === 'rate_limited' ? 'rate_limit_exceeded' : code
}

function openaiType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}

function anthropicType(status: number): string {
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
    case 504:
      return 'timeout_error'
    default:
      return status < 500 ? 'invalid_request_error' : 'api_error'
  }
}
