/**
 * A leaked text as rows that can be matched to records: JSON Lines, CSV, what was pasted from a spreadsheet, pieces of
 * JSON, a picture that was read, or several of them in one file; in any order, whole or cut. Nothing of it is taken for
 * true, no text makes it throw, and it takes a time that grows with the text alone. Pure.
 */
import type { Line } from './cells.ts'
import { delimitedRows, separatorOf } from './delimited-rows.ts'
import { entryTime } from './entry-time.ts'
import { jsonRows } from './json-rows.ts'
import {
  type Leak,
  type LeakedRow,
  type LeakedTime,
  mostRows,
  type Reading,
  type WrittenRow,
  type WrittenRows,
  type WrittenTime,
} from './leak.ts'
import { textRows } from './text-rows.ts'

/** `offsetMinutes`: of times without a zone, minutes ahead of UTC; else they are UTC. */
export function readLeak(text: string, options: { readonly offsetMinutes?: number } = {}): Leak {
  const reading: Reading = { offsetMinutes: options.offsetMinutes ?? 0 }
  const lines = linesOf(text)
  const { json, others } = apartByKind(lines)
  const parts = [otherPart(others, reading)]
  if (json.length > 0) parts.unshift(jsonPart(json, reading))
  const format = parts.reduce((most, one) => (one.rows.length > most.rows.length ? one : most)).format
  const written = parts.flatMap(part => part.rows).sort((one, other) => one.line - other.line)
  const dayFirst = dayComesFirst(written)
  const rows = written.slice(0, mostRows).map(row => decided(row, dayFirst))
  return {
    format,
    rows,
    unread: parts.reduce((sum, part) => sum + part.unread, 0),
    ambiguousTimes: written.slice(0, mostRows).filter((row, i) => row.time && !rows[i]?.time).length,
    beyond: Math.max(0, written.length - mostRows),
  }
}

/** Those that have something on them. */
function linesOf(text: string): readonly Line[] {
  const lines: Line[] = []
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries())
    if (line.trim() !== '') lines.push({ number: i + 1, text: line })
  return lines
}

/** A key of a record without which no row of it can be traced; its quotes may be escaped. */
const key = /"(?:eid|time|start_time|timestamp|shown|latency_s|latency|sentence|body|view)\\*"\s{0,20}:/
const anyKey = /[A-Za-z0-9_]\\*"\s{0,20}:/
const beginsOrEnds = /^[{}[\]]|[{[]$/

/** A text of a list that has a line of its own. */
const isItem = (bare: string): boolean =>
  bare.startsWith('"') && (bare.endsWith('"') || bare.endsWith('",')) && !bare.slice(1, -2).includes('"')

/** Of one text there may be both. */
function apartByKind(lines: readonly Line[]): {
  readonly json: readonly Line[]
  readonly others: readonly Line[]
} {
  if (!lines.some(({ text }) => key.test(text))) return { json: [], others: lines }
  const isJson = ({ text }: Line) => {
    const bare = text.trim()
    return beginsOrEnds.test(bare) || anyKey.test(bare) || isItem(bare)
  }
  const others = lines.filter(line => !isJson(line))
  return { json: lines.filter(isJson), others }
}

const isObject = (bare: string): boolean => bare.startsWith('{') && bare.endsWith('}')

/** Lines keep their places, so that rows tell where they stand. */
function jsonPart(json: readonly Line[], reading: Reading): WrittenRows {
  const texts: string[] = Array.from({ length: json.at(-1)?.number ?? 0 }, () => '')
  for (const { number, text } of json) texts[number - 1] = text
  const rows = jsonRows(texts.join('\n'), reading)
  const whole = json.filter(({ text }) => isObject(text.trim())).length
  return {
    format: whole > json.length / 2 ? 'jsonl' : 'json-fragments',
    rows,
    unread: rows.length === 0 ? json.length : 0,
  }
}

function otherPart(lines: readonly Line[], reading: Reading): WrittenRows {
  const separator = separatorOf(lines, reading)
  return separator === undefined ? textRows(lines, reading) : delimitedRows(lines, separator, reading)
}

/** A day beside the one that an id tells is that of another zone. Milliseconds. */
const zones = 26 * 3_600_000

/** Whether its day comes first, as its numbers or the id beside it tell; `undefined` where they do not. */
function tellsDayFirst({ eid, time }: WrittenRow): boolean | undefined {
  if (time === undefined || 'tens' in time) return undefined
  const { dayFirst, monthFirst } = time
  if (dayFirst === undefined || monthFirst === undefined) return dayFirst !== undefined
  const at = eid === undefined ? undefined : entryTime(eid)
  if (at === undefined) return undefined
  const [day, month] = [dayFirst, monthFirst].map(({ tens }) => Math.abs(tens - at) <= zones)
  return day === month ? undefined : day
}

/** Rows that tell agree on it, or nothing follows from them for the others. */
function dayComesFirst(rows: readonly WrittenRow[]): boolean | undefined {
  const told = new Set(rows.map(tellsDayFirst).filter(one => one !== undefined))
  const [only] = told
  return told.size === 1 ? only : undefined
}

function decided(row: WrittenRow, dayFirst: boolean | undefined): LeakedRow {
  const { time, ...rest } = row
  const found = time && timeOf(time, tellsDayFirst(row) ?? dayFirst)
  return found ? { ...rest, time: found } : rest
}

function timeOf(time: WrittenTime, dayFirst: boolean | undefined): LeakedTime | undefined {
  if ('tens' in time) return time
  return dayFirst === undefined ? undefined : dayFirst ? time.dayFirst : time.monthFirst
}
