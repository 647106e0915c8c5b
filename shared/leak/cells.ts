/** Lines cut into cells (RFC 4180, with any of four separators). What is cut off or breaks its form is still read. Pure. */

export const separators = ['\t', ';', '|', ','] as const
export type Separator = (typeof separators)[number]

export interface Line {
  /** From 1. */
  readonly number: number
  readonly text: string
}

export interface Cells {
  readonly line: number
  readonly cells: readonly string[]
}

/** A cell goes on over so much; what is longer had a quote that nobody closed. */
const mostLines = 8
const mostCharacters = 2_000

export function cellsOf(lines: readonly Line[], separator: Separator): readonly Cells[] {
  const rows: Cells[] = []
  for (let i = 0; i < lines.length; i++) {
    const { number, text } = lines[i] as Line
    const row = cut(text, separator)
    if (!row.open) {
      rows.push({ line: number, cells: row.cells })
      continue
    }
    let longer = text
    let last = i
    let closed: readonly string[] | undefined
    while (closed === undefined && last - i < mostLines && longer.length - text.length < mostCharacters) {
      const next = lines[++last]
      if (next === undefined) break
      longer += `\n${next.text}`
      const again = cut(longer, separator)
      if (again.broken) break
      if (!again.open) closed = again.cells
    }
    rows.push({ line: number, cells: closed ?? row.cells })
    if (closed) i = last
  }
  return rows
}

interface Cut {
  readonly cells: readonly string[]
  /** Its last cell has no closing quote. */
  readonly open: boolean
  /** A quote stands where none can. */
  readonly broken: boolean
}

function cut(text: string, separator: Separator): Cut {
  const cells: string[] = []
  let broken = false
  let at = 0
  for (;;) {
    while (text[at] === ' ') at++
    if (text[at] !== '"') {
      const end = endOf(text, at, separator)
      cells.push(text.slice(at, end).trim())
      if (end === text.length) return { cells, open: false, broken }
      at = end + 1
      continue
    }
    const close = closingQuote(text, at + 1)
    const cell = text.slice(at + 1, close).replaceAll('""', '"')
    const end = endOf(text, close + 1, separator)
    const rest = text.slice(close + 1, end).trim()
    cells.push(cell + rest)
    if (close === text.length) return { cells, open: true, broken }
    if (rest !== '') broken = true
    if (end === text.length) return { cells, open: false, broken }
    at = end + 1
  }
}

const endOf = (text: string, from: number, separator: string): number => {
  const found = text.indexOf(separator, from)
  return found < 0 ? text.length : found
}

function closingQuote(text: string, from: number): number {
  for (let at = from; ; at += 2) {
    at = endOf(text, at, '"')
    if (text[at + 1] !== '"' || at === text.length) return at
  }
}
