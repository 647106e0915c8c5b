/**
 * Times as logs, spreadsheets and screenshots write them: rounded or cut, with a zone or none, digits misread. Every
 * pattern is bounded, so that no text takes long. Pure.
 */
import { asDigits, asNumber, digitClass, unreadableClass } from './digits.ts'
import type { LeakedTime, Reading, WrittenTime } from './leak.ts'

export interface FoundTime {
  /** Where it stands, with its zone; the end does not belong to it. */
  readonly from: number
  readonly to: number
  readonly time: WrittenTime
}

const d = `[${digitClass}]`
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const monthName = `(${months.join('|')})[a-z]{0,6}\\.?`
const separator = '[-./]'

/** What the time of day stands after. Groups: y m d | a sep b y | d month y | month d y */
const dates = new RegExp(
  [
    `(?<![A-Za-z0-9])(?:(${d}{4})${separator}(${d}{1,2})${separator}(${d}{1,2})`,
    `(${d}{1,2})([-./])(${d}{1,2})\\5(${d}{4}|${d}{2})`,
    `(\\d{1,2})[ -]${monthName}[ ,-]{1,2}(\\d{4})`,
    `${monthName} (\\d{1,2}),? (\\d{4}))(?=[Tt \\u00a0\\u202f,])`,
  ].join('|'),
  'gi',
)
const between = /(?:T| ?, ?| at |[ \u00a0\u202f]{1,3})/iy
const clock = new RegExp(
  `(${d}{1,2})(?:[:.;](${d}{2})(?:[:.;]([${digitClass}${unreadableClass}]{2})(?:[.,·]([${digitClass}${unreadableClass}]{1,9}))?)?)?`,
  'y',
)
const halfOfDay = /\s?([ap])\.?m\b\.?/iy
const zone =
  /[ \u00a0]?(?:(?:UTC|GMT)(?:([+-])(\d{1,2}):?(\d{2})?)?|[Zz])(?![A-Za-z0-9])|([+-])(\d{2}):?(\d{2})?(?!\d)| ([+-])(\d{2}):(\d{2})(?!\d)/y

interface Clock {
  readonly to: number
  /** Milliseconds since midnight, cut to the window. */
  readonly ms: number
  readonly digits: string
  readonly window: number
  /** Minutes; absent where none is written. */
  readonly zone?: number
}

const second = 1_000
const tenSeconds = 10_000
const minute = 60_000
const hour = 3_600_000
const day = 24 * hour

/** Each date that a time of day stands behind, in their order. */
export function findTimes(text: string, reading: Reading): readonly FoundTime[] {
  const found: FoundTime[] = []
  for (const match of text.matchAll(dates)) {
    const from = match.index
    // A time that ends where another would begin.
    if (from < (found.at(-1)?.to ?? 0)) continue
    const clocked = readClock(text, from + match[0].length)
    const time = clocked && onDate(match, clocked, reading)
    if (clocked && time) found.push({ from, to: clocked.to, time })
  }
  return found
}

