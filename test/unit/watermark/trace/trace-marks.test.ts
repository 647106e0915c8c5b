/** Both layers together: each may risk half, and whoever is not named is not in the verdict. */
import { describe, expect, test } from 'vitest'
import { everybody, leakOf, membersOf, recordsOf } from '../../../../scripts/bench/watermark/coalitions.ts'
import type { Candidate } from '../../../../shared/watermark/trace/reading.ts'
import { traceMarks } from '../../../../shared/watermark/trace/trace-marks.ts'
import { recordsById } from './marked.ts'

const people: readonly Candidate[] = everybody.map(one => ({ ...one, id: `reader-${one.id}` }))

describe('a leak', () => {
  const records = recordsOf(3, 80)
  const members = membersOf(3, 2)
  const rows = leakOf('digits', 'interleave', records, members, 3).map((row, i) => ({
    ...row,
    ...(records[i]?.marks.marks[members[0] ?? 0] && {
      instant: records[i]?.marks.marks[members[0] ?? 0]?.instant ?? 1,
    }),
  }))
  const verdict = traceMarks(rows, recordsById(...records), people, 1e-3)

  test('is judged by its digits and by its instants, at half the risk each', () => {
    expect(verdict.digits).toMatchObject({ epsilon: 5e-4, tested: 56, records: 80, symbols: 80 * 14 })
    expect(verdict.code).toMatchObject({ epsilon: 5e-4, tested: 56, records: 80 })
    const named = ({ accused }: { accused: readonly { candidate: string }[] }) =>
      accused.map(({ candidate }) => candidate).sort()
    expect(named(verdict.digits)).toEqual(members.map(slot => `reader-${slot}`).sort())
    expect(named(verdict.code)).toEqual([`reader-${members[0]}`])
  })

  test('names nobody else, not even as the one who comes next', () => {
    const names = [...JSON.stringify(verdict).matchAll(/reader-\d+/g)].map(([name]) => name)
    expect(new Set(names)).toEqual(new Set(members.map(slot => `reader-${slot}`)))
  })

  test('is told with bounds that are at most what each layer may risk, and never 0', () => {
    for (const { epsilon, accused } of [verdict.digits, verdict.code])
      for (const { bound } of accused) {
        expect(bound).toBeLessThanOrEqual(epsilon)
        expect(bound).toBeGreaterThan(0)
      }
  })

  test('names the same in whatever order it comes', () => {
    const { digits, code } = traceMarks([...rows].reverse(), recordsById(...records), people, 1e-3)
    expect(digits).toEqual(verdict.digits)
    const told = ({ accused }: typeof code) =>
      accused.map(({ candidate, matches, of }) => ({ candidate, matches, of }))
    expect(told(code)).toEqual(told(verdict.code))
  })
})

test('of which nothing was matched names nobody', () => {
  const nothing = { epsilon: 5e-4, tested: 0, records: 0, accused: [] }
  expect(traceMarks([], new Map(), people, 1e-3)).toEqual({
    digits: { ...nothing, symbols: 0 },
    code: { ...nothing, both: 0 },
  })
})

test('names nobody on a bound that says nothing, whatever may be risked', () => {
  const records = recordsOf(4, 3)
  const leak = leakOf('code', 'interleave', records, [0], 4)
  const { code } = traceMarks(leak, recordsById(...records), everybody, 10)
  expect(code.accused.every(({ bound }) => bound < 1)).toBe(true)
})
