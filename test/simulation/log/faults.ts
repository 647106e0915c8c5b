import type { Dice } from '../dice.ts'
import { calm, type Faults } from '../faults.ts'

/** What also goes wrong in the log's world. */
export interface LogFaults extends Faults {
  /** A key is not there to derive or to sign with, per request. */
  readonly keys: number
}

export const calmLog: LogFaults = { ...calm, keys: 0 }

/** A round asks 30 and more times, each of which can go wrong: with more of it nothing would come to its end. */
const storm: LogFaults = {
  ...calm,
  lost: 0.01,
  unanswered: 0.03,
  twice: 0.1,
  throttled: 0.02,
  conflict: 0.05,
  slow: 0.05,
  stuck: 0.01,
  death: 0.04,
  outage: 0.02,
  skew: 3_000,
  lag: 10_000,
  keys: 0.05,
}

/** Each kind is absent in some seeds and twice as likely in others. */
export function drawLogFaults(dice: Dice): LogFaults {
  const drawn = Object.entries(storm).map(([name, most]) => [name, most * dice.pick([0, 0.5, 1, 2])])
  return Object.fromEntries(drawn) as unknown as LogFaults
}
