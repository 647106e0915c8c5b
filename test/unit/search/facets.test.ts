import { expect, test } from 'vitest'
import { facets } from '../../../shared/search/facets.ts'
import { searchFacts } from '../../../shared/search/facts.ts'
import { bodyOf, everyKind } from './every-kind.ts'

const called = (index: number, code: string) =>
  searchFacts(`x${index}`, { unmapped: { kind: 'refusal', decision: 'refuse', code } })

test('facets count each value among what was found, the most frequent first', () => {
  const found = Object.values(everyKind).map(named => searchFacts(named.eid, bodyOf(named), named.entry))
  const told = Object.fromEntries(facets(found).map(({ key, values }) => [key, values]))
  expect(Object.keys(told)).toEqual(['decision', 'code', 'partner', 'model', 'client', 'type'])
  expect(told.type).toEqual([
    { value: 'system', count: 9 },
    { value: 'session', count: 7 },
    { value: 'access', count: 6 },
    { value: 'inquiry', count: 6 },
    { value: 'export', count: 5 },
    { value: 'token', count: 5 },
    { value: 'decision', count: 4 },
    { value: 'read', count: 2 },
    { value: 'epoch', count: 1 },
  ])
  expect(told.partner).toEqual([
    { value: 'cedar', count: 34 },
    { value: 'ledger', count: 6 },
    { value: 'halcyon', count: 1 },
  ])
  expect(told.code).toEqual([
    { value: 'hold_active', count: 2 },
    { value: 'person_suspended', count: 2 },
    { value: 'grant_suspended', count: 1 },
    { value: 'invalid_grant', count: 1 },
    { value: 'leak_unreadable', count: 1 },
    { value: 'streams_exhausted', count: 1 },
  ])
})

test('facets name at most 20 values of a key, and none where nothing was found', () => {
  const found = Array.from({ length: 30 }, (_, index) => called(index, `code_${index % 25}`))
  const codes = facets(found).find(({ key }) => key === 'code')?.values ?? []
  expect(codes).toHaveLength(20)
  expect(codes[0]).toEqual({ value: 'code_0', count: 2 })
  expect(codes.map(({ count }) => count)).toEqual([2, 2, 2, 2, 2, ...Array(15).fill(1)])
  expect(facets([]).every(({ values }) => values.length === 0)).toBe(true)
})

test('a value that every object has by itself is counted as any other', () => {
  const [, code] = facets([called(1, '__proto__'), called(2, 'constructor')])
  expect(code?.values).toEqual([
    { value: '__proto__', count: 1 },
    { value: 'constructor', count: 1 },
  ])
})
