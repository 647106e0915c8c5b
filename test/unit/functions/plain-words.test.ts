/** What the API says of a body that is not what it takes: the place by the id of a clause, and in words of people. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { Operation } from '../../../functions/api/operation.ts'
import { readRequest } from '../../../functions/api/request.ts'
import { draftBody } from '../../../functions/api/shapes/agreement.ts'
import { templates } from '../../../shared/agreements/templates.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'

const operation = { body: z.strictObject(draftBody) } as unknown as Operation

function refusalOf(body: string): Refusal | undefined {
  const event = {
    body,
    isBase64Encoded: false,
    multiValueHeaders: { 'content-type': ['application/json'] },
  } as unknown as APIGatewayProxyEvent
  const read = readRequest(operation, event, 'person_1')
  return read instanceof Refusal ? read : undefined
}

const clauses = templates[0]?.clauses ?? []
const draft = {
  ...{ kind: 'access', counterparty: 'cedar', models: ['aurora'] },
  ...{ starts_at: '2026-12-01T00:00:00Z', ends_at: '2027-12-01T00:00:00Z' },
  clauses,
}
const told = (change: object): unknown => {
  const refused = refusalOf(JSON.stringify({ ...draft, ...change }))
  return refused && [refused.facts.field, refused.facts.detail]
}
/** Its first clause, of a quota, changed. */
const quota = (change: object, terms: object = {}) => ({
  clauses: clauses.map(one =>
    one.kind === 'quota' ? { ...one, ...change, terms: { ...one.terms, ...terms } } : one,
  ),
})

test('a draft of a template is what is taken', () => expect(told({})).toBeUndefined())

describe('of a clause, by its id', () => {
  test.each([
    [quota({}, { per_day: 'x' }), '.terms.per_day', 'it is a number'],
    [quota({}, { total: 0 }), '.terms.total', 'it is at least 1'],
    [quota({}, { streams: 1_000 }), '.terms.streams', 'it is at most 64'],
    [quota({}, { rpm: 1.5 }), '.terms.rpm', 'it is a whole number'],
    [quota({}, { rpm: undefined }), '.terms.rpm', 'it is missing'],
    [quota({ text: '' }), '.text', 'it has at least 1 character'],
    [quota({ text: 'x'.repeat(4_001) }), '.text', 'it has at most 4,000 characters'],
  ])('%#', (change, place, words) => {
    const id = clauses.find(({ kind }) => kind === 'quota')?.id
    expect(told(change)).toEqual([`clauses[${id}]${place}`, `clauses[${id}]${place}: ${words}`])
  })

  test('of a kind that there is not', () => {
    expect(String(told(quota({ kind: 'x' })))).toContain('it is one of quota, purpose, capabilities')
  })

  test('an id that is none is not repeated', () => {
    const hostile = quota({ id: '\u001b[2K', text: '' })
    expect(JSON.stringify(told(hostile))).not.toContain('2K')
  })
})

test.each([
  [{ kind: 'x' }, 'kind: it is one of engagement, access'],
  [{ kind: undefined }, 'kind: it is missing'],
  [{ models: 'aurora' }, 'models: it is a list'],
  [{ models: [] }, 'models: it has at least 1 item'],
  [{ starts_at: 'soon' }, 'starts_at: it is a time in UTC by RFC 3339, for instance 2027-06-01T00:00:00Z'],
])('of other fields: %j', (change, detail) => {
  expect(told(change)).toEqual([detail.replace(/:.*/, ''), detail])
})

test('a body that is too large hears of its own limit, not of that of calls', () => {
  const refused = refusalOf(JSON.stringify({ ...draft, title: 'x'.repeat(300_000) }))
  expect(refused?.code).toBe('body_too_large')
  expect(refused?.next).toContain('256 KiB')
})
