/** Layer B: whose digits a leak has, how sure that is, and what is never counted. */
import { describe, expect, test } from 'vitest'
import { everybody, leakOf, membersOf, recordsOf } from '../../../../scripts/bench/watermark/coalitions.ts'
import { markedRange } from '../../../../shared/watermark/marks.ts'
import { shortened, traceDigits } from '../../../../shared/watermark/trace/digits.ts'
import { candidate, december, november, reading, record, recordsById } from './marked.ts'

const ada = candidate('ada', 0)
const bela = candidate('bela', 1)
const ash = record('ash', ['3481516', '7065298'])
const fir = record('fir', ['0090125', '8862734'])
const both = recordsById(ash, fir)
const epsilon = 1e-3

describe('digits that are one reader’s', () => {
  test('name that reader, with what chance gives and the bound for all who were tested', () => {
    const leak = [reading('ash', { timeDigits: '3481516' }), reading('fir', { timeDigits: '0090125' })]
    expect(traceDigits(leak, both, [ada, bela], epsilon)).toEqual({
      records: 2,
      symbols: 14,
      epsilon,
      tested: 2,
      accused: [
        {
          candidate: 'ada',
          matches: 14,
          of: 14,
          expected: expect.closeTo(1.4, 9),
          rounding: 'cut',
          bound: expect.closeTo(2e-14, 20),
        },
      ],
      nearest: { matches: 0, of: 14, expected: expect.closeTo(1.4, 9), rounding: 'cut', bound: 1 },
    })
  })

  test('name nobody where the bound is above what may be risked, and nobody’s name is told', () => {
    const leak = [reading('ash', { timeDigits: '348' })]
    // Two readers, cut or rounded, a thousandth each.
    const { accused, nearest } = traceDigits(leak, both, [ada, bela], epsilon)
    expect(accused).toEqual([])
    expect(nearest).toEqual({
      matches: 3,
      of: 3,
      expected: expect.closeTo(0.3, 9),
      rounding: 'cut',
      bound: expect.closeTo(4e-3, 12),
    })
    expect(traceDigits(leak, both, [ada, bela], 0.004001).accused).toMatchObject([{ candidate: 'ada' }])
  })

  test('are those of the latency, too, of an entry that has one', () => {
    const marks = [{ latency: 7 }, { latency: 7_654_321 }]
    const two = record('two', ['3481516', '7065298'], { bias: 0.5, marks })
    const leak = [reading('two', { latencyDigits: '0000007' })]
    expect(traceDigits(leak, recordsById(two), [ada, bela], epsilon).accused).toMatchObject([
      { candidate: 'ada', matches: 7, of: 7 },
    ])
    const one = record('two', ['3481516', '7065298'], { marks })
    expect(traceDigits(leak, recordsById(one), [ada, bela], epsilon)).toMatchObject({
      records: 0,
      symbols: 0,
      tested: 0,
      accused: [],
    })
  })
})

describe('what is not counted', () => {
  test.each([
    ['a digit that cannot be read', '34?1?16', 5, 5],
    ['digits below a microsecond, which are no marks', '3481516000', 7, 7],
    ['anything else that is no digit', '34x１516', 5, 5],
    ['no digit at all', '???????', 0, 0],
    ['nothing', '', 0, 0],
  ])('%s', (_, timeDigits, symbols, matches) => {
    const leak = [reading('ash', { timeDigits })]
    const verdict = traceDigits(leak, both, [ada], 0.1)
    expect(verdict.symbols).toBe(symbols)
    expect(verdict.accused).toMatchObject(symbols === 0 ? [] : [{ matches, of: symbols }])
    expect(verdict.tested).toBe(symbols === 0 ? 0 : 1)
  })

  test('a row that stands there twice', () => {
    const row = reading('ash', { timeDigits: '3481516' })
    expect(traceDigits([row, row, { ...row }], both, [ada, bela], epsilon)).toEqual(
      traceDigits([row], both, [ada, bela], epsilon),
    )
  })

  test('a shorter value beside a longer one of the same record, since both may be one number', () => {
    const leak = ['348', '3481516', '3482', '???????'].map(timeDigits => reading('ash', { timeDigits }))
    expect(traceDigits(leak, both, [ada, bela], epsilon)).toEqual(
      traceDigits(leak.slice(1, 2), both, [ada, bela], epsilon),
    )
  })

  test('a longer value of which nothing can be read', () => {
    const leak = ['348', '????'].map(timeDigits => reading('ash', { timeDigits }))
    expect(traceDigits(leak, both, [ada], 0.1)).toEqual(traceDigits(leak.slice(0, 1), both, [ada], 0.1))
  })

  test('a row more often than once, however often a leak repeats it', () => {
    const leak = new Array(200_000).fill(reading('ash', { timeDigits: '3481516' }))
    expect(traceDigits(leak, both, [ada], epsilon).symbols).toBe(7)
  })

  test('a place at which every digit was leaked', () => {
    const leak = Array.from('0123456789', digit => reading('ash', { timeDigits: `3${digit}` }))
    expect(traceDigits(leak, both, [ada], epsilon)).toMatchObject({ symbols: 1 })
  })

  test('a record whose marks are not at hand', () => {
    expect(traceDigits([reading('oak', { timeDigits: '3481516' })], both, [ada], epsilon)).toMatchObject({
      records: 0,
      tested: 0,
    })
  })
})

