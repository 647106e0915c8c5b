/** What the gate itself says, in the caller's protocol. */
import { dayOf, type Meter } from '../domain/meter.ts'
import type { Protocol } from '../domain/records.ts'
import type { Refusal, RefusalCode } from '../domain/refusal.ts'
import { time } from '../domain/time.ts'
import { oauthError } from '../oauth/challenge.ts'

/** `sallyport` inside the provider's error tells our own code, the next step, what it rests on, and OAuth's code at a 401. */
export function errorBody(protocol: Protocol, refusal: Refusal, requestId: string): object {
  const { code, facts, kind, next } = refusal
  const message = `${kind.title}. ${facts.detail} ${next}`
  const oauth = oauthError(refusal)
  const sallyport = {
    code,
    next,
    ...(facts.field && { field: facts.field }),
    ...(facts.clause && { clause: facts.clause }),
    ...(facts.agreement && { agreement: facts.agreement }),
    ...(facts.rules !== undefined && { rules: facts.rules }),
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

/**
 * Limits and what is left of them, in the provider's own header names, as the meters stood at the reservation:
 * of several the one with the least.
 */
export function rateHeaders(
  protocol: Protocol,
  meters: readonly Meter[],
  now: number,
): Record<string, string> {
  const [requests] = meters.map(meter => requestsLeft(meter, now)).toSorted((a, b) => a.left - b.left)
  const [tokens] = meters.map(meter => tokensLeft(meter, now)).toSorted((a, b) => a.left - b.left)
  if (requests === undefined || tokens === undefined) return {}
  if (protocol === 'openai')
    return {
      'x-ratelimit-limit-requests': String(requests.limit),
      'x-ratelimit-remaining-requests': String(requests.left),
      'x-ratelimit-reset-requests': `${requests.resetMs}ms`,
      'x-ratelimit-limit-tokens': String(tokens.limit),
      'x-ratelimit-remaining-tokens': String(tokens.left),
      'x-ratelimit-reset-tokens': `${tokens.resetMs}ms`,
    }
  return {
    'anthropic-ratelimit-requests-limit': String(requests.limit),
    'anthropic-ratelimit-requests-remaining': String(requests.left),
    'anthropic-ratelimit-requests-reset': time(now + requests.resetMs),
    'anthropic-ratelimit-tokens-limit': String(tokens.limit),
    'anthropic-ratelimit-tokens-remaining': String(tokens.left),
    'anthropic-ratelimit-tokens-reset': time(now + tokens.resetMs),
  }
}

interface Left {
  readonly limit: number
  readonly left: number
  /** Until it is whole again. */
  readonly resetMs: number
}

function requestsLeft({ limits, tat }: Meter, now: number): Left {
  const ahead = Math.max(0, tat / 1000 - now)
  const left = Math.max(0, limits.burst - Math.ceil((ahead * limits.rpm) / 60_000))
  return { limit: limits.rpm, left, resetMs: Math.ceil(ahead) }
}

/** What is left of the total never comes back by waiting, what is left of the day does. */
function tokensLeft({ limits, remaining, day, dayUsed }: Meter, now: number): Left {
  const { total, perDay } = limits
  const ofDay = perDay === undefined ? Number.POSITIVE_INFINITY : perDay - (day < dayOf(now) ? 0 : dayUsed)
  if (perDay === undefined || remaining <= ofDay)
    return { limit: total, left: Math.max(0, remaining), resetMs: 0 }
  return { limit: perDay, left: Math.max(0, ofDay), resetMs: (dayOf(now) + 1) * 86_400_000 - now }
}

function openaiCode(code: RefusalCode): string {
  if (code === 'budget_exhausted' || code === 'pool_exhausted' || code === 'day_exhausted')
    return 'insufficient_quota'
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
