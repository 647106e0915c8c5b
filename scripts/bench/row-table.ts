import { compared, type Row, reached } from './bench.ts'
import { type Column, table } from './table.ts'

const columns: readonly Column[] = [
  { title: 'what', wraps: true },
  { title: 'figure', align: 'right' },
  { title: 'unit', wraps: true },
  { title: 'beside', wraps: true },
  { title: 'compared', align: 'right' },
  { title: 'target', align: 'right' },
  { title: '' },
  { title: 'load', align: 'right' },
]

/** A table of what was measured, at most `width` characters wide. */
export const rowTable = (rows: readonly Row[], width = 120): readonly string[] =>
  table(columns, rows.map(cells), width)

function cells(row: Row): readonly string[] {
  const { what, value, unit, beside, target, load } = row
  const comparison = compared(row)
  const ok = reached(row)
  return [
    what,
    figure(value),
    unit,
    beside ? `${beside.name}: ${figure(beside.value)}` : '',
    comparison === undefined ? '' : compareText(row, comparison),
    target ? `${target.at === 'least' ? '≥' : '≤'} ${targetText(row, target)}` : '',
    ok === undefined ? '' : ok ? 'ok' : 'short',
    load.toFixed(1),
  ]
}

function compareText({ beside }: Row, value: number): string {
  if (beside?.by === 'times') return `${figure(value)} ×`
  if (beside?.by === 'share') return `${figure(value * 100)} %`
  return value < 0 ? `−${figure(-value)}` : `+${figure(value)}`
}

const targetText = (row: Row, { value, of }: NonNullable<Row['target']>): string =>
  of === 'comparison' ? compareText(row, value) : figure(value)

/** Three digits that count, whole thousands set apart: nothing here is measured more exactly. */
export function figure(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || size === 0) return String(value)
  if (size >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}
