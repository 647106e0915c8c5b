/** Times and latencies as others write them: rounded, cut, by a spreadsheet, in another zone. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readLeak } from '../../../shared/leak/read-leak.ts'
import { digitsText, secondsText } from './leaked-records.ts'

const at = Date.UTC(2026, 10, 27, 17, 34, 20)
const tens = (window: number) => Math.floor(at / window) * window
const micros = fc.nat(9_999_999)
const two = (n: number) => String(n).padStart(2, '0')

interface Cut {
  readonly seconds: boolean
  /** Digits of the fraction. */
  readonly fraction: number
}
const cuts = fc.oneof(
  fc.constant<Cut>({ seconds: false, fraction: 0 }),
  fc.integer({ min: 0, max: 6 }).map((fraction): Cut => ({ seconds: true, fraction })),
)

const clock = (digits: number, { seconds, fraction }: Cut, hour: string, mark = '.') =>
  `${hour}:34${seconds ? `:${two(20 + Math.floor(digits / 1e6))}${fraction > 0 ? mark : ''}${digitsText(digits).slice(1, 1 + fraction)}` : ''}`

type Form = [name: string, write: (digits: number, cut: Cut) => string, offsetMinutes: number | undefined]
const forms: readonly Form[] = [
  ['RFC 3339', (n, cut) => `2026-11-27T${clock(n, cut, '17')}Z`, undefined],
  ['a blank and UTC', (n, cut) => `2026-11-27 ${clock(n, cut, '17')} UTC`, undefined],
  ['no zone', (n, cut) => `2026-11-27 ${clock(n, cut, '17')}`, undefined],
  ['another zone', (n, cut) => `2026-11-27T${clock(n, cut, '19')}+02:00`, undefined],
  ['a zone behind', (n, cut) => `2026-11-27 ${clock(n, cut, '12')}-0500`, undefined],
  ['a zone that whoever asks knows', (n, cut) => `2026-11-27 ${clock(n, cut, '19')}`, 120],
  ['German', (n, cut) => `27.11.2026 ${clock(n, cut, '17', ',')}`, undefined],
  ['American', (n, cut) => `11/27/2026 ${clock(n, cut, '5')} PM`, undefined],
  ['American with two digits', (n, cut) => `11/27/26 ${clock(n, cut, '17')}`, undefined],
  ['British', (n, cut) => `27/11/2026 ${clock(n, cut, '17')}`, undefined],
  ['a month in words', (n, cut) => `27 Nov 2026 ${clock(n, cut, '17')} GMT`, undefined],
  ['words of a browser', (n, cut) => `Nov 27, 2026, ${clock(n, cut, '5')} PM`, undefined],
]

describe.each<Form>(forms)('a time: %s', (_, write, offsetMinutes?: number) => {
  test.each([
    ['alone in its line', (time: string) => `${time}  The client planner of cedar\n`],
    ['in a table without titles', (time: string) => `${time}\tthe client planner\tcedar\n`],
    ['below its title', (time: string) => `organisation;time\ncedar;${time}\n`],
    ['in JSON', (time: string) => `{"time": "${time}", "organisation": "cedar"}`],
  ])('is read to what is written of it, %s', (_, place) => {
    fc.assert(
      fc.property(micros, cuts, (digits, cut) => {
        const { rows } = readLeak(place(write(digits, cut)), offsetMinutes ? { offsetMinutes } : {})
        expect(rows.map(row => row.time)).toEqual([
          cut.seconds
            ? { tens: at, digits: digitsText(digits).slice(0, 1 + cut.fraction), window: 10_000 }
            : { tens: tens(60_000), digits: '', window: 60_000 },
        ])
        expect(rows[0]?.facts).toContain('cedar')
      }),
      { numRuns: 6 },
    )
  })
})

