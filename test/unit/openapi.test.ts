import { createConfig, lintFromString } from '@redocly/openapi-core'
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../functions/api/operation.ts'
import { openapiOperations } from '../../functions/api/operations/openapi.ts'
import { operations } from '../../functions/api/operations.ts'
import { checkedInDocument } from '../../scripts/docs.ts'
import { answersOf } from '../../scripts/openapi/answers.ts'
import { breaks } from '../../scripts/openapi/compatibility.ts'
import { apiDocument } from '../../scripts/openapi/document.ts'
import { codesOf, refusedWith, statuses } from '../../scripts/openapi/problems.ts'
import { tagSentences } from '../../scripts/openapi/words.ts'
import { refusals } from '../../shared/domain/refusal.ts'
import { ruleOf } from '../../shared/domain/who-decides.ts'
import { operationAt, validateAnswer } from '../world/openapi.ts'

type Described = Readonly<Record<string, unknown>> & {
  readonly operationId: string
  readonly parameters?: readonly { readonly $ref?: string; readonly name?: string; readonly in?: string }[]
  readonly responses: Readonly<Record<string, unknown>>
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly 'x-sallyport-decides'?: { readonly action: string; readonly seats: readonly string[] }
}

const document = apiDocument(operations)
const paths = document.paths as Readonly<Record<string, Readonly<Record<string, Described>>>>
const described = (operation: Operation): Described | undefined =>
  paths[operation.path]?.[operation.method.toLowerCase()]
const sends = (operation: Operation): readonly (string | undefined)[] =>
  (described(operation)?.parameters ?? []).map(one => one.$ref?.split('/').at(-1) ?? `${one.in} ${one.name}`)

describe('the document describes every operation', () => {
  test('once, by a unique id', () => {
    expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length)
    expect(new Set(operations.map(({ method, path }) => `${method} ${path}`)).size).toBe(operations.length)
    const ids = Object.values(paths).flatMap(item =>
      Object.values(item).map(({ operationId }) => operationId),
    )
    expect(ids.toSorted()).toEqual(operations.map(({ id }) => id).toSorted())
  })

  test.each(operations)('$id: its parameters, its tokens, its answers', operation => {
    expect(operation.id).toMatch(/^[a-z][A-Za-z0-9]+$/)
    expect(operation.summary).toMatch(/^[A-Z].{5,120}[^.]$/)
    expect(tagSentences).toHaveProperty(operation.tag)
    const sent = sends(operation)
    expect(sent.includes('Proof')).toBe(operation.by !== 'everyone')
    expect(sent.includes('IfMatch')).toBe(operation.changes === true)
    expect(sent.includes('IdempotencyKey')).toBe(operation.creates === true)
    for (const [, part] of operation.path.matchAll(/\{(\w+)\}/g)) expect(sent).toContain(`path ${part}`)
    const { responses, security } = described(operation) ?? { responses: {}, security: [] }
    expect(answersOf(operation).size).toBeGreaterThan(0)
    expect(Object.keys(responses)).toEqual(
      [...answersOf(operation).keys(), ...refusedWith(operation)].map(String).toSorted(),
    )
    expect(security.length > 0).toBe(operation.by !== 'everyone')
  })

  test('with the seats of the rule that decides on it', () => {
    const decided = operations.filter(({ action }) => action !== undefined)
    expect(decided.length).toBeGreaterThan(10)
    for (const operation of decided) {
      const said = described(operation)?.['x-sallyport-decides']
      expect(said?.action).toBe(operation.action)
      expect(said?.seats).toHaveLength(operation.action ? ruleOf(operation.action).seats.length : 0)
    }
    const select = operations.find(({ action }) => action === 'partner.select')
    expect(select && described(select)?.['x-sallyport-decides']).toMatchObject({
      seats: ['developer-admin of its developer', 'nsa-admin of the government'],
      organisations: 2,
    })
  })

  test.each(['model.release', 'model.withdraw', 'model.kill'])('%s waits on nobody', action => {
    const operation = operations.find(one => one.action === action)
    expect(operation && Object.keys(described(operation)?.responses ?? {})).not.toContain('202')
    expect(operation && described(operation)?.description).toContain('Decided by one person: developer-admin')
  })

  test('what takes two people where a mission hangs on it can wait', () => {
    const operation = operations.find(one => one.action === 'grant.suspend')
    expect(operation && Object.keys(described(operation)?.responses ?? {})).toContain('202')
  })

  test('and refusals with the codes of the published list', () => {
    const responses = (document.components as { schemas: Record<string, unknown> }).schemas
    expect(responses.PreconditionFailedProblem).toMatchObject({
      properties: { code: { enum: ['version_stale'] }, status: { const: 412 } },
      required: ['type', 'title', 'status', 'code', 'detail', 'next', 'request_id'],
    })
    for (const status of statuses)
      for (const code of codesOf(status)) expect(refusals[code].status).toBe(status)
  })
})

