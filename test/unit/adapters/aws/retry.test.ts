import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NoAnswer, NotSentInTime, startRetry } from '../../../../shared/adapters/aws/retry.ts'
import type { Random } from '../../../../shared/ports/world.ts'
import { createFakeClock, longestPauses } from './fake-aws.ts'

const noPauses: Random = { bytes: n => new Uint8Array(n) }
const refused = new Error('refused')
const refusing = async (): Promise<never> => {
  throw refused
}

describe('the pauses', () => {
  const startsOf = async (random: Random, deadlineMs: number): Promise<number[]> => {
    const clock = createFakeClock(0)
    const starts: number[] = []
    const retry = startRetry({ clock, random, attemptMs: 1_000, deadlineMs })
    const failing = () => {
      starts.push(Math.round(clock.now()))
      return refusing()
    }
    await expect(retry(failing, () => true)).rejects.toBe(refused)
    return starts
  }

  test('double from 25 ms to 500 ms, at the most', async () => {
    expect(await startsOf(longestPauses, 2_400)).toEqual([0, 25, 75, 175, 375, 775, 1275, 1775, 2275])
  })

  test('are a random share of that', async () => {
    const half: Random = { bytes: n => new Uint8Array(n).fill(0x80) }
    const starts = await startsOf(half, 1_000)
    expect(starts.slice(0, 5)).toEqual([0, 13, 38, 88, 188])
  })
})

test('an attempt that takes too long is given up, is told so, and is tried again', async () => {
  const clock = createFakeClock(0)
  const signals: AbortSignal[] = []
  const starts: number[] = []
  const retry = startRetry({ clock, random: noPauses, attemptMs: 400, deadlineMs: 1_000 })
  const hanging = (signal: AbortSignal) => {
    signals.push(signal)
    starts.push(clock.now())
    return new Promise<never>(() => undefined)
  }
  await expect(retry(hanging, error => error instanceof NoAnswer)).rejects.toThrow('No answer within 200 ms')
  expect(starts).toEqual([0, 400, 800])
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
  expect(clock.now()).toBe(1_000)
})

test('an answer ends it, and no attempt is told to stop after it', async () => {
  const clock = createFakeClock()
  const signals: AbortSignal[] = []
  const retry = startRetry({ clock, random: noPauses, attemptMs: 400, deadlineMs: 1_000 })
  const answer = await retry(
    async signal => {
      signals.push(signal)
      if (signals.length < 3) throw refused
      return 'answer'
    },
    () => true,
  )
  await clock.sleep(5_000)
  expect(answer).toBe('answer')
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false])
})

test('a failure that must not be tried again is thrown at once', async () => {
  const clock = createFakeClock(0)
  const retry = startRetry({ clock, random: noPauses, attemptMs: 400, deadlineMs: 1_000 })
  await expect(retry(refusing, () => false)).rejects.toBe(refused)
  expect(clock.now()).toBe(0)
})

test('the time is one for everything that is tried with it', async () => {
  const clock = createFakeClock(0)
  const retry = startRetry({ clock, random: noPauses, attemptMs: 400, deadlineMs: 1_000 })
  for (let i = 0; i < 2; i++)
    await retry(
      () => clock.sleep(350),
      () => true,
    )
  await expect(
    retry(
      () => clock.sleep(350),
      () => false,
    ),
  ).rejects.toThrow('No answer within 300 ms')
  let started = false
  const late = retry(
    async () => {
      started = true
    },
    () => true,
  )
  await expect(late).rejects.toThrow(NotSentInTime)
  expect(started).toBe(false)
})

test('whatever the attempts do, none starts at or after the deadline, and all is over by then', async () => {
  const attempt = fc.record({ takes: fc.integer({ min: 0, max: 1_500 }), fails: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.array(attempt, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 3_000 }),
      fc.integer({ min: 1, max: 1_200 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      async (attempts, deadlineMs, attemptMs, bytes) => {
        const clock = createFakeClock(0)
        const starts: number[] = []
        await startRetry({ clock, random: { bytes: () => bytes }, attemptMs, deadlineMs })(
          async () => {
            const { takes, fails } = attempts[starts.length % attempts.length] ?? { takes: 0, fails: true }
            starts.push(clock.now())
            await clock.sleep(takes)
            if (fails) throw refused
          },
          () => true,
        ).catch(() => undefined)
        expect(Math.max(...starts)).toBeLessThan(deadlineMs)
        expect(clock.now()).toBeLessThanOrEqual(deadlineMs)
      },
    ),
  )
})
