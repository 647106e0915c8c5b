/** Rows of a CSV file, of a spreadsheet, or of what was copied from one: with titles or without, in any order. Pure. */
import { type Cells, cellsOf, type Line, type Separator, separators } from './cells.ts'
import { type Column, columnOf } from './columns.ts'
import { apart, factsIn } from './facts.ts'
import { findIds, isEid, readEid } from './ids.ts'
import { looksLikeLatency, readLatency } from './latency.ts'
import type { Reading, WrittenRow, WrittenRows, WrittenTime } from './leak.ts'
import { findTimes, readNumericTime, readTime } from './times.ts'

/** So many lines tell what separates their cells, and so many characters of each. */
const sample = 200
const ofLine = 4_000
/** Of them, how many have equally many cells, and how many a cell that is a time, a latency or an id, and nothing else. */
const alikeShare = 0.6
const tellingShare = 0.3

/** `undefined` where these lines are no table. */
export function separatorOf(lines: readonly Line[], reading: Reading): Separator | undefined {
  const some = lines.slice(0, sample).map(({ number, text }) => ({ number, text: text.slice(0, ofLine) }))
  if (some.length === 0) return undefined
  let best: { readonly separator: Separator; readonly share: number } | undefined
  for (const separator of separators) {
    const rows = cellsOf(some, separator)
    if (rows.some(({ cells }) => isHeader(cells) && cells.length > 1)) return separator
    const counts = new Map<number, number>()
    for (const { cells } of rows)
      if (cells.length > 1) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1)
    if (some.some(({ text }) => cutsTime(text, separator, reading))) continue
    const share = Math.max(0, ...counts.values()) / rows.length
    if (share < alikeShare || share <= (best?.share ?? 0)) continue
    // A sentence has commas too, and a list of sentences is no table.
    const telling = rows.filter(({ cells }) => cells.length > 1 && cells.some(cell => tells(cell, reading)))
    if (telling.length >= tellingShare * rows.length) best = { separator, share }
  }
  return best?.separator
}

/** In its midst: there it stands before the fraction, or between the date and the time of day. */
const cutsTime = (line: string, separator: Separator, reading: Reading): boolean =>
  separator === ',' &&
  findTimes(line, reading).some(
    ({ from, to }) => line.slice(from, to).includes(separator) && /^(?:\s|$)/.test(line.slice(to, to + 1)),
  )

const tells = (cell: string, reading: Reading): boolean =>
  (readTime(cell, reading) ?? looksLikeLatency(cell) ?? readEid(cell)) !== undefined || isDate.test(cell)

/** Some of its cells are titles, and none is what stands below one. */
const isHeader = (cells: readonly string[]): boolean =>
  cells.filter(cell => columnOf(cell) !== undefined).length >= Math.min(2, cells.length) &&
  !cells.some(cell => /\d{4}/.test(cell))

export function delimitedRows(lines: readonly Line[], separator: Separator, reading: Reading): WrittenRows {
  const rows: WrittenRow[] = []
  let unread = 0
  let columns: readonly Column[] | undefined
  for (const row of cellsOf(lines, separator)) {
    if (row.cells.every(cell => cell.trim() === '')) continue
    // Files that were put together have their titles in their midst.
    if (isHeader(row.cells)) {
      columns = row.cells.map(cell => columnOf(cell) ?? 'fact')
      continue
    }
    const named = columns !== undefined && row.cells.length <= columns.length ? columns : undefined
    const read = readRow(row, named, { ...reading, comma: separator === ';' })
    if (read) rows.push(read)
    else unread++
  }
  return { format: separator === '\t' ? 'pasted' : 'csv', rows, unread }
}

interface CellReading extends Reading {
  /** Decimals have a comma before them, as cells have none between them. */
  readonly comma: boolean
}

function readRow(
  { line, cells }: Cells,
  columns: readonly Column[] | undefined,
  reading: CellReading,
): WrittenRow | undefined {
  const has = (column: Column) => columns?.includes(column) ?? false
  let time: WrittenTime | undefined
  let latency: string | undefined
  let eid: string | undefined
  const facts: string[] = []
  for (const [i, cell] of cells.entries()) {
    if (cell === '') continue
    switch (columns?.[i]) {
      case 'time':
        time ??= namedTime(cell, reading)
        continue
      case 'latency':
        latency ??= readLatency(cell)
        continue
      case 'nothing':
        continue
      case 'eid':
        eid ??= findIds(cell).find(({ id }) => isEid(id))?.id
        facts.push(cell)
        continue
      case 'fact':
        facts.push(cell)
        continue
    }
    const at = has('time') ? undefined : readTime(cell, reading)
    const took = has('latency') || at ? undefined : looksLikeLatency(cell, reading.comma)
    if (!has('eid')) eid ??= readEid(cell)
    if (at) time ??= at
    else if (took !== undefined) latency ??= took
    else facts.push(cell)
  }
  time ??= dividedTime(
    cells.filter((_, i) => columns === undefined || columns[i] === 'time'),
    reading,
  )
  const found = factsIn(facts.join(apart))
  if (eid === undefined && time === undefined && latency === undefined && found.length === 0) return undefined
  return {
    line,
    ...(eid !== undefined && { eid }),
    facts: found,
    ...(time && { time }),
    ...(latency !== undefined && { latency }),
  }
}

const joined = 400
const isDate = /^'?(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})$/

/** A spreadsheet may have put the date and the time of day into cells of their own. */
function dividedTime(cells: readonly string[], reading: Reading): WrittenTime | undefined {
  const at = cells.findIndex(cell => isDate.test(cell))
  return at < 0 ? undefined : readTime(`${cells[at]} ${cells[at + 1] ?? ''}`, reading)
}

const namedTime = (cell: string, reading: Reading): WrittenTime | undefined =>
  readNumericTime(cell, reading) ??
  readTime(cell, reading) ??
  findTimes(cell.slice(0, joined), reading)[0]?.time
