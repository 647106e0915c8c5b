/** Text that a program read off a picture of the command line: digits and ids as it may misread them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { searchedLines } from '../../../client/cli/log-entry.ts'
import { factsOf } from '../../../shared/leak/facts.ts'
import { readLeak } from '../../../shared/leak/read-leak.ts'
import { entries, leakedRecord } from './leaked-records.ts'

const eid = 'entry_06gk3d0zvwg0s5b8z29q1rtxyz'
const row = (text: string) => readLeak(text).rows[0]
const told = 'The client planner of cedar was allowed'

describe('digits of a time', () => {
  test.each([
    ['2026-11-27 17:34:23.481516 UTC', '3481516'],
    ['2O26-l1-27 I7:34:23.48I5l6 UTC', '3481516'],
    ['2026-11-27 17:34:Z3.4B1S16 UTC', '3481516'],
    ['2026-11-27 17:34;23,48|5!6Z', '3481516'],
    ['2026-11-27 17:34:2?.48#5*6 UTC', '?48?5?6'],
    ['2026-11-27 17:34:23.48\ufffd UTC', '348?'],
    ['| 2026-11-27 17:34:23.481|', '3481'],
    ['2026-11-27 17:34:23.481Z', '3481'],
    ['2026-11-27 17:34:23 UTC', '3'],
  ])('%s', (time, digits) => {
    expect(row(`${time}  ${told}\n  ${eid}\n`)?.time).toEqual({
      tens: Date.UTC(2026, 10, 27, 17, 34, 20),
      digits,
      window: 10_000,
    })
  })

  test('where the tens of seconds cannot be read, the minute is left, and the digits below', () => {
    expect(row(`2026-11-27 17:34:?3.481 UTC  ${told}\n`)?.time).toEqual({
      tens: Date.UTC(2026, 10, 27, 17, 34),
      digits: '3481',
      window: 60_000,
    })
  })

  test('a minute that was cut off leaves the hour', () => {
    expect(row(`2026-11-27T17:3`)?.time).toEqual({
      tens: Date.UTC(2026, 10, 27, 17),
      digits: '',
      window: 3_600_000,
    })
  })
})

describe('the id of an entry', () => {
  test.each([
    ['as it is', eid],
    ['in capitals', eid.toUpperCase()],
    ['with letters that no id has', eid.replace('_0', '_O').replace('q1r', 'qlr')],
    ['with a blank in it', `${eid.slice(0, 14)} ${eid.slice(14)}`],
    ['broken over two lines', `${eid.slice(0, 20)}\n    ${eid.slice(20)}`],
    ['with a letter of its kind misread', eid.replace('entry', 'entrv')],
  ])('%s', (_, written) => {
    const read = row(`2026-11-27 17:34:23 UTC  ${told}\n  ${written}\n`)
    expect(read?.eid).toBe(eid)
    expect(read?.facts).toEqual(
      factsOf({ eid, body: {}, sentence: told }).toSorted(byPlace(read?.facts ?? [])),
    )
  })

  test.each(['.outcome', '.0utcome', '\n.outcome', '.out\n  come'])('of an outcome, written %j', end => {
    expect(row(`2026-11-27 17:34:23 UTC  ${told}\n  ${eid}${end}\n`)?.eid).toBe(`${eid}.outcome`)
  })

  test('digits that are drawn alike are one as facts: a reader of pictures cannot tell them', () => {
    const [read, meant] = [eid.replace('s5b8z2', '55B8zZ'), eid].map(
      id => row(`2026-11-27 17:34:23 UTC  ${told}\n  ${id}\n`)?.facts,
    )
    expect(read).toEqual(meant)
  })
})

const byPlace = (facts: readonly string[]) => (one: string, other: string) =>
  facts.indexOf(one) - facts.indexOf(other)

describe('rows of a screenshot', () => {
  const shown = (n: number) => searchedLines(leakedRecord(n, { digits: n, latency: 0 }))
  const lines = (n: number) => `${shown(n)[0]}\n  ${shown(n)[1]}\n`

  test('an entry whose id is missing does not take that of the next, nor one whose time is', () => {
    const [first, second] = [0, 5, 7].map(lines)
    const text = `${first?.split('\n')[0]}\n${second}  ${entries[8]?.eid}\n${lines(9)}`
    expect(readLeak(text).rows.map(({ eid, time }) => [eid, time?.digits])).toEqual([
      [undefined, '0000000'],
      [entries[5]?.eid, '0000005'],
      [entries[8]?.eid, undefined],
      [entries[9]?.eid, '0000009'],
    ])
  })

  test('what stands around them is unread', () => {
    const text = `$ sallyport log search\n${lines(0)}${lines(1)}2 entries up to now, in the tree of 9.\n`
    const leak = readLeak(text)
    expect([leak.rows.length, leak.unread]).toEqual([2, 2])
  })

  test('a table has each in a line of its own', () => {
    const text = entries
      .slice(0, 6)
      .map(({ eid }, n) => `| ${n} | 2026-11-27 17:34:2${n}.5 | ${told}, and more | ${eid} |\n`)
      .join('')
    expect(readLeak(text).rows.map(({ eid, time }) => [eid, time?.digits])).toEqual(
      entries.slice(0, 6).map(({ eid }, n) => [eid, `${n}5`]),
    )
  })

  test('a time that a sentence tells is not when the entry was', () => {
    const text = `2026-11-27 17:34:23.5 UTC  A reminder went out, due at\n2026-12-04 09:00 UTC.\n  ${eid}\n`
    expect(
      readLeak(`2026-11-27 17:34:23.5 UTC  A reminder, due at 2026-12-04 09:00 UTC.\n  ${eid}\n`).rows,
    ).toEqual([expect.objectContaining({ eid, time: expect.objectContaining({ digits: '35' }) })])
    // On a line of its own it begins another: then neither is taken for the other.
    expect(readLeak(text).rows[0]).toMatchObject({ time: { digits: '35' } })
  })

  test('misread anywhere, a row names no other entry and no other digits than it shows', () => {
    const swaps: readonly (readonly [string, string])[] = [
      ['0', 'O'],
      ['1', 'l'],
      ['1', 'I'],
    ]
    fc.assert(
      fc.property(
        fc.nat(entries.length - 1),
        fc.nat(9_999_999),
        fc.constantFrom(...swaps),
        (n, digits, [from, to]) => {
          const record = leakedRecord(n, { digits, latency: 0 })
          const [first = '', second = ''] = searchedLines(record)
          const [time, ...words] = first.split(' UTC')
          const text = `${time?.replaceAll(from, to)} UTC${words.join(' UTC')}\n  ${second.replaceAll(from, to)}\n`
          expect(readLeak(text).rows.map(({ eid, time }) => [eid, time?.digits])).toEqual([
            [record.eid, String(digits).padStart(7, '0')],
          ])
        },
      ),
      { numRuns: 60 },
    )
  })
})
