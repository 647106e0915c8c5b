import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Column, table } from '../../../../scripts/bench/table.ts'

const columns: readonly Column[] = [
  { title: 'what', wraps: true },
  { title: 'figure', align: 'right' },
]

describe('a table', () => {
  test('has titles, a rule, and a line for each row', () => {
    expect(
      table(
        columns,
        [
          ['reads', '12'],
          ['writes', '1,234'],
        ],
        80,
      ),
    ).toEqual(['what    figure', '──────  ──────', 'reads       12', 'writes   1,234'])
  })

  test('without rows has its titles only', () => {
    expect(table(columns, [], 80)).toEqual(['what  figure', '────  ──────'])
  })

  test('breaks a column that may be broken at blanks, and sets its other lines in', () => {
    expect(table(columns, [['one two three four', '1']], 20)).toEqual([
      'what          figure',
      '────────────  ──────',
      'one two            1',
      ' three four',
    ])
  })

  test('rather is too wide than breaks a word or a figure', () => {
    const [, rule, row] = table(columns, [['indivisibilities', '1,000,000,000']], 10)
    expect(row).toBe('indivisibilities  1,000,000,000')
    expect(rule?.length).toBe(row?.length)
  })

  test('fits the width where the words allow it, and loses no word', () => {
    const word = fc.string({ unit: fc.constantFrom(...'abc'), minLength: 1, maxLength: 9 })
    const cell = fc.array(word, { minLength: 1, maxLength: 12 }).map(words => words.join(' '))
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 22, max: 80 }),
        (cells, width) => {
          const lines = table(
            columns,
            cells.map(text => [text, '7']),
            width,
          )
          expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(width)
          const words = lines
            .slice(2)
            .flatMap(line => line.split(' ').filter(part => part !== '' && part !== '7'))
          expect(words).toEqual(cells.flatMap(text => text.split(' ')))
        },
      ),
    )
  })
})
