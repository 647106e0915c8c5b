import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Column, csvCell, formatCsv, formatTable } from '../../../client/cli/output.ts'
import { printable } from '../../../client/cli/terminal.ts'

interface Row {
  readonly name: string | null
  readonly tokens: number
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: row => row.name },
  { title: 'TOKENS', numeric: true, value: row => row.tokens },
]

describe('a table', () => {
  it('has its numbers to the right, their thousands apart, and a dash for nothing', () => {
    const rows = [
      { name: 'aurora', tokens: 1_234_567 },
      { name: null, tokens: 5 },
    ]
    expect(formatTable(columns, rows)).toBe('NAME       TOKENS\naurora  1,234,567\n-               5\n')
    expect(formatTable(columns, rows.slice(1), false)).toBe('-  5\n')
    expect(formatTable(columns, [])).toBe('NAME  TOKENS\n')
  })

  it('keeps the width of a column that has one', () => {
    const wide = [{ ...columns[0], width: 8 } as Column<Row>, ...columns.slice(1)]
    expect(formatTable(wide, [{ name: 'a', tokens: 1 }], false)).toBe('a         1\n')
  })

  it('shows no character that a terminal would obey', () => {
    const name = 'a\u001b]0;title\u0007\u009b31m\r\nb\u202ec'
    const [line, ...rest] = formatTable(columns, [{ name, tokens: 1 }], false).split('\n')
    expect(rest).toEqual([''])
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
    expect(printable('Zürich – 東京')).toBe('Zürich – 東京')
  })
})

describe('CSV', () => {
  it('ends its lines with CRLF and quotes what needs it (RFC 4180 §2)', () => {
    const rows = [{ name: 'a "b", c\nd', tokens: 1234 }]
    expect(formatCsv(columns, rows)).toBe('name,tokens\r\n"a ""b"", c\nd",1234\r\n')
  })

  it('gives a spreadsheet no formula to run', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=HYPERLINK("http://x","y")'])
      expect(csvCell(text).replace(/^"/, ''), text).toMatch(/^'/)
    expect(csvCell(-5)).toBe('-5')
  })

  it('is read back as it was written, an apostrophe before what looks like a formula', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 3 })), rows => {
        const width = rows[0]?.length ?? 0
        const same = rows.map(row => Array.from({ length: width }, (_, i) => row[i] ?? ''))
        const cells = Array.from({ length: width }, (_, i) => ({
          title: `c${i}`,
          value: (row: readonly string[]) => row[i],
        }))
        const [, ...read] = width === 0 ? [[]] : readCsv(formatCsv(cells, same))
        expect(read).toEqual(same.map(row => row.map(text => text.replace(/^(?=[=+\-@\t\r\n])/, "'"))))
      }),
    )
  })
})

/** RFC 4180, the other way round. */
function readCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gu)) {
    row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
