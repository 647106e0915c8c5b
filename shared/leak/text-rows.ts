/** Rows of words in lines: what the command line prints, copied, or recognised on a picture of it. Pure. */
import type { Line } from './cells.ts'
import { entryTime } from './entry-time.ts'
import { factsIn } from './facts.ts'
import { findIds, isEid } from './ids.ts'
import { findLatency } from './latency.ts'
import type { Reading, WrittenRow, WrittenRows, WrittenTime } from './leak.ts'
import { findTimes } from './times.ts'

/** Where a row may begin: a time or an id that stands at one end of its line. */
interface Mark {
  /** Place in the list of lines. */
  readonly at: number
  /** Where its id ends. */
  readonly last: number
  readonly time?: WrittenTime
  readonly eid?: string
  /** `entry` stands before the id. */
  readonly labelled: boolean
}

export function textRows(lines: readonly Line[], reading: Reading): WrittenRows {
  const marks = marksIn(lines, reading)
  const timeFirst = isTimeFirst(marks)
  const rows: WrittenRow[] = []
  let unread = lines.filter(({ text }) => text.trim() !== '').length
  for (const { first, last, time, eid } of spans(marks, timeFirst, lines.length)) {
    const own = lines.slice(first, last + 1)
    const row = rowOf(own, time, eid)
    rows.push(row)
    unread -= own.filter(({ text }) => text.trim() !== '').length
  }
  return { format: 'text', rows, unread }
}

/** What may stand before a time that is the row's: numbers and borders of a table, its label. */
const beforeTime = /^[^\p{L}]{0,40}(?:(?:time|timestamp|when|date)[^\p{L}]{0,20})?$/iu

function marksIn(lines: readonly Line[], reading: Reading): readonly Mark[] {
  const ids = eidsByLine(lines)
  const marks: Mark[] = []
  for (const [at, { text }] of lines.entries()) {
    const { eid, last = at, labelled = false } = ids.get(at) ?? {}
    const [time] = /\d/.test(text) ? findTimes(text, reading) : []
    const before = time && text.slice(0, time.from)
    // In a line with its id it may stand in any column.
    const begins =
      before !== undefined &&
      (beforeTime.test(before) || (eid !== undefined && /(?:\s{2}|_\S{26,40} )$/.test(before)))
    if (eid !== undefined || begins)
      marks.push({
        at,
        last,
        labelled,
        ...(begins && time && { time: time.time }),
        ...(eid !== undefined && { eid }),
      })
  }
  return marks
}

/** Characters of a line before an id that may be blanks, a border or its label. */
const mostBefore = 40

interface LineEid {
  readonly eid: string
  /** The line in which it ends. */
  readonly last: number
  readonly labelled: boolean
}

/** Those at the beginning or at the end of a line, and those that go on over its end. */
function eidsByLine(lines: readonly Line[]): ReadonlyMap<number, LineEid> {
  const text = lines.map(line => line.text).join('\n')
  const found = new Map<number, LineEid>()
  let at = 0
  let start = 0
  for (const { from, to, id: eid } of findIds(text)) {
    while (start + (lines[at]?.text.length ?? 0) < from) start += (lines[at++]?.text.length ?? 0) + 1
    if (!isEid(eid)) continue
    const before = text.slice(Math.max(start, from - mostBefore), from).trim()
    const after = text.slice(to, to + 200).split('\n', 1)[0] ?? ''
    const isFirst = from - start < mostBefore && /^\W*(?:entry|eid|id)?\W*$/i.test(before)
    const isMark = isFirst || /^\W{0,200}$/.test(after)
    if (!isMark || /^\s*[.;:]/.test(after) || found.has(at)) continue
    const last = at + text.slice(from, to).split('\n').length - 1
    found.set(at, { eid, last, labelled: isFirst && /[a-z]/i.test(before) })
  }
  return found
}

/**
 * Whether the id stands below its time, as the command line lists entries, or above it. How many of each stand beside each
 * other tells nothing: the text may be cut at both ends. Above, the id has a label, or its own time fits by more than one.
 */
function isTimeFirst(marks: readonly Mark[]): boolean {
  let [labels, below, above] = [0, 0, 0]
  for (const [i, mark] of marks.entries()) {
    const next = marks[i + 1]
    if (mark.labelled) labels++
    if (next === undefined || isBoth(mark) || isBoth(next)) continue
    if (mark.time && next.eid !== undefined && fits(mark.time, next.eid)) below++
    else if (mark.eid !== undefined && next.time && fits(next.time, mark.eid)) above++
  }
  return above <= below + 1 && labels <= marks.length / 4
}

const isBoth = ({ time, eid }: Mark): boolean => time !== undefined && eid !== undefined

/** A call may take some minutes. The zone is not known. Milliseconds. */
const near = 5 * 60_000
const zones = 15 * 60_000

function fits(time: WrittenTime, eid: string): boolean {
  const id = entryTime(eid)
  const one = 'tens' in time ? time : (time.dayFirst ?? time.monthFirst)
  // Whichever number is the day, the time of day is the same.
  return id !== undefined && one !== undefined && (((one.tens - id) % zones) + zones) % zones < near
}

interface Span {
  readonly first: number
  last: number
  time?: WrittenTime
  eid?: string
}

/** A row goes on to its last mark; one without it goes on to the next row. */
function spans(marks: readonly Mark[], timeFirst: boolean, lines: number): readonly Span[] {
  const spans: Span[] = []
  let open: Span | undefined
  for (const { at, last, time, eid } of marks) {
    const begins =
      open === undefined ||
      (time !== undefined && (open.time !== undefined || timeFirst)) ||
      (eid !== undefined && (open.eid !== undefined || !timeFirst))
    if (begins) {
      if (open && open.last < 0) open.last = at - 1
      open = { first: at, last: -1 }
      spans.push(open)
    }
    if (open === undefined) continue
    if (time !== undefined) open.time ??= time
    if (eid !== undefined) open.eid ??= eid
    // Where it stands below, the id of an entry is its last line.
    if (open.eid !== undefined && timeFirst) open.last = Math.max(last, open.last)
  }
  const end = spans.at(-1)
  if (end && end.last < 0) end.last = lines - 1
  for (const [i, span] of spans.entries()) span.last = Math.min(span.last, (spans[i + 1]?.first ?? lines) - 1)
  return spans
}

function rowOf(lines: readonly Line[], time: WrittenTime | undefined, eid: string | undefined): WrittenRow {
  const text = lines
    .map(line => line.text)
    .join('\n')
    // Other entries of the same request.
    .replace(/\n {0,4}also {2,}[\s\S]*$/, '')
  const took = findLatency(text)
  const rest = took ? `${text.slice(0, took.at)} ; ${text.slice(took.at + took.written.length)}` : text
  return {
    line: lines[0]?.number ?? 1,
    ...(eid !== undefined && { eid }),
    facts: factsIn(rest),
    ...(time && { time }),
    ...(took && { latency: took.written.replace(',', '.') }),
  }
}
