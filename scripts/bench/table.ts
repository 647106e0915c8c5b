/** A table in plain text: numbers to the right, long words broken into lines, so that it fits the width. */

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Where it may be broken at blanks when all columns together are too wide. */
  readonly wraps?: true
}

const gap = '  '
/** What a column that wraps is never narrower than, but for its longest word. */
const narrow = 12

/** Lines of at most `width` characters, as far as the words allow. Cells stand in the order of `columns`. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): readonly string[] {
  const cells = [columns.map(({ title }) => title), ...rows]
  const widths = fitted(columns, cells, width)
  const lines = cells.flatMap(row => printed(row, columns, widths))
  const rule = widths.map(each => '─'.repeat(each)).join(gap)
  const head = lines.length - rows.reduce((sum, row) => sum + height(row, columns, widths), 0)
  return [...lines.slice(0, head), rule, ...lines.slice(head)]
}

/** Takes from the widest column that wraps, until all fit or none can give more. */
function fitted(
  columns: readonly Column[],
  cells: readonly (readonly string[])[],
  width: number,
): readonly number[] {
  const longest = (at: number, measure: (cell: string) => number): number =>
    Math.max(...cells.map(row => measure(row[at] ?? '')))
  const widths = columns.map((_, at) => longest(at, cell => cell.length))
  const least = columns.map(({ wraps }, at) =>
    wraps
      ? Math.max(
          narrow,
          longest(at, cell => Math.max(...cell.split(' ').map(word => word.length))),
        )
      : Number.POSITIVE_INFINITY,
  )
  let excess = widths.reduce((sum, each) => sum + each, gap.length * (columns.length - 1)) - width
  for (; excess > 0; excess--) {
    const giving = widths.map((each, at) => (each > (least[at] ?? each) ? each : 0))
    const widest = Math.max(...giving)
    if (widest === 0) break
    widths[giving.indexOf(widest)] = widest - 1
  }
  return widths
}

function printed(
  row: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
): readonly string[] {
  const broken = columns.map((column, at) => lines(row[at] ?? '', column, widths[at] ?? 0))
  return Array.from({ length: height(row, columns, widths) }, (_, line) =>
    broken
      .map((cell, at) => {
        const text = cell[line] ?? ''
        const size = widths[at] ?? 0
        return columns[at]?.align === 'right' ? text.padStart(size) : text.padEnd(size)
      })
      .join(gap)
      .trimEnd(),
  )
}

const height = (row: readonly string[], columns: readonly Column[], widths: readonly number[]): number =>
  Math.max(...columns.map((column, at) => lines(row[at] ?? '', column, widths[at] ?? 0).length))

/** The lines after the first are set in, so that they are not taken for rows. */
function lines(cell: string, { wraps }: Column, width: number): readonly string[] {
  if (!wraps || cell.length <= width) return [cell]
  const done: string[] = []
  let line = ''
  for (const word of cell.split(' ')) {
    const longer = line.trim() === '' ? line + word : `${line} ${word}`
    if (longer.length <= width || line.trim() === '') line = longer
    else {
      done.push(line)
      line = ` ${word}`
    }
  }
  return [...done, line]
}