describe('values with fewer digits', () => {
  test.each([
    [3_481_516, 7, 3_481_516, 3_481_516],
    [3_481_516, 4, 3_481, 3_482],
    [3_481_499, 4, 3_481, 3_481],
    [3_481_516, 3, 348, 348],
    [3_485_000, 3, 348, 349],
    [9_999_999, 3, 999, 0],
    [9_499_999, 1, 9, 9],
    [9_500_000, 1, 9, 0],
    [12, 7, 12, 12],
    [12, 4, 0, 0],
  ])('of %d, %d digits: cut %d, rounded %d', (number, k, cut, rounded) => {
    expect(shortened(number, k, 'cut')).toBe(cut)
    expect(shortened(number, k, 'rounded')).toBe(rounded)
  })

  test('are as even as the whole, also where rounding carries', () => {
    for (const rounding of ['cut', 'rounded'] as const) {
      const counts = new Array<number>(100).fill(0)
      for (let number = 0; number < markedRange; number += 500) {
        const value = shortened(number, 2, rounding)
        counts[value] = (counts[value] ?? 0) + 1
      }
      expect(new Set(counts)).toEqual(new Set([200]))
    }
  })

  test('are tried as cut and as rounded, which doubles the bound', () => {
    // What ada has, rounded to a thousandth of a second; cut it would be 3481, and 0090.
    const leak = [reading('ash', { timeDigits: '3482' }), reading('fir', { timeDigits: '0090' })]
    expect(traceDigits(leak, both, [ada], epsilon).accused).toMatchObject([
      { matches: 8, of: 8, rounding: 'rounded', bound: expect.closeTo(2e-8, 15) },
    ])
  })

  test('are tried in one way alone where none is shorter', () => {
    const leak = [reading('ash', { timeDigits: '3481516' })]
    expect(traceDigits(leak, both, [ada], epsilon).accused).toMatchObject([
      { rounding: 'cut', bound: expect.closeTo(1e-7, 15) },
    ])
  })
})

describe('a record that was leaked with several values', () => {
  test('matches whoever has one of them at a place, and that is as likely as there are different ones', () => {
    const leak = ['3481516', '7065298'].map(timeDigits => reading('ash', { timeDigits }))
    const { symbols, accused } = traceDigits(leak, both, [ada, bela], epsilon)
    expect(symbols).toBe(7)
    const evidence = {
      matches: 7,
      of: 7,
      expected: expect.closeTo(1.4, 9),
      bound: expect.closeTo(2 * 0.2 ** 7, 12),
    }
    expect(accused).toMatchObject([
      { candidate: 'ada', ...evidence },
      { candidate: 'bela', ...evidence },
    ])
  })

  test('is judged beside others by a bound', () => {
    const leak = [
      reading('ash', { timeDigits: '3481516' }),
      reading('ash', { timeDigits: '7065298' }),
      reading('fir', { timeDigits: '0090125' }),
    ]
    const { accused } = traceDigits(leak, both, [ada, bela], epsilon)
    expect(accused).toMatchObject([
      { candidate: 'ada', matches: 14, of: 14, expected: expect.closeTo(2.1, 9) },
    ])
    expect(accused[0]?.bound).toBeCloseTo(2 * 0.2 ** 7 * 0.1 ** 7, 17)
  })

  test('names hardly anybody innocent: at most as often as is risked', () => {
    const [risked, times] = [0.1, 400]
    let falsely = 0
    for (let seed = 1; seed <= times; seed++) {
      const records = recordsOf(seed, 2)
      const members = membersOf(seed, 3)
      const leak = members.flatMap(slot => leakOf('digits', 'interleave', records, [slot], seed))
      const { accused, tested } = traceDigits(leak, recordsById(...records), everybody, risked)
      expect(tested).toBe(56)
      const named = accused.map(({ candidate }) => Number(candidate))
      expect(members.every(slot => named.includes(slot))).toBe(true)
      if (named.some(slot => !members.includes(slot))) falsely++
    }
    expect(falsely / times).toBeLessThanOrEqual(risked)
  })
})

describe('who is tested', () => {
  const later = record('elm', ['1234567', '7654321'], { epoch: december })
  const all = recordsById(ash, fir, later)
  const leak = [
    reading('ash', { timeDigits: '3481516' }),
    reading('elm', { epoch: december, timeDigits: '1234567' }),
  ]

  test('is whoever had a slot, with the records of that time alone', () => {
    const always = candidate('always', 0, [november, december])
    const { tested, accused } = traceDigits(
      leak,
      all,
      [always, ada, candidate('new', 1, [december])],
      epsilon,
    )
    expect(tested).toBe(3)
    expect(accused).toMatchObject([
      { candidate: 'always', matches: 14, of: 14 },
      { candidate: 'ada', matches: 7, of: 7 },
    ])
  })

  test('is nobody whose slot is plain, or who had none', () => {
    const others = [candidate('plain', 2), candidate('gone', 0, [november - 1])]
    expect(traceDigits(leak, all, others, epsilon)).toEqual({
      records: 2,
      symbols: 14,
      epsilon,
      tested: 0,
      accused: [],
    })
  })
})

test('what somebody else made up names nobody', () => {
  // Digits of another log, under the ids of this one.
  const records = recordsOf(1, 40)
  const leak = leakOf('digits', 'interleave', recordsOf(2, 40), [0], 1)
  const { accused, nearest, tested } = traceDigits(leak, recordsById(...records), everybody, epsilon)
  expect(tested).toBe(56)
  expect(accused).toEqual([])
  expect(nearest).not.toHaveProperty('candidate')
  expect(nearest?.bound).toBeGreaterThan(epsilon)
})
