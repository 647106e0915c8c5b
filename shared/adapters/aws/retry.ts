import type { Clock, Random } from '../../ports/world.ts'

export interface Pace {
  readonly clock: Clock
  readonly random: Random
  /** How long one attempt may take, and all together with their pauses. Milliseconds. */
  readonly attemptMs: number
  readonly deadlineMs: number
}

/** The attempt was given up; what it asked for may have been done, or be done yet. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer'
}

/** The time was over before anything was sent. */
export class NotSentInTime extends Error {
  override readonly name = 'NotSentInTime'
}

/**
 * Runs `attempt` until one succeeds, until one fails with what `again` does not accept, or until the time is over;
 * then with the last failure. `signal` tells an attempt that nobody waits for it any longer.
 */
export type Retry = <T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  again: (error: unknown) => boolean,
) => Promise<T>

const basePauseMs = 25
const longestPauseMs = 500

/**
 * The time runs from here, over all that is then tried with it: no attempt starts at or after the deadline, and
 * whatever is under way then is given up, so that the whole ends within `deadlineMs` (and the event loop's own delay).
 * Pauses have full jitter: many that were throttled together must not come back together.
 */
export function startRetry({ clock, random, attemptMs, deadlineMs }: Pace): Retry {
  const deadline = clock.now() + deadlineMs
  return async (attempt, again) => {
    let failure: unknown
    for (let failures = 0; ; failures++) {
      const left = deadline - clock.now()
      if (left <= 0) throw failure ?? new NotSentInTime('No time was left')
      try {
        return await answered(attempt, Math.min(attemptMs, left), clock)
      } catch (error) {
        if (!again(error)) throw error
        failure = error
      }
      const pause = share(random) * Math.min(longestPauseMs, basePauseMs * 2 ** failures)
      if (clock.now() + pause >= deadline) throw failure
      await clock.sleep(pause)
    }
  }
}

/** Does not rely on the attempt to heed its signal. */
async function answered<T>(
  attempt: (signal: AbortSignal) => Promise<T>,
  ms: number,
  clock: Clock,
): Promise<T> {
  const givenUp = new AbortController()
  const over = new AbortController()
  const timeOut = clock.sleep(ms, over.signal).then(() => {
    // Nobody listens any more; to make an error takes longer than all of this.
    if (over.signal.aborted) return undefined as never
    const error = new NoAnswer(`No answer within ${Math.round(ms)} ms`)
    givenUp.abort(error)
    throw error
  })
  // An attempt that throws at once leaves it to nobody.
  timeOut.catch(() => undefined)
  try {
    return await Promise.race([attempt(givenUp.signal), timeOut])
  } finally {
    over.abort('answered')
  }
}

/** From 0 to 1, without 1. */
const share = (random: Random): number => Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32
