/** What a leaked text tells, row by row: what can be matched to records of the log, and what marks it may show. */

export interface LeakedTime {
  /** Milliseconds since 1970, UTC: what is written, cut to `window`. */
  readonly tens: number
  /** Below ten seconds as written, the seconds first, seven at most; `?` where one cannot be read, empty without seconds. */
  readonly digits: string
  /** Milliseconds: 10,000 where the tens of seconds are legible, 60,000 where minutes are, 3,600,000 where hours are. */
  readonly window: number
  /** Of a body, floored to ten seconds for every reader: no mark is in it, and no choice between two instants. */
  readonly plain?: true
}

export interface LeakedRow {
  /** From 1: where it begins. */
  readonly line: number
  readonly eid?: string
  /** Normalised, as those of `factsOf`, each once. */
  readonly facts: readonly string[]
  readonly time?: LeakedTime
  /** Seconds with their fraction as written, a point before it; `?` where a digit cannot be read. */
  readonly latency?: string
  /** A whole record with its `view`: it may prove itself. */
  readonly record?: Readonly<Record<string, unknown>>
}

export type LeakFormat = 'jsonl' | 'csv' | 'pasted' | 'json-fragments' | 'text'

export interface Leak {
  /** That of most rows. */
  readonly format: LeakFormat
  /** In the order in which they stand; `mostRows` at most. */
  readonly rows: readonly LeakedRow[]
  /** Lines of which nothing was read. */
  readonly unread: number
  /** Rows whose time is left out, since day and month of it could be either. */
  readonly ambiguousTimes: number
  /** Rows after the first `mostRows`, which are left out. */
  readonly beyond: number
}

export const mostRows = 50_000

export interface Reading {
  /** Of times without a zone: minutes ahead of UTC. */
  readonly offsetMinutes: number
}

/** A time as it stands there: which number is the day may only follow from the whole leak. */
export type WrittenTime = LeakedTime | EitherTime

/** One of them is missing where the number would be no month: so does it tell what holds for all rows. */
export interface EitherTime {
  readonly dayFirst?: LeakedTime
  readonly monthFirst?: LeakedTime
}

/** A row before that is decided. */
export interface WrittenRow extends Omit<LeakedRow, 'time'> {
  readonly time?: WrittenTime
}

export interface WrittenRows {
  readonly format: LeakFormat
  readonly rows: readonly WrittenRow[]
  readonly unread: number
}