describe('numbers below the title of a time', () => {
  const read = (cell: string, offsetMinutes = 0) =>
    readLeak(`time\teid\n${cell}\tx1\n`, { offsetMinutes }).rows[0]?.time

  test('milliseconds and microseconds since 1970', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 9_999_999 }), digits => {
        const written = digitsText(digits)
        expect(read(`${at / 1e4}${written}`)).toEqual({ tens: at, digits: written, window: 10_000 })
        expect(read(`${at / 1e4}${written.slice(0, 4)}`)?.digits).toBe(written.slice(0, 4))
        expect(read(`${at / 1e4}${written[0]}.${written.slice(1, 4)}`)?.digits).toBe(written.slice(0, 4))
      }),
      { numRuns: 50 },
    )
  })

  test('days of a spreadsheet, as far as their digits go', () => {
    fc.assert(
      fc.property(micros, fc.integer({ min: 4, max: 10 }), (digits, places) => {
        const days = 25_569 + (at * 1_000 + digits) / 86_400e6
        const time = read(days.toFixed(places))
        expect(time).toBeDefined()
        if (time === undefined) return
        // Coarser where it cannot be told, and never another.
        expect(time.tens).toBe(tens(time.window))
        expect(digitsText(digits).startsWith(time.digits)).toBe(true)
        if (places === 10 && digits % 1_000_000 > 1_000 && digits % 1_000_000 < 999_000)
          expect(time.digits.length).toBeGreaterThan(1)
      }),
      { numRuns: 100 },
    )
  })

  test('of a spreadsheet in another zone', () => {
    expect(read('46353.7321527778', 120)?.tens).toBe(at - 120 * 60_000 - 20_000 + 10_000)
  })

  test.each([
    '17',
    'yesterday',
    '2026',
    '46353',
    '99999999',
    '2026-13-27 17:34',
    '2026-02-30 17:34',
    '2026-11-27 25:34',
  ])('%s is none', cell => {
    expect(read(cell)).toBeUndefined()
  })
})

describe('which number is the day', () => {
  const eids = ['entry_01m8e3q8m0g40r2081040g2081', 'entry_01m8e3q8m0gc1r60r30c1g60r3']
  const read = (...cells: readonly string[]) => {
    const leak = readLeak(`time,words\n${cells.map(cell => `${cell},cedar`).join('\n')}\n`)
    return [
      leak.ambiguousTimes,
      ...leak.rows.map(({ time }) => time && new Date(time.tens).toISOString().slice(0, 10)),
    ]
  }

  test('follows from a row in which one cannot be a month', () => {
    expect(read('05/11/2026 17:34:23', '27/11/2026 17:34')).toEqual([0, '2026-11-05', '2026-11-27'])
    expect(read('05/11/2026 17:34:23', '11/27/2026 17:34')).toEqual([0, '2026-05-11', '2026-11-27'])
  })

  test('follows from nothing where rows contradict each other: then the time is left out, and counted', () => {
    expect(read('05/11/2026 17:34:23')).toEqual([1, undefined])
    expect(read('05/11/2026 17:34', '27/11/2026 17:34', '11/27/2026 17:34')).toEqual([
      1,
      undefined,
      '2026-11-27',
      '2026-11-27',
    ])
  })

  test('does not matter where both are the same, or where points stand between', () => {
    expect(read('11/11/2026 17:34:23', '05.11.2026 17:34')).toEqual([0, '2026-11-11', '2026-11-05'])
  })

  test('follows from the id beside it, which has a time too', () => {
    const [eid] = eids
    const { rows } = readLeak(`eid,time\n${eid},11/27/2026 9:00\n${eid},2/3/2026 9:00\n`)
    expect(rows.map(({ time }) => time && new Date(time.tens).toISOString().slice(0, 10))).toEqual([
      '2026-11-27',
      '2026-02-03',
    ])
  })
})

describe('a latency', () => {
  const read = (text: string) => readLeak(text).rows[0]?.latency

  test('is what is written, with a point or a comma', () => {
    fc.assert(
      fc.property(micros, fc.integer({ min: 1, max: 6 }), (latency, places) => {
        const written = `1${secondsText(latency)}`.slice(0, 3 + places)
        expect(read(`eid;latency_s\nx1;${written}\n`)).toBe(written)
        expect(read(`eid;took\nx1;${written.replace('.', ',')} s\n`)).toBe(written)
        expect(read(`{"time":"2026-11-27T17:34Z","latency_s":"${written}"}`)).toBe(written)
        if (places > 2) expect(read(`2026-11-27 17:34\t${written}\tcedar\n`)).toBe(written)
      }),
      { numRuns: 30 },
    )
  })

  test('without a title is no number of tokens', () => {
    expect(read('2026-11-27 17:34\t1,180\tcedar\n')).toBeUndefined()
    expect(readLeak('2026-11-27 17:34\t1,180\tcedar\n').rows[0]?.facts).toEqual(['1180', 'cedar'])
    expect(read('2026-11-27 17:34;12,345;cedar\n')).toBe('12.345')
  })
})
