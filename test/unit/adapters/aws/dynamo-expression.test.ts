import { describe, expect, test } from 'vitest'
import { expressions } from '../../../../shared/adapters/aws/dynamo-expression.ts'
import type { Change, Condition } from '../../../../shared/ports/store.ts'

const condition = (given: Condition): string | undefined => expressions(given).ConditionExpression
const update = (given: Change): string | undefined => expressions(undefined, given).UpdateExpression

const a: Condition = { exists: ['a'] }
const b: Condition = { exists: ['b'] }
const c: Condition = { exists: ['c'] }
const [isA, isB, isC] = ['attribute_exists(#n0)', 'attribute_exists(#n1)', 'attribute_exists(#n2)']
const never = 'attribute_exists(#n0) AND attribute_not_exists(#n0)'

describe('a condition', () => {
  test.each<[Condition, string]>([
    [{ exists: ['m', 'x'] }, 'attribute_exists(#n0.#n1)'],
    [{ absent: ['m', 'm'] }, 'attribute_not_exists(#n0.#n0)'],
    [{ eq: [['n'], 1] }, '#n0 = :v0'],
    [{ lt: [['n'], 1] }, '#n0 < :v0'],
    [{ le: [['n'], 1] }, '#n0 <= :v0'],
    [{ gt: [['n'], 'a'] }, '#n0 > :v0'],
    [{ ge: [['n'], 'a'] }, '#n0 >= :v0'],
    [{ sizeLt: [['m'], 3] }, 'attribute_type(#n0, :v0) AND size(#n0) < :v1'],
    [{ lt: [['n'], true] }, never],
  ])('%j', (given, text) => {
    expect(condition(given)).toBe(text)
  })

  // DynamoDB refuses redundant parentheses.
  test.each<[string, Condition, string]>([
    ['of one part is the part', { and: [{ or: [{ and: [a] }] }] }, isA],
    [
      'has parentheses only where OR stands under AND',
      { and: [a, { or: [b, c] }] },
      `${isA} AND (${isB} OR ${isC})`,
    ],
    ['needs none where AND stands under OR', { or: [a, { and: [b, c] }] }, `${isA} OR ${isB} AND ${isC}`],
    ['needs none where AND stands under AND', { and: [{ and: [a, b] }, c] }, `${isA} AND ${isB} AND ${isC}`],
    ['of a negation', { not: { eq: [['n'], 1] } }, 'NOT #n0 = :v0'],
    ['of a negated conjunction', { not: { and: [a, b] } }, `NOT (${isA} AND ${isB})`],
    ['of a negated alternative', { and: [{ not: { or: [a, b] } }, c] }, `NOT (${isA} OR ${isB}) AND ${isC}`],
    [
      'of a negated size',
      { not: { sizeLt: [['m'], 3] } },
      'NOT (attribute_type(#n0, :v0) AND size(#n0) < :v1)',
    ],
    ['of nothing to hold', { and: [] }, 'attribute_exists(#n0) OR attribute_not_exists(#n0)'],
    ['of nothing that could hold', { not: { or: [] } }, `NOT (${never})`],
    [
      'of nothing to hold, under AND',
      { and: [a, { and: [] }] },
      `${isA} AND (attribute_exists(#n1) OR attribute_not_exists(#n1))`,
    ],
  ])('%s', (_, given, text) => {
    expect(condition(given)).toBe(text)
  })
})

describe('a change', () => {
  test.each<[string, Change, string | undefined]>([
    ['of nothing', {}, undefined],
    ['of empty lists', { set: [], remove: [] }, undefined],
    [
      'sets',
      {
        set: [
          [['m', 'x'], 'a'],
          [['n'], 1],
        ],
      },
      'SET #n0.#n1 = :v0, #n2 = :v1',
    ],
    ['adds to what may be missing', { add: [[['n'], -2]] }, 'SET #n0 = if_not_exists(#n0, :v0) + :v1'],
    ['sums', { sum: [[['m', 'x'], ['n'], -2]] }, 'SET #n0.#n1 = #n2 + :v0'],
    ['removes', { remove: [['n'], ['m', 'x']] }, 'REMOVE #n0, #n1.#n2'],
    ['does all in two clauses', { remove: [['a']], set: [[['b'], 1]] }, 'SET #n0 = :v0 REMOVE #n1'],
  ])('%s', (_, given, text) => {
    expect(update(given)).toBe(text)
  })

  test('refuses what DynamoDB cannot hold, and the name that the SDK loses', () => {
    expect(() => update({ set: [[['a'], undefined]] })).toThrow(TypeError)
    expect(() => update({ set: [[['a'], 1n]] })).toThrow(TypeError)
    expect(() => update({ add: [[['m', '__proto__'], 1]] })).toThrow(TypeError)
  })
})

test('a condition and a change share their placeholders, and each name and value is there', () => {
  expect(
    expressions(
      { and: [{ eq: [['state'], 'open'] }, { absent: ['leases', 'a.b'] }] },
      { set: [[['leases', 'a.b'], { r: 1 }]], remove: [['state']] },
    ),
  ).toEqual({
    ConditionExpression: '#n0 = :v0 AND attribute_not_exists(#n1.#n2)',
    UpdateExpression: 'SET #n1.#n2 = :v1 REMOVE #n0',
    ExpressionAttributeNames: { '#n0': 'state', '#n1': 'leases', '#n2': 'a.b' },
    ExpressionAttributeValues: { ':v0': { S: 'open' }, ':v1': { M: { r: { N: '1' } } } },
  })
})

test('what would be empty is left out', () => {
  expect(expressions(undefined)).toEqual({})
  expect(Object.keys(expressions({ exists: ['a'] }))).toEqual([
    'ConditionExpression',
    'ExpressionAttributeNames',
  ])
})
