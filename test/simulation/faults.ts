import type { Dice } from './dice.ts'

/** How likely each thing goes wrong: per request to the store, unless it says otherwise. */
export interface Faults {
  /** The request never arrives. */
  readonly lost: number
  /** It is done, and its answer never arrives: a retry does it twice. */
  readonly unanswered: number
  /**
   * It arrives a second time: at once, within 2 s or within a minute. Under the adapter that sends again by itself,
   * half as often, the first time is late instead.
   */
  readonly twice: number
  readonly throttled: number
  /** A transaction meets another one. */
  readonly conflict: number
  /** An answer takes up to 3 s. */
  readonly slow: number
  /** An answer takes up to 45 s, longer than a lease, or is waited for as long. */
  readonly stuck: number
  /** A gate, token service or sweeper dies, each second. */
  readonly death: number
  /** One loses its way to the store for up to 10 s, each second: its requests fail at once, until it gives up. */
  readonly outage: number
  /** Clocks are apart from the true time by so many milliseconds at most. */
  readonly skew: number
  /** An index lags by so many milliseconds at most. */
  readonly lag: number
  /** An upstream does something other than answer, per call. */
  readonly upstream: number
  /** Somebody decides something, each second. */
  readonly decision: number
}

export const calm: Faults = {
  lost: 0,
  unanswered: 0,
  twice: 0,
  throttled: 0,
  conflict: 0,
  slow: 0,
  stuck: 0,
  death: 0,
  outage: 0,
  skew: 0,
  lag: 0,
  upstream: 0,
  decision: 0,
}

const storm: Faults = {
  lost: 0.02,
  unanswered: 0.05,
  twice: 0.1,
  throttled: 0.03,
  conflict: 0.1,
  slow: 0.05,
  stuck: 0.02,
  death: 0.02,
  outage: 0.01,
  skew: 3_000,
  lag: 10_000,
  upstream: 0.4,
  decision: 0.16,
}

/** Each kind is absent in some seeds and twice as likely in others. */
export function drawFaults(dice: Dice): Faults {
  const drawn = Object.entries(storm).map(([name, most]) => [name, most * dice.pick([0, 0.5, 1, 2])])
  return Object.fromEntries(drawn) as unknown as Faults
}
