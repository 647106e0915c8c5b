/** Rows of JSON: whole records, and pieces of them. Pure. */
import { columnOf } from './columns.ts'
import { apart, factsIn } from './facts.ts'
import { findIds, isEid } from './ids.ts'
import { jsonPieces, type Piece } from './json-pieces.ts'
import { readLatency } from './latency.ts'
import type { Reading, WrittenRow, WrittenTime } from './leak.ts'
import { findTimes, readNumericTime } from './times.ts'

type Pieces = Extract<Piece, { readonly kind: 'object' }>

/** Whatever has one of these is a record, or what is left of one. */
const ofRecord: readonly string[] =
  `eid time shown sentence body unmapped metadata latency_s digest view`.split(' ')

/** What is another for each reader, or stands beside the facts. */
const ofReader: ReadonlySet<string> = new Set(
  `view shown withheld exact_to_s proof exact seal_salt body_salt carrier salt position path attr_commit seal_commit
   field_salts field_hashes flags epoch log`.split(/\s+/),
)

/** JSON in a text in JSON, and so on. */
const mostNested = 3

export function jsonRows(text: string, reading: Reading): readonly WrittenRow[] {
  const rows: WrittenRow[] = []
  for (const piece of jsonPieces(text)) visit(piece, { text, reading, rows, line: 1, nested: 0 })
  return rows
}

interface Visiting {
  readonly text: string
  readonly reading: Reading
  readonly rows: WrittenRow[]
  /** Of the text in which this text stands. */
  readonly line: number
  readonly nested: number
}

function visit(piece: Piece, to: Visiting): void {
  if (piece.kind === 'list') for (const item of piece.items) visit(item, to)
  else if (piece.kind === 'text') visitText(piece.text, to)
  else if (piece.kind === 'object') {
    if (piece.pairs.some(([key]) => ofRecord.includes(key) || columnOf(key) === 'time')) putRow(piece, to)
    else visitInside(piece, to)
  }
}

/** What is around records is none, and what has none in it may be a piece of one. */
function visitInside(piece: Pieces, to: Visiting): void {
  const before = to.rows.length
  const line = to.nested === 0 ? piece.line : to.line
  for (const [, value] of piece.pairs) visit(value, { ...to, line })
  const hasValues = piece.pairs.some(([, { kind }]) => kind === 'text' || kind === 'number')
  if (to.rows.length === before && hasValues) putRow(piece, to)
}

function visitText(text: string, to: Visiting): void {
  const inner = innerJson(text, to.nested)
  for (const piece of inner) visit(piece, { ...to, text, nested: to.nested + 1 })
}

const innerJson = (text: string, nested: number): readonly Piece[] =>
  nested < mostNested && /^\s{0,20}[{[]/.test(text) && text.includes('"') ? jsonPieces(text) : []

function putRow(piece: Pieces, to: Visiting): void {
  const found: Found = { times: [], eids: [], facts: [], others: [] }
  gather(piece, { found, deep: 0, nested: to.nested, reading: to.reading })
  const [time] = found.times.sort((one, other) => one.rank - other.rank)
  const [eid] = found.eids.sort((one, other) => one.rank - other.rank)
  const record = recordOf(piece, to.text)
  const facts = factsIn(found.facts.join(apart))
  if (time || eid || found.latency !== undefined || facts.length > 0 || record)
    to.rows.push({
      line: to.nested > 0 ? to.line : piece.line,
      ...(eid && { eid: eid.value }),
      facts,
      ...(time && { time: time.value }),
      ...(found.latency !== undefined && { latency: found.latency }),
      ...(record && { record }),
    })
  for (const other of found.others) putRow(other, to)
}

interface Ranked<T> {
  /** The least is taken. */
  readonly rank: number
  readonly value: T
}

interface Found {
  readonly times: Ranked<WrittenTime>[]
  readonly eids: Ranked<string>[]
  readonly facts: string[]
  /** Records in it: those of the same request, or one whose beginning stands in what was cut off. */
  readonly others: Pieces[]
  latency?: string
}

interface Gathering {
  readonly found: Found
  readonly deep: number
  readonly nested: number
  readonly reading: Reading
  /** The key of what it is in. */
  readonly inside?: string
}

function gather({ pairs }: Pieces, into: Gathering): void {
  for (const [key, value] of pairs) gatherValue(key, value, into)
}

function gatherValue(key: string, value: Piece, into: Gathering): void {
  const { found, deep, nested, reading, inside = '' } = into
  if (value.kind === 'list') {
    if (!ofReader.has(key)) for (const item of value.items) gatherValue(key, item, into)
    return
  }
  if (value.kind === 'object') {
    if (value.pairs.some(([name]) => name === 'eid')) found.others.push(value)
    // What is shown is another for each reader, and has marks.
    else if (key === 'shown' || !ofReader.has(key)) gather(value, { ...into, deep: deep + 1, inside: key })
    return
  }
  const column = inside === 'shown' ? columnOf(`shown.${key}`) : columnOf(key)
  if (column === 'time') {
    const time = value.kind === 'number' ? readNumericTime(value.text, reading) : timeOf(value.text, reading)
    if (time) found.times.push({ rank: rankOf(time, deep, inside), value: time })
    return
  }
  if (column === 'latency') {
    const latency = readLatency(value.text)
    if (latency !== undefined) found.latency ??= latency
    return
  }
  if (inside === 'shown' || ofReader.has(key) || (key === 'type' && value.kind === 'number')) return
  if (key === 'eid' || key === 'uid' || key === 'entry' || key === 'entry_id') {
    const eid = findIds(value.text).find(({ id }) => isEid(id))?.id
    if (eid !== undefined && (key !== 'uid' || inside === 'metadata' || inside === ''))
      found.eids.push({ rank: key === 'eid' ? deep : 100 + deep, value: eid })
  }
  const inner = value.kind === 'text' ? innerJson(value.text, nested) : []
  if (inner.length === 0) found.facts.push(value.text)
  else for (const piece of inner) gatherValue(key, piece, { ...into, nested: nested + 1 })
}

const timeOf = (text: string, reading: Reading): WrittenTime | undefined =>
  readNumericTime(text, reading) ?? findTimes(text.slice(0, 100), reading)[0]?.time

/** What was shown comes before what stands in a body. */
function rankOf(time: WrittenTime, deep: number, inside: string): number {
  if ('plain' in time) return 1_000 + deep
  return inside === 'shown' ? 0 : 1 + deep
}

/** Whole, and with the opening of a slot. */
function recordOf({ pairs, whole }: Pieces, text: string): WrittenRow['record'] {
  const has = (key: string, kind: Piece['kind']) => pairs.some(([k, v]) => k === key && v.kind === kind)
  if (!whole || !has('eid', 'text') || !has('body', 'object') || !has('view', 'object')) return undefined
  try {
    return JSON.parse(text.slice(whole.from, whole.to)) as Record<string, unknown>
  } catch {
    return undefined
  }
}
