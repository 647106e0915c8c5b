/** The two scenes that are simulated: calls and what people decide about them; and the log that all of it goes into. */
import type { Line } from './history.ts'

/** What became of one history. */
export interface Played {
  readonly seed: number
  readonly violations: readonly string[]
  readonly steps: number
  /** What happened in it, in numbers: `calls`, `leaves`. */
  readonly counts: Readonly<Record<string, number>>
  readonly history: readonly Line[]
}

export interface PlaySettings {
  readonly seed: number
  readonly tell?: boolean
  /** Faults and parts that are left out. */
  readonly without?: ReadonlySet<string>
  readonly leave?: ReadonlySet<string>
}

export interface Play {
  readonly faults: readonly string[]
  play(settings: PlaySettings): Promise<Played>
  /** What a history can do without, in the order in which that is tried. */
  parts(played: Played): readonly (readonly string[])[]
  /** The lines of a history that tell of what was violated. */
  concerning(played: Pick<Played, 'history' | 'violations'>): readonly Line[]
}

/** Each is loaded by who plays it: that takes longer than the first of its histories. */
export const plays = {
  calls: () => import('./calls-play.ts').then(({ calls }) => calls),
  log: () => import('./log/log-play.ts').then(({ log }) => log),
} as const satisfies Record<string, () => Promise<Play>>
export type PlayName = keyof typeof plays

export const numbered = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${name}${i + 1}`)
