/** From when on a day is a reason to look, by the thresholds of a clause. */
import { describe, expect, test } from 'vitest'
import type { PatternTerms } from '../../../shared/domain/clauses.ts'
import { dayName, patternsOf, type SentInDay } from '../../../shared/domain/patterns.ts'

const sent = (over: Partial<SentInDay> = {}): SentInDay => ({
  ...{ replies: 200, clients: 24, words: 10_000, largest: ['client_1'], model: 'aurora' },
  repeated: { replies: 0, clients: [] },
  templated: { replies: 0, clients: [] },
  ...over,
})
const alike = (replies: number) => ({ replies, clients: ['client_2'] })
const raised = (day: SentInDay, terms: PatternTerms, before: readonly number[] = []) =>
  patternsOf('2026-11-26', day, terms, before).map(({ measures }) => measures.pattern)

describe('a day raises', () => {
  test('nothing where the clause sets no threshold for it', () => {
    const day = sent({ repeated: alike(200), templated: alike(200), words: 1e9 })
    expect(raised(day, {}, Array(14).fill(10))).toEqual([])
    expect(raised(day, { least_replies: 10 }, Array(14).fill(10))).toEqual([])
    expect(raised(day, { repetition_percent: 40 })).toEqual(['repetition'])
    expect(raised(day, { template_percent: 40 })).toEqual(['template'])
  })

  test('a repetition or a template from its percent on, and not one reply before', () => {
    expect(raised(sent({ repeated: alike(80) }), { repetition_percent: 40 })).toEqual(['repetition'])
    expect(raised(sent({ repeated: alike(79) }), { repetition_percent: 40 })).toEqual([])
    expect(raised(sent({ templated: alike(80) }), { template_percent: 40 })).toEqual(['template'])
    expect(raised(sent({ templated: alike(79) }), { template_percent: 40 })).toEqual([])
  })

  test('nothing on a day with few replies: of less than the clause says, or of less than 100', () => {
    const few = sent({ replies: 99, repeated: alike(99) })
    expect(raised(few, { repetition_percent: 1 })).toEqual([])
    expect(raised(few, { repetition_percent: 1, least_replies: 99 })).toEqual(['repetition'])
    expect(raised(sent({ replies: 100, repeated: alike(99) }), { repetition_percent: 1 })).toEqual([
      'repetition',
    ])
    expect(raised(sent({ replies: 0 }), { repetition_percent: 1, least_replies: 10 })).toEqual([])
  })

  test('a volume from so many times the median on, which one loud day before does not lift', () => {
    const before = [1_000, 1_000, 1_000, 1_000, 500_000]
    expect(raised(sent({ words: 10_000 }), { volume_factor: 10 }, before)).toEqual(['volume'])
    expect(raised(sent({ words: 9_999 }), { volume_factor: 10 }, before)).toEqual([])
  })

  test('no volume where too few days before had any: nobody can tell what is usual', () => {
    expect(raised(sent(), { volume_factor: 2 }, [1, 1, 1, 1])).toEqual([])
    expect(raised(sent(), { volume_factor: 2 }, [1, 1, 1, 1, 1])).toEqual(['volume'])
    expect(raised(sent(), { volume_factor: 2 }, [0, 0, 0, 0, 0])).toEqual([])
  })
})

test('it tells what was measured, rounded down, and the clients that have most part in it', () => {
  const day = sent({ replies: 300, repeated: alike(199), words: 12_345 })
  const terms = { repetition_percent: 60, volume_factor: 3 }
  const common = { day: '2026-11-26', replies: 300, clients: 24, words: 12_345 }
  expect(patternsOf('2026-11-26', day, terms, [1_000, 3_000, 3_000, 4_000, 4_000])).toEqual([
    {
      measures: { pattern: 'repetition', ...common, threshold: 60, matching: 199, percent: 66 },
      clients: ['client_2'],
    },
    {
      measures: { pattern: 'volume', ...common, threshold: 3, median: 3_000, factor: 4 },
      clients: ['client_1'],
    },
  ])
})

test('a day has its name in UTC', () => {
  expect([0, 20_783].map(dayName)).toEqual(['1970-01-01', '2026-11-26'])
})
