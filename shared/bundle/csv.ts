/**
 * `records.csv`: what a record tells, for a spreadsheet (RFC 4180). It is made of `records.jsonl` and of nothing else, so
 * that whoever verifies a bundle makes it again and compares. Pure.
 */
import { numberAt, textAt } from '../search/body.ts'
import { exactToSeconds } from '../watermark/shown.ts'
import type { BundleRecord } from './records.ts'

type Told = Pick<BundleRecord, 'eid' | 'digest' | 'body' | 'withheld' | 'sentence' | 'shown'> & {
  readonly view: Pick<BundleRecord['view'], 'index'>
}
type Cell = string | number | null | undefined

const columns: readonly (readonly [title: string, value: (record: Told) => Cell])[] = [
  ['time', ({ shown, body }) => shown?.time ?? instant(body.time)],
  ['latency_s', ({ shown }) => shown?.latency_s],
  ['exact_to_s', () => exactToSeconds],
  ['sentence', ({ sentence }) => sentence],
  ['kind', ({ body }) => textAt(body, 'unmapped', 'kind')],
  ['decision', ({ body }) => textAt(body, 'unmapped', 'decision')],
  ['action', ({ body }) => textAt(body, 'unmapped', 'action')],
  ['code', ({ body }) => textAt(body, 'unmapped', 'code')],
  ['ending', ({ body }) => textAt(body, 'unmapped', 'ending')],
  [
    'organisation',
    ({ body }) => textAt(body, 'unmapped', 'organisation') ?? textAt(body, 'actor', 'user', 'org', 'uid'),
  ],
  ['person', ({ body }) => textAt(body, 'actor', 'user', 'name') ?? textAt(body, 'user', 'name')],
  ['client', ({ body }) => textAt(body, 'actor', 'app_uid')],
  ['model', ({ body }) => textAt(body, 'ai_model', 'uid') ?? textAt(body, 'unmapped', 'model')],
  ['grant', ({ body }) => textAt(body, 'unmapped', 'grant')],
  ['charge', ({ body }) => numberAt(body, 'unmapped', 'charge')],
  ['request', ({ body }) => textAt(body, 'unmapped', 'request')],
  ['about', ({ body }) => textAt(body, 'entity', 'uid')],
  ['words', ({ body }) => textAt(body, 'comment')],
  ['withheld', ({ withheld }) => withheld?.join(' ')],
  ['eid', ({ eid }) => eid],
  ['leaf', ({ view }) => view.index],
  ['digest', ({ digest }) => digest],
]

export const csvHeader = `${columns.map(([title]) => title).join(',')}\r\n`

/** One line with its end: cells have no ends of lines in them, so that each record is one. */
export const csvLine = (record: Told): string =>
  `${columns.map(([, value]) => csvCell(value(record))).join(',')}\r\n`

/**
 * What stands in a record was chosen by others. A spreadsheet takes a text that begins so for a formula (CWE-1236); and
 * one that takes another character for what separates cells, any part that begins so after it.
 */
const formulas = /(^|[;|,"']\s*)(?=[=+\-@＝＋－＠])/gu
/** Ends of lines, other controls, and what turns the direction of a text. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu

export function csvCell(value: Cell): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = value.replace(unprintable, ' ').trim().replace(formulas, "$1'")
  return /[\s",;|']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function instant(ms: unknown): string | undefined {
  const date = typeof ms === 'number' ? new Date(ms) : undefined
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
