import type { Standing } from './records.ts'

/**
 * The approval rules that people can change, by a proposal of two organisations. Who decides what is no rule: it
 * stands in `who-decides.ts`. Bounds keep each within what the order and the agreements leave open.
 */
export interface Rules {
  /** Recorded with every decision, and told with every refusal of whoever is known. */
  readonly version: number
  /** How long a proposal waits for its signatures. Hours. */
  readonly proposalHours: number
  /** For a second person to stand by a stop. Hours. */
  readonly ratifyHours: number
  /** A government hold lapses after that unless the developer concurs. Days. */
  readonly governmentHoldDays: number
  /** How long a sponsor's confirmation holds. Days. */
  readonly confirmationDays: number
  /** A client that asks for no token for so long is suspended. Days. */
  readonly inactivityDays: number
  /** How fresh a sign-in must be to approve. Minutes. */
  readonly freshMinutes: number
}

export const defaultRules: Rules = {
  version: 1,
  proposalHours: 72,
  ratifyHours: 24,
  governmentHoldDays: 14,
  confirmationDays: 90,
  inactivityDays: 35,
  freshMinutes: 5,
}

/** Their version, by what every request reads anyway. */
export const rulesInForce = (standing: Standing | undefined): number | undefined =>
  standing && (standing.rules ?? defaultRules.version)

/** The least and the most of each. */
export const ruleBounds: Readonly<Record<Exclude<keyof Rules, 'version'>, readonly [number, number]>> = {
  proposalHours: [1, 336],
  ratifyHours: [1, 24],
  governmentHoldDays: [1, 14],
  confirmationDays: [7, 90],
  inactivityDays: [7, 35],
  freshMinutes: [1, 5],
}
