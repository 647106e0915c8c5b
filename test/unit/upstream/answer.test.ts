import { describe, expect, test } from 'vitest'
import { freshMeter, type Meter } from '../../../shared/domain/meter.ts'
import { refuse } from '../../../shared/domain/refusal.ts'
import { errorBody, errorHeaders, rateHeaders } from '../../../shared/upstream/answer.ts'

const now = Date.UTC(2026, 8, 1, 18)
const limits = { total: 1_000, rpm: 60, burst: 10, streams: 4 }
const meter = (over: Partial<Meter> = {}): Meter => ({ ...freshMeter('m', limits, now), ...over })

const remaining = (meters: readonly Meter[]): unknown[] => {
  const headers = rateHeaders('openai', meters, now)
  return ['remaining-requests', 'limit-tokens', 'remaining-tokens', 'reset-tokens'].map(
    name => headers[`x-ratelimit-${name}`],
  )
}

describe('rate headers', () => {
  test('tell the total where days are not limited, and that waiting does not bring it back', () => {
    expect(remaining([meter({ remaining: 700 })])).toEqual(['10', '1000', '700', '0ms'])
  })

  test('tell the day where that is less, until the next UTC day', () => {
    const day = meter({ limits: { ...limits, perDay: 300 }, remaining: 700, dayUsed: 100 })
    expect(remaining([day])).toEqual(['10', '300', '200', `${6 * 3_600_000}ms`])
  })

  test('count nothing of yesterday', () => {
    const day = meter({ limits: { ...limits, perDay: 300 }, dayUsed: 300 })
    expect(remaining([{ ...day, day: day.day - 1 }])[2]).toBe('300')
  })

  test('of several meters tell the one with the least, tokens and requests apart', () => {
    const busy = meter({ tat: (now + 7_000) * 1_000 })
    expect(remaining([busy, meter({ remaining: 5 })])).toEqual(['3', '1000', '5', '0ms'])
  })

  test('never tell less than nothing', () => {
    const over = meter({ remaining: -50, tat: (now + 60_000) * 1_000 })
    expect(remaining([over]).slice(0, 3)).toEqual(['0', '1000', '0'])
  })

  test('have the names and the times of each protocol', () => {
    expect(rateHeaders('anthropic', [meter({ tat: (now + 1_000) * 1_000 })], now)).toMatchObject({
      'anthropic-ratelimit-requests-remaining': '9',
      'anthropic-ratelimit-requests-reset': '2026-09-01T18:00:01.000Z',
    })
  })

  test('say nothing where no meter is known', () => {
    expect(rateHeaders('openai', [], now)).toEqual({})
  })
})

describe('a refusal', () => {
  const refusal = refuse('pool_exhausted', 'It is empty.', { meter: 'pool_1', clause: 'quota-1' })

  test('wears the error of OpenAI, with our own code inside', () => {
    expect(errorBody('openai', refusal, 'r1')).toEqual({
      error: {
        message: expect.stringContaining('It is empty.'),
        type: 'rate_limit_error',
        code: 'insufficient_quota',
        param: null,
        sallyport: { code: 'pool_exhausted', next: refusal.kind.next, meter: 'pool_1', clause: 'quota-1' },
      },
    })
  })

  test.each(['openai', 'anthropic'] as const)(
    'tells what it rests on, where that is known (%s)',
    protocol => {
      const agreement = { id: 'agreement_1', digest: 'd' }
      expect(errorBody(protocol, refusal.under({ rules: 2, agreement }), 'r1')).toMatchObject({
        error: { sallyport: { clause: 'quota-1', agreement, rules: 2 } },
      })
      expect(errorBody(protocol, refusal, 'r1')).not.toHaveProperty('error.sallyport.rules')
    },
  )

  test('wears the error of Anthropic', () => {
    expect(errorBody('anthropic', refusal, 'r1')).toMatchObject({
      type: 'error',
      error: { type: 'rate_limit_error', sallyport: { code: 'pool_exhausted' } },
      request_id: 'r1',
    })
  })

  test.each([
    [refusal, { 'x-should-retry': 'false' }],
    [refuse('day_exhausted', 'x', { retryAfter: 30 }), { 'x-should-retry': 'false', 'retry-after': '30' }],
    [refuse('rate_limited', 'x', { retryAfter: 2 }), { 'x-should-retry': 'true', 'retry-after': '2' }],
    [refuse('store_unavailable', 'x'), { 'x-should-retry': 'true', 'retry-after': '1' }],
    [refuse('token_expired', 'x'), { 'x-should-retry': 'false' }],
  ])('tells SDKs whether to retry, and when (%#)', (refused, headers) => {
    expect(errorHeaders(refused)).toEqual(headers)
  })
})
