/** Moments and ranges of time: how they are written, and what they come to. */
import type { Moment, QueryFault, TimeTerm, TimeUnit } from './query.ts'
import { timeUnits } from './query.ts'

const dayMs = timeUnits.d
/** The end of the year 9999, which is the last that RFC 3339 can write. */
const lastMs = Date.UTC(10_000, 0, 1) - 1

const dateForm = /^\d{4}-\d{2}-\d{2}$/
const momentForm = /^(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)([Zz]|[+-]\d{2}:\d{2})$/
const agoForm = /^-(\d{1,6})([smhd])$/

export const momentForms = '2026-11-27T09:00:00Z, 2026-11-27, -24h, -7d or now'

/** `undefined` where it is none. */
export function parseMoment(text: string): Moment | undefined {
  if (text === 'now') return { kind: 'now' }
  if (dateForm.test(text)) return isDay(text) ? { kind: 'day', day: text } : undefined
  const [, amount, unit] = agoForm.exec(text) ?? []
  if (amount !== undefined) return { kind: 'ago', amount: Number(amount), unit: unit as TimeUnit }
  const [, day = '', clock = '', zone = ''] = momentForm.exec(text) ?? []
  if (!isDay(day)) return undefined
  const ms = Math.floor(Date.parse(`${day}T${clock}${zone.toUpperCase()}`))
  return ms >= 0 && ms <= lastMs ? { kind: 'at', ms } : undefined
}

/** The calendar has it: a 30th of February would be taken for a day of March. */
function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`)
  return ms >= 0 && new Date(ms).toISOString().startsWith(text)
}

export function formatMoment(moment: Moment): string {
  switch (moment.kind) {
    case 'at':
      return new Date(moment.ms).toISOString()
    case 'day':
      return moment.day
    case 'ago':
      return `-${moment.amount}${moment.unit}`
    case 'now':
      return 'now'
  }
}

export function formatRange({ from, to }: TimeTerm): string {
  if (from === undefined) return to === undefined ? '' : `<=${formatMoment(to)}`
  if (to === undefined) return `>=${formatMoment(from)}`
  return from.kind === 'day' && to.kind === 'day' && from.day === to.day
    ? from.day
    : `${formatMoment(from)}..${formatMoment(to)}`
}

/** Milliseconds; both ends belong to it. */
export interface Range {
  readonly from?: number
  readonly to?: number
}

/** What all of them have in common; a fault names the first with which that is nothing. */
export function intersect(times: readonly TimeTerm[], now: number): Range | QueryFault {
  let range: Range = {}
  for (const term of times) {
    const own: Range = {
      ...(term.from && { from: startOf(term.from, now) }),
      ...(term.to && { to: endOf(term.to, now) }),
    }
    if (isEmpty(own))
      return emptyRange(term, 'The range ends before it begins.', 'Put the earlier moment first.')
    range = { ...later(range, own), ...earlier(range, own) }
    if (isEmpty(range))
      return emptyRange(
        term,
        'The ranges of time have no moment in common.',
        'Leave one of them out: every range of a query holds.',
      )
  }
  return range
}

export const emptyRange = (
  { at, length }: Pick<TimeTerm, 'at' | 'length'>,
  message: string,
  next: string,
): QueryFault => ({ at, length, message, next })

/** What can be said without knowing what time it is: of fixed moments, and of those that go by now. */
export const judgeRanges = (times: readonly TimeTerm[]): QueryFault | undefined =>
  [true, false]
    .map(fixed =>
      intersect(
        times.filter(({ from, to }) => [from, to].every(end => end === undefined || isFixed(end) === fixed)),
        0,
      ),
    )
    .find(found => 'message' in found)

const isFixed = ({ kind }: Moment): boolean => kind === 'at' || kind === 'day'

const isEmpty = ({ from, to }: Range): boolean => from !== undefined && to !== undefined && from > to

function later({ from: a }: Range, { from: b }: Range): Range {
  const from = a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
  return from === undefined ? {} : { from }
}

function earlier({ to: a }: Range, { to: b }: Range): Range {
  const to = a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
  return to === undefined ? {} : { to }
}

function startOf(moment: Moment, now: number): number {
  switch (moment.kind) {
    case 'at':
      return moment.ms
    case 'day':
      return Date.parse(`${moment.day}T00:00:00Z`)
    case 'ago':
      return now - moment.amount * timeUnits[moment.unit]
    case 'now':
      return now
  }
}

const endOf = (moment: Moment, now: number): number =>
  startOf(moment, now) + (moment.kind === 'day' ? dayMs - 1 : 0)