/** Of a text that is nothing else. */
export function readTime(text: string, reading: Reading): WrittenTime | undefined {
  const bare = text.trim().replace(/^['"]+/, '')
  const [only, another] = findTimes(bare.slice(0, 60), reading)
  if (only === undefined || another !== undefined || bare.length > 60) return undefined
  return /[\p{L}\p{N}]/u.test(bare.slice(0, only.from).replace(/^\p{L}{2,9}, /u, '') + bare.slice(only.to))
    ? undefined
    : only.time
}

function readClock(text: string, from: number): Clock | undefined {
  const gap = sticky(between, text, from)
  if (gap === undefined) return undefined
  const start = from + gap[0].length
  const read = sticky(clock, text, start)
  if (read === undefined) return undefined
  const [all, hours = '', minutes, seconds] = read
  let fraction = read[4] ?? ''
  let to = start + all.length
  // The zone is drawn as a two, the border of a table as a one; before further letters none is a digit.
  const wrong = /[A-Za-z]/.test(text[to] ?? '') ? /[^\d].*$/.exec(fraction) : /[Zz|!]$/.exec(fraction)
  if (wrong) {
    fraction = fraction.slice(0, wrong.index)
    to -= wrong[0].length
  }
  const half = sticky(halfOfDay, text, to)
  to += half?.[0].length ?? 0
  const named = sticky(zone, text, to)
  const afterZone = to + (named?.[0].length ?? 0)
  // A number alone is an hour only where something says so.
  if (minutes === undefined && half === undefined && named === undefined && !/^t$/i.test(gap[0]))
    return undefined
  const h = hourOf(asNumber(hours), half?.[1])
  if (h === undefined) return undefined
  const offset = named && offsetOf(named)
  return {
    ...belowHour(h * hour, minutes, seconds, fraction),
    to: afterZone,
    ...(offset !== undefined && { zone: offset }),
  }
}

function hourOf(written: number | undefined, half: string | undefined): number | undefined {
  if (written === undefined || written > 23) return undefined
  if (half === undefined) return written
  if (written < 1 || written > 12) return undefined
  return (written % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}

/** Coarser where what is finer is missing, cannot be read, or is none. */
function belowHour(
  ms: number,
  minutes: string | undefined,
  seconds: string | undefined,
  fraction: string,
): Pick<Clock, 'ms' | 'digits' | 'window'> {
  const m = minutes === undefined ? undefined : asNumber(minutes)
  if (m === undefined || m > 59) return { ms, digits: '', window: hour }
  const toMinute = ms + m * minute
  if (seconds === undefined) return { ms: toMinute, digits: '', window: minute }
  const [tens = '?', ones = '?'] = asDigits(seconds)
  const digits = (ones + asDigits(fraction)).slice(0, 7)
  if (!/[0-5]/.test(tens)) return { ms: toMinute, digits, window: minute }
  return { ms: toMinute + Number(tens) * tenSeconds, digits, window: tenSeconds }
}

function offsetOf([, ...groups]: RegExpExecArray): number {
  const [sign, hours, minutes = '0'] = groups.slice(groups.findIndex(one => /^[+-]$/.test(one ?? '')))
  return sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

function onDate(match: RegExpExecArray, clocked: Clock, { offsetMinutes }: Reading): WrittenTime | undefined {
  const [, y, m, dd, a, mark, b, year, day1, name1, year1, name2, day2, year2] = match
  const at = (year = '', month: number | undefined, day = ''): LeakedTime | undefined => {
    const start = midnight(asNumber(year), month, asNumber(day))
    if (start === undefined) return undefined
    const tens = start + clocked.ms - (clocked.zone ?? offsetMinutes) * minute
    return { tens, digits: clocked.digits, window: clocked.window }
  }
  if (y !== undefined) return at(y, asNumber(m ?? ''), dd)
  const name = name1 ?? name2
  if (name !== undefined) return at(year1 ?? year2, months.indexOf(name.toLowerCase()) + 1, day1 ?? day2)
  const dayFirst = at(year, asNumber(b ?? ''), a)
  // Nobody writes the month first with points.
  if (mark === '.') return dayFirst
  const monthFirst = at(year, asNumber(a ?? ''), b)
  if (dayFirst === undefined && monthFirst === undefined) return undefined
  return dayFirst?.tens === monthFirst?.tens
    ? dayFirst
    : { ...(dayFirst && { dayFirst }), ...(monthFirst && { monthFirst }) }
}

/** A year of two digits is one of this century. */
function midnight(
  written: number | undefined,
  month: number | undefined,
  day: number | undefined,
): number | undefined {
  if (written === undefined || month === undefined || day === undefined) return undefined
  const year = written < 100 ? 2_000 + written : written
  if (year < 2_000 || year > 2_199) return undefined
  const ms = Date.UTC(year, month - 1, day)
  const date = new Date(ms)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? ms : undefined
}

/**
 * Numbers that are times, where a column or a key says so: seconds, milliseconds or microseconds since 1970, or the days
 * since 1899-12-30 of spreadsheets, which are of no zone.
 */
export function readNumericTime(text: string, { offsetMinutes }: Reading): LeakedTime | undefined {
  const [, whole = '', fraction = ''] = /^(\d{5,19})(?:[.,](\d{0,15}))?$/.exec(text.trim()) ?? []
  if (whole.length === 5 && fraction !== '') return ofDays(whole, fraction, offsetMinutes)
  const below = [10, 13, 16, 19].indexOf(whole.length)
  if (below < 0) return undefined
  const seconds = Number(whole.slice(0, 10))
  const digits = `${whole.slice(9)}${fraction}`.slice(0, 7)
  const tens = (seconds - (seconds % 10)) * second
  // What is floored to ten seconds is of a body; shown times are not written so.
  return whole.length > 10 && /^0+$/.test(digits)
    ? { tens, digits: '', window: tenSeconds, plain: true }
    : { tens, digits, window: tenSeconds }
}

/** Digits as far as both ends of what the number can stand for agree on them: its last digit may be rounded or cut. */
function ofDays(whole: string, fraction: string, offsetMinutes: number): LeakedTime | undefined {
  const days = Number(`${whole}.${fraction}`)
  if (days < 36_526 || days > 109_500) return undefined
  const micros = (days - 25_569) * day * 1_000 - offsetMinutes * minute * 1_000
  const wide = (day * 1_000) / 10 ** fraction.length
  const [least, most] = [Math.floor(micros - wide), Math.ceil(micros + wide)]
  const cut = (us: number, window: number) => Math.floor(us / 1_000 / window) * window
  const window = [tenSeconds, minute, hour].find(one => cut(least, one) === cut(most, one))
  if (window === undefined) return undefined
  if (window !== tenSeconds) return { tens: cut(least, window), digits: '', window }
  const below = (us: number) => String(us - cut(us, tenSeconds) * 1_000).padStart(7, '0')
  const [low, high] = [below(least), below(most)]
  let same = 0
  while (same < 7 && low[same] === high[same]) same++
  return { tens: cut(least, window), digits: low.slice(0, same), window }
}

function sticky(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}
