import { escaped, printable } from './terminal.ts'

export type Format = 'table' | 'jsonl' | 'csv'
export const formats: readonly Format[] = ['table', 'jsonl', 'csv']

export interface Column<Row> {
  readonly title: string
  /** `undefined` and `null` are nothing. */
  readonly value: (row: Row) => string | number | null | undefined
  /** Stands to the right in a table. */
  readonly numeric?: true
  /** At least so many characters in a table: the next part of a list has its columns in the same place. */
  readonly width?: number
}

/** Two blanks between columns, the thousands of numbers apart, nothing behind a line's end. */
export function formatTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  header = true,
): string {
  const cells = columns.map(({ title, value, numeric, width = 0 }) => {
    const texts = [...(header ? [title] : []), ...rows.map(row => shown(value(row)))]
    const widest = Math.max(width, ...texts.map(text => text.length))
    return texts.map(text => (numeric ? text.padStart(widest) : text.padEnd(widest)))
  })
  const lines = Array.from({ length: rows.length + (header ? 1 : 0) }, (_, i) =>
    cells
      .map(column => column[i] ?? '')
      .join('  ')
      .trimEnd(),
  )
  return lines.map(line => `${line}\n`).join('')
}

function shown(value: string | number | null | undefined): string {
  if (value === undefined || value === null) return '-'
  return typeof value === 'number' ? value.toLocaleString('en-US') : printable(value)
}

/** RFC 4180, with the titles as its first line. */
export function formatCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[], header = true): string {
  const lines = rows.map(row => columns.map(({ value }) => csvCell(value(row))))
  if (header) lines.unshift(columns.map(({ title }) => csvCell(title.toLowerCase())))
  return lines.map(cells => `${cells.join(',')}\r\n`).join('')
}

/**
 * A text that a spreadsheet would take for a formula gets an apostrophe in front (CWE-1236): what stands
 * in a record was chosen by others. Numbers are ours.
 */
export function csvCell(value: string | number | null | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export const formatJsonl = (rows: readonly unknown[]): string =>
  rows.map(row => `${escaped(JSON.stringify(row))}\n`).join('')

export const formatJson = (value: unknown): string => `${escaped(JSON.stringify(value, null, 2))}\n`
