/**
 * Which record of the log a leaked row tells of: by what both say, and never by what marks a copy. A row that was matched
 * by its marks would find its reader in any file, and every bound would be void. Pure.
 */
import type { LeakedRow, LeakedTime } from '../../../shared/leak/leak.ts'
import { type MarkedTimes, tookOf } from '../../../shared/watermark/marks.ts'

/** Times in bodies stand on this grid. Milliseconds. */
const gridMs = 10_000

/** A record that a row may tell of. */
export interface Told {
  readonly eid: string
  readonly times: MarkedTimes
}

export interface Match {
  readonly told: Told
  /** Which instant the row shows; absent where the record has one, or both would do. */
  readonly instant?: 0 | 1
}

/** `ambiguous`: several records would do, so that it is none's. */
export type Matched = Match | 'ambiguous' | 'unmatched'

export interface Catalogue {
  add(told: Told, facts: Iterable<string>): void
  /** After the last was added. */
  match(row: LeakedRow): Matched
}

export function createCatalogue(): Catalogue {
  const told: Told[] = []
  const facts: ReadonlySet<number>[] = []
  const byEid = new Map<string, number>()
  /** Every word of every record, so that a word which is in none of them is left aside. */
  const words = new Map<string, number>()
  /** The records of each word. */
  const records: number[][] = []
  let byTime: readonly { readonly at: number; readonly n: number }[] | undefined

  const wordOf = (text: string): number => {
    const known = words.get(text)
    if (known !== undefined) return known
    records.push([])
    words.set(text, words.size)
    return words.size - 1
  }

  const sorted = () => {
    byTime ??= told
      .flatMap(({ times }, n) => instantsOf(times).map(at => ({ at, n })))
      .sort((one, other) => one.at - other.at)
    return byTime
  }

  /** Those that the time leaves, or the rarest word: whatever is less to look at. */
  function* candidates(time: LeakedTime, known: readonly number[]): Generator<number> {
    const [from, to] = spanOf(time)
    const all = sorted()
    const [first, end] = [lowerBound(all, from), lowerBound(all, to)]
    const rarest = known.reduce<readonly number[] | undefined>(
      (least, word) =>
        (records[word]?.length ?? 0) < (least?.length ?? end - first) ? records[word] : least,
      undefined,
    )
    if (rarest) yield* rarest
    else for (let at = first; at < end; at++) yield all[at]?.n ?? -1
  }

  return {
    add(one, itsFacts) {
      if (byEid.has(one.eid)) return
      const n = told.push(one) - 1
      byEid.set(one.eid, n)
      const all = new Set([...itsFacts].map(wordOf))
      facts.push(all)
      for (const word of all) records[word]?.push(n)
    },
    match(row) {
      if (row.eid !== undefined) {
        const one = told[byEid.get(row.eid) ?? -1]
        // Its id says what it is; a time or a latency of another record contradicts it.
        return one && fits(one.times, row) ? { told: one, ...instantOf(one.times, row.time) } : 'unmatched'
      }
      if (row.time === undefined) return 'unmatched'
      const known = row.facts.flatMap(text => words.get(text) ?? [])
      // It tells of something else, at that time.
      if (known.length === 0 && row.facts.length > 0) return 'unmatched'
      const found = new Set<number>()
      for (const n of candidates(row.time, known)) {
        const one = told[n]
        if (one === undefined || !fits(one.times, row)) continue
        if (known.every(word => facts[n]?.has(word))) found.add(n)
        if (found.size > 1) return 'ambiguous'
      }
      const [only] = found
      const one = told[only ?? -1]
      return one === undefined ? 'unmatched' : { told: one, ...instantOf(one.times, row.time) }
    },
  }
}

const instantsOf = ({ time, start_time = time }: MarkedTimes): readonly number[] =>
  start_time === time ? [time] : [start_time, time]

/** By the tens of seconds of time and latency: facts, but where rounding has carried into them. */
function fits(times: MarkedTimes, { time, latency }: LeakedRow): boolean {
  if (time && !instantsOf(times).some(at => isAt(at, time))) return false
  const leaked = latencyOf(latency)
  if (leaked === undefined || times.start_time === undefined) return true
  const took = tookOf(times)
  return took === leaked.tens || (isRoundedUp(leaked.digits) && took === leaked.tens - gridMs)
}

/** Whether what is written may be a moment of the ten seconds that begin then. */
function isAt(at: number, time: LeakedTime): boolean {
  if (time.window > gridMs) {
    const [from, to] = spanOf(time)
    return at >= from && at < to
  }
  return at === time.tens || (isRoundedUp(time.digits) && at === time.tens - gridMs)
}

/** Of the grid: where the instants stand that may be written so, to what is not one any more. */
function spanOf({ tens, window }: LeakedTime): readonly [from: number, to: number] {
  // To the nearest, or cut.
  return window > gridMs ? [tens - window / 2 - gridMs + 1, tens + window] : [tens - gridMs, tens + 1]
}

/** 19.97 s are 20.0 s, of which all digits below ten are zeros. */
const isRoundedUp = (digits: string): boolean => /^[0?]+$/.test(digits)

function instantOf(
  { time, start_time = time }: MarkedTimes,
  leaked: LeakedTime | undefined,
): { readonly instant?: 0 | 1 } {
  if (leaked === undefined || leaked.plain || start_time === time) return {}
  const second = isAt(time, leaked)
  if (second === isAt(start_time, leaked)) return {}
  return { instant: second ? 1 : 0 }
}

export interface LeakedLatency {
  /** Milliseconds, of whole tens of seconds. */
  readonly tens: number
  /** Below ten seconds, the seconds first. */
  readonly digits: string
}

/** Of seconds as they are written; `undefined` where they are none. */
export function latencyOf(written: string | undefined): LeakedLatency | undefined {
  const [, whole, fraction = ''] = /^(\d{0,8}[\d?])(?:\.([\d?]*))?$/.exec(written ?? '') ?? []
  if (whole === undefined) return undefined
  return { tens: Number(whole.slice(0, -1)) * gridMs, digits: whole.slice(-1) + fraction }
}

/** The first that is not before. */
function lowerBound(all: readonly { readonly at: number }[], at: number): number {
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((all[middle]?.at ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}
