import { describe, expect, test } from 'vitest'
import { compared, type Row, reached } from '../../../../scripts/bench/bench.ts'
import { benches } from '../../../../scripts/bench/benches.ts'
import { figure, rowTable } from '../../../../scripts/bench/row-table.ts'

type Beside = NonNullable<Row['beside']>

const row = (value: number, beside?: Omit<Beside, 'name'>, target?: Row['target']): Row => ({
  what: 'tokens',
  value,
  unit: 'ms',
  ...(beside && { beside: { name: 'theirs', ...beside } }),
  ...(target && { target }),
  load: 0.5,
})

describe('a figure is compared', () => {
  test.each([
    ['times: ours over theirs', row(12, { value: 4, by: 'times' }), 3],
    ['share: theirs over ours', row(12, { value: 3, by: 'share' }), 0.25],
    ['added: ours less theirs', row(12, { value: 4, by: 'added' }), 8],
    ['as it was compared in each round', row(12, { value: 4, by: 'times', compared: 2.9 }), 2.9],
    ['with nothing', row(12), undefined],
  ])('%s', (_, row, expected) => {
    expect(compared(row)).toBe(expected)
  })
})

describe('a target is reached', () => {
  test.each([
    ['by a figure that is large enough', row(5, undefined, { at: 'least', value: 5 }), true],
    ['not by one that is too small', row(4.9, undefined, { at: 'least', value: 5 }), false],
    ['by a figure that is small enough', row(5, undefined, { at: 'most', value: 5 }), true],
    ['not by one that is too large', row(5.1, undefined, { at: 'most', value: 5 }), false],
    [
      'by the comparison where that is judged',
      row(5, { value: 2, by: 'times' }, { at: 'least', value: 2.5, of: 'comparison' }),
      true,
    ],
    [
      'not by the figure where the comparison is judged',
      row(5, { value: 4, by: 'times' }, { at: 'least', value: 2.5, of: 'comparison' }),
      false,
    ],
    ['not by a figure that is none', row(Number.NaN, undefined, { at: 'least', value: 5 }), false],
    ['or there is none', row(5), undefined],
  ])('%s', (_, row, expected) => {
    expect(reached(row)).toBe(expected)
  })

  test('never, but an error, when the comparison to be judged is missing', () => {
    expect(() => reached(row(5, undefined, { at: 'least', value: 2, of: 'comparison' }))).toThrow(
      'tokens has nothing to be compared with',
    )
  })
})

describe('the table of a benchmark', () => {
  test('says for each row what it stands beside and whether it falls short', () => {
    expect(
      rowTable([
        row(1822.4, { value: 622.4, by: 'times' }, { at: 'least', value: 2.5, of: 'comparison' }),
        row(3, { value: 2, by: 'share' }, { at: 'least', value: 0.75, of: 'comparison' }),
        row(1.25, { value: 1.5, by: 'added' }, { at: 'most', value: 1.5, of: 'comparison' }),
        row(0),
      ]),
    ).toEqual([
      'what    figure  unit  beside       compared   target         load',
      '──────  ──────  ────  ───────────  ────────  ───────  ─────  ────',
      'tokens   1,822  ms    theirs: 622    2.93 ×  ≥ 2.5 ×  ok      0.5',
      'tokens       3  ms    theirs: 2      66.7 %   ≥ 75 %  short   0.5',
      'tokens    1.25  ms    theirs: 1.5     −0.25   ≤ +1.5  ok      0.5',
      'tokens       0  ms                                            0.5',
    ])
  })

  test.each([
    [0, '0'],
    [0.012345, '0.0123'],
    [9.999, '10'],
    [99.94, '99.9'],
    [1234.5, '1,235'],
    [-1234.6, '-1,235'],
    [Number.NaN, 'NaN'],
  ])('shows %d as %s', (value, shown) => {
    expect(figure(value)).toBe(shown)
  })
})

test('benchmarks have names of their own', () => {
  const names = benches.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
