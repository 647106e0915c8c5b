/**
 * Patterns in what was sent under an agreement in a day of UTC: what of it is a reason for a person to look, by the
 * thresholds of its clause. Nothing is narrowed by one.
 */
import type { PatternTerms } from './clauses.ts'

/**
 * `repetition`: what one client was sent, others were sent too. `template`: one frame, filled anew each time. `volume`: so
 * much more than on the days before.
 */
export const patternNames = ['repetition', 'template', 'volume'] as const
export type PatternName = (typeof patternNames)[number]

/** On a day with fewer replies, where the clause names no other number, nothing is raised. */
export const defaultLeastReplies = 100

/** Days before the one that is judged, by whose words its volume is. */
export const baselineDays = 14
/** Of those, how many something was sent on: by fewer nobody can tell what is usual. */
export const leastBaseline = 5

/** Of one agreement and day. Replies of less than `leastFingerprints` are in `words` alone. */
export interface SentInDay {
  /** Replies that are long enough to be compared. */
  readonly replies: number
  /** Clients that any reply was sent to. */
  readonly clients: number
  /** Units of all replies. */
  readonly words: number
  readonly repeated: Matching
  readonly templated: Matching
  /** The clients that most words were sent to, those with most first. */
  readonly largest: readonly string[]
  /** That most words came from. */
  readonly model: string
}

/** Replies that a pattern holds of, and the clients that most of them were sent to, those with most first. */
export interface Matching {
  readonly replies: number
  readonly clients: readonly string[]
}

/** What a finding tells of what was measured. Percents and factors are rounded down. */
export interface PatternMeasures {
  readonly pattern: PatternName
  /** `2026-11-26`, of UTC. */
  readonly day: string
  readonly replies: number
  readonly clients: number
  readonly words: number
  /** As the clause sets it: percent of the replies, or times the median. */
  readonly threshold: number
  /** Replies that it holds of, and how many percent they are. */
  readonly matching?: number
  readonly percent?: number
  /** Of volume: the words of an ordinary day, and how many times as many there were. */
  readonly median?: number
  readonly factor?: number
}

export interface PatternSeen {
  readonly measures: PatternMeasures
  /** The clients that have most part in it. */
  readonly clients: readonly string[]
}

/** The patterns at or above a threshold. `before`: the words of each of the 14 days before on which something was sent. */
export function patternsOf(
  day: string,
  { replies, clients, words, repeated, templated, largest }: SentInDay,
  terms: PatternTerms,
  before: readonly number[],
): readonly PatternSeen[] {
  if (replies < (terms.least_replies ?? defaultLeastReplies)) return []
  const common = { day, replies, clients, words }
  const share = (
    pattern: PatternName,
    threshold: number | undefined,
    { replies: matching, clients: whose }: Matching,
  ): readonly PatternSeen[] =>
    threshold === undefined || matching * 100 < threshold * replies
      ? []
      : [
          {
            measures: {
              ...{ pattern, ...common, threshold, matching },
              percent: Math.floor((matching * 100) / replies),
            },
            clients: whose,
          },
        ]
  return [
    ...share('repetition', terms.repetition_percent, repeated),
    ...share('template', terms.template_percent, templated),
    ...volumeOf(common, terms.volume_factor, before).map(measures => ({ measures, clients: largest })),
  ]
}

function volumeOf(
  common: Pick<PatternMeasures, 'day' | 'replies' | 'clients' | 'words'>,
  threshold: number | undefined,
  before: readonly number[],
): readonly PatternMeasures[] {
  if (threshold === undefined || before.length < leastBaseline) return []
  const median = medianOf(before)
  if (median === 0 || common.words < threshold * median) return []
  return [{ pattern: 'volume', ...common, threshold, median, factor: Math.floor(common.words / median) }]
}

/** Of an even number the greater of the two in the middle: a day is judged by what was sent on one. */
const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** A day of UTC by the days since 1970. */
export const dayName = (day: number): string => new Date(day * dayMs).toISOString().slice(0, 10)
export const dayMs = 86_400_000

/** What is kept of an agreement's days, a record for each month of UTC, so that later days have something to compare with. */
export interface PatternMonth {
  readonly agreement: string
  /** `2026-11` */
  readonly month: string
  /** By the day of the month, `26`: what was sent on each day on which anything was. */
  readonly days: Readonly<Record<string, SentWords>>
}

export interface SentWords {
  readonly words: number
  readonly replies: number
}

/** Up to which day everything that was sent has been looked through; in days since 1970. */
export interface PatternsJudged {
  readonly day: number
}
