/** Whoever hands in a leak may have written it: no text makes reading it throw, and none takes long. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvHeader, csvLine } from '../../../shared/bundle/csv.ts'
import { recordLine } from '../../../shared/bundle/records.ts'
import { type Leak, mostRows } from '../../../shared/leak/leak.ts'
import { readLeak } from '../../../shared/leak/read-leak.ts'
import { entries, leakedRecord } from './leaked-records.ts'

const records = entries.slice(0, 12).map((_, n) => leakedRecord(n, { digits: n * 800_001, latency: n }))
const exports = [
  records.map(recordLine).join(''),
  csvHeader + records.map(csvLine).join(''),
  JSON.stringify(records, null, 2),
  JSON.stringify(records.map(recordLine).join('')),
  records.map(({ eid, shown, sentence }) => `${shown?.time}  ${sentence}\n  ${eid}\n`).join(''),
]

function isSound({ rows, unread, beyond }: Leak, text: string): void {
  const lines = text.split(/\r\n|\n|\r/).length
  expect(unread).toBeGreaterThanOrEqual(0)
  expect(beyond).toBeGreaterThanOrEqual(0)
  for (const { line, eid, time, latency, facts } of rows) {
    expect(line >= 1 && line <= lines).toBe(true)
    if (eid !== undefined) expect(eid).toMatch(/^entry_[0-9a-hjkmnp-tv-z]{26}(\.outcome)?$/)
    if (time) {
      expect(time.digits).toMatch(/^[0-9?]{0,7}$/)
      expect(Number.isSafeInteger(time.tens)).toBe(true)
    }
    if (latency !== undefined) expect(latency).toMatch(/^[0-9]+(\.[0-9?]+)?$/)
    expect(new Set(facts).size).toBe(facts.length)
  }
}

const parts =
  `{ } [ ] " \\ \\" : , ; | \t \n ' entry_ ${entries[0]?.eid} 2026-11-27 T 17:34:23.481 Z time eid "eid":
  "time": "body":{ "view":{} 46353.7321 1795800000000 12.345678 … \ud800 ﬁ ½ \u202e __proto__ "__proto__":{ O l`.split(
    / +/,
  )

/** Halves of characters included. */
const anyText = (maxLength: number) =>
  fc.array(fc.nat(0xffff), { maxLength }).map(units => String.fromCharCode(...units))

describe('whatever the text is', () => {
  test('any characters', () => {
    fc.assert(
      fc.property(anyText(300), text => isSound(readLeak(text), text)),
      { numRuns: 120 },
    )
  })

  test('any parts of leaks, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts, ' ', '\n'), { maxLength: 80 }), all => {
        const text = all.join('')
        isSound(readLeak(text), text)
      }),
      { numRuns: 600 },
    )
  })

  test('real exports, cut anywhere, with anything put in', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...exports),
        fc.nat(20_000),
        fc.nat(6_000),
        fc.nat(6_000),
        fc.oneof(fc.constantFrom(...parts), anyText(5)),
        (whole, from, length, at, put) => {
          const text = whole.slice(from % whole.length).slice(0, length)
          const changed = text.slice(0, at % (length + 1)) + put + text.slice(at % (length + 1))
          isSound(readLeak(changed), changed)
        },
      ),
      { numRuns: 120 },
    )
  })

  test('of an export that is cut at both ends, no row but the first and the last has marks of another', () => {
    // Several of these records are of one call, and have one id.
    const marks = records.map(({ eid, shown }) => `${eid} ${shown?.time.slice(18, -1).replace('.', '')}`)
    fc.assert(
      fc.property(fc.constantFrom(...exports), fc.nat(20_000), fc.nat(20_000), (whole, from, length) => {
        const { rows } = readLeak(whole.slice(from % whole.length).slice(0, length))
        for (const { eid, time } of rows.slice(1, -1))
          if (eid !== undefined && time !== undefined && !time.plain)
            expect(marks).toContain(`${eid} ${time.digits}`)
      }),
      { numRuns: 150 },
    )
  })

  test.each([
    ...[
      '[',
      '{"eid":',
      '"',
      '\\"',
      '1-1-',
      '1,',
      '; ',
      'a,"b\n',
      'abc_0            1            ',
      'jan 1, ',
      '{"a":[',
    ],
    ...['x entry_01m8e3q8m0g40r2081040g2081 ', '\n also  x', '2026-11-27 1', '"a\\', '-', '½①', '\n'],
  ])('%j over and over', part => {
    const text = `"eid":"x"\n${part.repeat(Math.ceil(100_000 / part.length))}\n-x`
    isSound(readLeak(text), text)
  })

  test('rows beyond the first fifty thousand are counted', () => {
    const { rows, beyond } = readLeak('2026-11-27 17:34\n'.repeat(mostRows + 7))
    expect([rows.length, beyond]).toEqual([mostRows, 7])
  })

  test('an empty text has no rows', () => {
    expect(readLeak('')).toEqual({ format: 'text', rows: [], unread: 0, ambiguousTimes: 0, beyond: 0 })
  })
})
