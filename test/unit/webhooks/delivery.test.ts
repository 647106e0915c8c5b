import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Notice } from '../../../shared/domain/notices.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import {
  eventBus,
  givenUpMs,
  isDue,
  isGivenUp,
  outcomeOf,
  pauseAfter,
  tookAny,
  waitingFor,
} from '../../../shared/webhooks/delivery.ts'

const notice: Notice = {
  id: 'n',
  organisation: 'o',
  type: 't',
  subject: { kind: 'k', id: 'i', name: 'n' },
  text: 'x',
  entry: 'e',
  at: 1_000_000,
  due: 'pending',
}

describe('the pause after an attempt', () => {
  test('grows from a second to six hours, and stays there', () => {
    const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 50].map(attempt => pauseAfter(attempt, 0) / 1000)
    expect(seconds).toEqual([1, 5, 30, 120, 600, 3_600, 21_600, 21_600, 21_600])
  })

  test('has a jitter of up to a fifth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (n, share) => {
          const least = pauseAfter(n, 0)
          const pause = pauseAfter(n, share)
          expect(pause).toBeGreaterThanOrEqual(least)
          expect(pause).toBeLessThan(least * 1.2 + 1)
          expect(pauseAfter(n + 1, 0)).toBeGreaterThanOrEqual(least)
        },
      ),
    )
  })

  test('adds up to three days in fewer than thirty attempts', () => {
    let at = 0
    let attempts = 0
    while (at < givenUpMs) at += pauseAfter(++attempts, 0)
    expect(attempts).toBeGreaterThan(10)
    expect(attempts).toBeLessThan(30)
  })
})

test('a notice is due from its time on, while it waits', () => {
  expect(isDue(notice, 0)).toBe(true)
  expect(isDue({ ...notice, dueAt: 5 }, 4)).toBe(false)
  expect(isDue({ ...notice, dueAt: 5 }, 5)).toBe(true)
  const { due: _, ...done } = notice
  expect(isDue(done, 5)).toBe(false)
})

test('it is given up after three days, if it was tried often enough', () => {
  const end = notice.at + givenUpMs
  expect(isGivenUp({ ...notice, attempts: 10 }, end - 1)).toBe(false)
  expect(isGivenUp({ ...notice, attempts: 10 }, end)).toBe(true)
  expect(isGivenUp({ ...notice, attempts: 9 }, end * 10)).toBe(false)
  expect(isGivenUp(notice, end)).toBe(false)
})

test('only what is taken counts as taken: no redirect is, and 410 ends it', () => {
  const of = (statuses: readonly number[]) => new Set(statuses.map(outcomeOf))
  expect(of([200, 201, 202, 204, 299])).toEqual(new Set(['taken']))
  expect(of([410])).toEqual(new Set(['gone']))
  expect(of([100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 411, 429, 500, 503])).toEqual(
    new Set(['failed']),
  )
})

test('those wait who work and have not taken it', () => {
  const organisation: Organisation = {
    id: 'o',
    name: 'O',
    state: 'active',
    kind: 'developer',
    webhooks: {
      a: { url: 'https://a.example/', createdAt: 1 },
      b: { url: 'https://b.example/', createdAt: 1 },
      c: { url: 'https://c.example/', createdAt: 1, disabledAt: 2 },
    },
  }
  expect(waitingFor(notice, organisation, false)).toEqual(['a', 'b'])
  expect(waitingFor({ ...notice, delivered: { a: 5 } }, organisation, true)).toEqual(['b', eventBus])
  expect(waitingFor({ ...notice, delivered: { [eventBus]: 5 } }, undefined, true)).toEqual([])
  expect(waitingFor(notice, undefined, false)).toEqual([])
})

test('a webhook that took anything since then is alive', () => {
  const took = (at: number): Notice => ({ ...notice, delivered: { a: at } })
  expect(tookAny('a', 10, [undefined, notice, took(10)])).toBe(true)
  expect(tookAny('a', 10, [took(9)])).toBe(false)
  expect(tookAny('b', 10, [took(10)])).toBe(false)
})