test('answers stay open to addition, bodies of requests are closed', () => {
  const { schemas } = document.components as { schemas: Record<string, { additionalProperties?: unknown }> }
  expect(schemas.Partner).not.toHaveProperty('additionalProperties')
  expect(schemas.Reason).toHaveProperty('additionalProperties', false)
})

test('nothing in it reads like a permission that somebody gives', () => {
  // The kind of the clause that says that there is no licence.
  const said = JSON.stringify(document).replaceAll('"non-licensing"', '')
  expect(said).not.toMatch(/licen[cs]|permit|permission|clearance/i)
})

test('the linter finds nothing', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      // It is nobody's licence.
      'info-license': 'off',
      'info-license-strict': 'off',
      'operation-4xx-problem-details-rfc7807': 'error',
      'operation-tag-defined': 'error',
      'parameter-description': 'error',
      'path-params-defined': 'error',
    },
  })
  const problems = await lintFromString({
    source: JSON.stringify(document),
    absoluteRef: 'openapi.json',
    config,
  })
  expect(
    problems.map(({ ruleId, message, location: [at] }) => `${ruleId}: ${message} ${at?.pointer}`),
  ).toEqual([])
})

describe('the document that is checked in', () => {
  test('is the one of the code: otherwise run npm run docs', () => {
    expect(checkedInDocument()).toEqual(document)
  })

  test('promises nothing that the code no longer keeps', () => {
    expect(breaks(checkedInDocument() ?? {}, document)).toEqual([])
  })

  test('is what everyone is served', async () => {
    const [operation] = openapiOperations
    const answer = await operation?.answer({} as never)
    expect(operation?.by).toBe('everyone')
    expect(answer).toEqual({ status: 200, body: checkedInDocument(), maxAge: 300 })
  })
})

describe('answers are judged by their shapes', () => {
  const partner = {
    id: 'harbour',
    name: 'Harbour Works',
    state: 'active',
    sector: null,
    developers: ['aurora'],
    governments: ['office'],
    stop: null,
    continues: [],
    version: 3,
  }
  const problem = {
    type: 'urn:sallyport:refusal:record_unknown',
    title: refusals.record_unknown.title,
    status: 404,
    code: 'record_unknown',
    detail: 'There is no partner harbour for you.',
    next: refusals.record_unknown.next,
    request_id: 'one',
  }

  test('one that fits is let through, refusals as well', () => {
    validateAnswer('getPartner', 200, partner)
    validateAnswer('listPartners', 200, { items: [partner], next: null })
    validateAnswer('getPartner', 404, problem)
  })

  test.each([
    ['a field that is missing', 'getPartner', 200, { ...partner, name: undefined }],
    ['a field of another kind', 'getPartner', 200, { ...partner, version: '3' }],
    ['a state that is none', 'getPartner', 200, { ...partner, state: 'asleep' }],
    ['a field too many', 'getPartner', 200, { ...partner, secret: 'x' }],
    ['a field too many, deep inside', 'listPartners', 200, { items: [{ ...partner, x: 1 }], next: null }],
    ['a status that it does not publish', 'getPartner', 202, partner],
    ['a refusal that belongs to another status', 'getPartner', 404, { ...problem, code: 'version_stale' }],
    ['a refusal of a change, where nothing changes', 'getPartner', 412, { ...problem, status: 412 }],
    ['a refusal that says more than the shape', 'getPartner', 404, { ...problem, stack: '…' }],
    ['an operation that is not there', 'getNothing', 200, {}],
  ])('%s throws', (_, id, status, body) => {
    expect(() => validateAnswer(id, status, JSON.parse(JSON.stringify(body)))).toThrow(id)
  })

  test('an operation is found by its request', () => {
    expect(operationAt('GET', '/partners/harbour')).toBe('getPartner')
    expect(operationAt('POST', '/partners/harbour/select')).toBe('selectPartner')
    expect(operationAt('PATCH', '/partners/harbour/select')).toBeUndefined()
  })

  test('every shape can be judged strictly', () => {
    for (const operation of operations)
      for (const status of answersOf(operation).keys())
        expect(() => validateAnswer(operation.id, status, 'no record')).toThrow('✖')
  })
})
