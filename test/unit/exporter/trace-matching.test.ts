/** Which record a leaked row tells of: by what both say, by the tens of seconds, and never by the digits below. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Catalogue,
  createCatalogue,
  latencyOf,
  type Matched,
} from '../../../functions/exporter/trace/match.ts'
import { spansOf } from '../../../functions/exporter/trace/spans.ts'
import type { LeakedRow, LeakedTime } from '../../../shared/leak/leak.ts'

const noon = Date.UTC(2026, 10, 27, 12)
const second = 1_000

interface Kept {
  readonly eid: string
  /** Seconds after noon: when it was completed, and where it has two instants, when it was received. */
  readonly at: number
  readonly from?: number
  readonly facts?: readonly string[]
}

function catalogueOf(...kept: readonly Kept[]): Catalogue {
  const catalogue = createCatalogue()
  for (const { eid, at, from, facts = [] } of kept) {
    const start = from === undefined ? {} : { start_time: noon + from * second }
    catalogue.add({ eid, times: { time: noon + at * second, ...start } }, facts)
  }
  return catalogue
}

const time = (tens: number, digits: string, window = 10): LeakedTime => ({
  ...{ tens: noon + tens * second, digits, window: window * second },
})
const row = (over: Partial<LeakedRow>): LeakedRow => ({ line: 1, facts: [], ...over })
const told = (match: Matched) =>
  typeof match === 'string'
    ? match
    : [match.told.eid, ...(match.instant === undefined ? [] : [match.instant])].join(' ')

describe('a row is matched', () => {
  const calls = catalogueOf(
    { eid: 'a', from: 0, at: 30, facts: ['cedar', 'planner', '1180'] },
    { eid: 'b', from: 0, at: 30, facts: ['cedar', 'triage', '1180'] },
    { eid: 'c', at: 60, facts: ['cedar', 'planner'] },
  )

  test.each<readonly [what: string, LeakedRow, string]>([
    ['by facts and one of two instants', row({ time: time(0, '7'), facts: ['planner'] }), 'a 0'],
    ['by the other one as well', row({ time: time(30, '7'), facts: ['planner'] }), 'a 1'],
    [
      'to one of several only where a fact tells them apart',
      row({ time: time(30, '7'), facts: ['cedar'] }),
      'ambiguous',
    ],
    ['to none that lacks one of its facts', row({ time: time(60, '7'), facts: ['triage'] }), 'unmatched'],
    [
      'whatever else it says, where no record says that',
      row({ time: time(0, '7'), facts: ['triage', 'cof'] }),
      'b 0',
    ],
    [
      'to none where it says nothing that a record says',
      row({ time: time(60, '7'), facts: ['elm'] }),
      'unmatched',
    ],
    ['to none ten seconds beside', row({ time: time(70, '7') }), 'unmatched'],
    ['to the ten seconds before, where it was rounded up', row({ time: time(70, '00') }), 'c'],
    [
      'within a minute, where seconds are missing',
      row({ time: time(60, '', 60), facts: ['1180', 'triage'] }),
      'b 1',
    ],
    [
      'without a choice of instants, where a minute holds both',
      row({ time: time(0, '', 60), facts: ['triage'] }),
      'b',
    ],
    ['not without a time, or an id', row({ facts: ['planner', '1180'] }), 'unmatched'],
    ['by its id, whatever its facts', row({ eid: 'b', facts: ['planner'], time: time(30, '1') }), 'b 1'],
    ['not by an id whose record is of another time', row({ eid: 'b', time: time(90, '1') }), 'unmatched'],
    ['not by an id that is none here', row({ eid: 'z' }), 'unmatched'],
    ['not where the tens of its latency are others', row({ eid: 'b', latency: '12.5' }), 'unmatched'],
    ['where the latency was rounded up', row({ eid: 'b', latency: '40.0' }), 'b'],
    ['with a latency that cannot be read', row({ eid: 'b', latency: '?2.5' }), 'b'],
  ])('%s', (_, leaked, expected) => {
    expect(told(calls.match(leaked))).toBe(expected)
  })

  test('to no instant, where what is leaked has no choice in it', () => {
    expect(told(calls.match(row({ eid: 'a', time: { ...time(30, '0'), plain: true } })))).toBe('a')
  })

  test('the same whatever the digits below ten seconds are, unless they are all zeros', () => {
    const digits = fc.stringMatching(/^[0-9]{1,7}$/).filter(text => !/^0+$/.test(text))
    fc.assert(
      fc.property(digits, digits, fc.constantFrom('planner', 'triage', 'cedar'), (some, others, fact) => {
        const [one, other] = [some, others].map(text =>
          told(calls.match(row({ time: time(30, text), facts: [fact] }))),
        )
        expect(one).toBe(other)
      }),
    )
  })
})

test('the seconds of a latency below ten are marks, and the tens are facts', () => {
  expect(latencyOf('12.345678')).toEqual({ tens: 10_000, digits: '2345678' })
  expect(latencyOf('7')).toEqual({ tens: 0, digits: '7' })
  expect(latencyOf('1?.5')).toEqual({ tens: 10_000, digits: '?5' })
  for (const none of [undefined, '', 'x', '-3', '1e5']) expect(latencyOf(none)).toBeUndefined()
})

test('a leak is looked for around its times, twenty minutes before them, in as few spans as that makes', () => {
  const at = (minutes: number): LeakedRow => row({ time: time(minutes * 60, '1') })
  expect(spansOf([at(0), at(25), at(300), row({ eid: 'a', time: time(90_000, '1') }), row({})])).toEqual([
    { from: noon - 1_210_000, to: noon + 25 * 60_000 + 10_000 },
    { from: noon + 300 * 60_000 - 1_210_000, to: noon + 300 * 60_000 + 10_000 },
  ])
})
