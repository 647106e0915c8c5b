import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { operations } from '../../functions/api/operations.ts'
import { breaks } from '../../scripts/openapi/compatibility.ts'
import { type ApiDocument, apiDocument } from '../../scripts/openapi/document.ts'

type Json = Record<string, unknown>

const string = { type: 'string' }

/** One operation of each kind, with a shape that is shared. */
function sample() {
  return {
    components: {
      schemas: {
        Ship: {
          type: 'object',
          properties: {
            id: string as Json,
            state: { type: 'string', enum: ['docked', 'at_sea'] } as Json,
            flag: { type: ['string', 'null'] } as Json,
            crew: { type: 'array', items: { $ref: '#/components/schemas/Ship' } } as Json,
          } as Json,
          required: ['id', 'state', 'flag'],
        },
      },
      parameters: {
        Limit: { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100 } as Json },
      },
    },
    paths: {
      '/ships': {
        get: {
          operationId: 'listShips',
          security: [{ dpop: ['govern'] }] as Json[],
          parameters: [{ $ref: '#/components/parameters/Limit' }] as Json[],
          responses: {
            200: {
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Ship' } as Json } },
            },
          } as Json,
        } as Json,
        post: {
          operationId: 'nameShip',
          security: [] as Json[],
          requestBody: {
            content: {
              'application/json': {
                schema: {
                  type: 'object',
                  properties: {
                    name: { type: 'string', maxLength: 50 } as Json,
                    rig: { type: 'string', enum: ['sloop', 'ketch'] } as Json,
                    berth: { anyOf: [string, { type: 'null' }] } as Json,
                  } as Json,
                  required: ['name'],
                  additionalProperties: false,
                },
              },
            },
          },
          responses: { 200: {}, 201: {} } as Json,
        } as Json,
      } as Json,
    },
  }
}

type Sample = ReturnType<typeof sample>

const changed = (change: (document: Sample) => void): readonly string[] => {
  const after = sample()
  change(after)
  return breaks(sample() as unknown as ApiDocument, after as unknown as ApiDocument)
}

const ship = (document: Sample) => document.components.schemas.Ship
const list = (document: Sample) =>
  document.paths['/ships'].get as Json & { parameters: Json[]; responses: Json }
const name = (document: Sample) => document.paths['/ships'].post as Json & { responses: Json }
const body = (document: Sample) =>
  (name(document).requestBody as { content: { 'application/json': { schema: Json } } }).content[
    'application/json'
  ].schema as { properties: Json; required: string[] }

describe('what breaks a promise of /v1', () => {
  test.each<[string, (document: Sample) => void, string]>([
    ['an operation disappears', d => delete d.paths['/ships'].post, 'POST /ships is gone'],
    [
      'an operation has another id',
      d => {
        list(d).operationId = 'ships'
      },
      'GET /ships is no longer called listShips',
    ],
    [
      'it asks for another token',
      d => {
        list(d).security = [{ dpop: ['log:own'] }]
      },
      'GET /ships asks for another token',
    ],
    [
      'it newly asks for a token',
      d => {
        name(d).security = [{ dpop: [] }]
      },
      'POST /ships asks for another token',
    ],
    ['an answer disappears', d => delete name(d).responses['201'], 'POST /ships no longer answers 201'],
    ['a field of an answer disappears', d => delete ship(d).properties.flag, 'GET /ships 200.flag is gone'],
    [
      'a field of an answer may be missing',
      d => {
        ship(d).required = ['id', 'state']
      },
      'GET /ships 200.flag may be missing',
    ],
    [
      'a field of an answer may be null',
      d => {
        ship(d).properties.id = { type: ['string', 'null'] }
      },
      'GET /ships 200.id was string and is string or null',
    ],
    [
      'a field of an answer is of another kind',
      d => {
        ship(d).properties.crew = { type: 'array', items: { type: 'string' } }
      },
      'GET /ships 200.crew[] was object and is string',
    ],
    [
      'a parameter is no longer taken',
      d => {
        list(d).parameters = []
      },
      'GET /ships no longer takes query limit',
    ],
    [
      'a parameter is newly asked for',
      d => {
        list(d).parameters.push({ name: 'port', in: 'query', required: true, schema: string })
      },
      'GET /ships newly asks for query port',
    ],
    [
      'a parameter is bounded more narrowly',
      d => {
        d.components.parameters.Limit.schema = { type: 'integer', maximum: 50 }
      },
      'GET /ships query limit has another maximum',
    ],
    ['a field is no longer taken', d => delete body(d).properties.rig, 'POST /ships body.rig is gone'],
    [
      'a field is newly asked for',
      d => {
        body(d).required = ['name', 'rig']
      },
      'POST /ships body.rig is newly asked for',
    ],
    [
      'a value is no longer taken',
      d => {
        body(d).properties.rig = { type: 'string', enum: ['sloop'] }
      },
      'POST /ships body.rig no longer takes "ketch"',
    ],
    [
      'a free text takes some values only',
      d => {
        body(d).properties.name = { type: 'string', maxLength: 50, enum: ['Swift'] }
      },
      'POST /ships body.name takes some values only',
    ],
    [
      'one of several kinds is no longer taken',
      d => {
        body(d).properties.berth = { anyOf: [string] }
      },
      'POST /ships body.berth is of other kinds',
    ],
    [
      'fields beyond the named ones are no longer taken',
      d => {
        body(d).properties.name = { type: 'string', maxLength: 50, additionalProperties: false }
      },
      'POST /ships body.name has another additionalProperties',
    ],
    [
      'a body is newly asked for',
      d => {
        list(d).requestBody = { content: { 'application/json': { schema: { type: 'object' } } } }
      },
      'GET /ships newly asks for a body',
    ],
  ])('%s', (_, change, said) => {
    expect(changed(change)).toContain(said)
  })
})

describe('what is an addition', () => {
  test.each<[string, (document: Sample) => void]>([
    [
      'an operation',
      d => {
        d.paths['/ships'].patch = { operationId: 'refit', responses: {} }
      },
    ],
    [
      'a field of an answer',
      d => {
        ship(d).properties.length = { type: 'integer' }
        ship(d).required.push('length')
      },
    ],
    [
      'a state',
      d => {
        ship(d).properties.state = { type: 'string', enum: ['docked', 'at_sea', 'sunk'] }
      },
    ],
    [
      'a field that is never null any more',
      d => {
        ship(d).properties.flag = string
      },
    ],
    [
      'an optional parameter',
      d => {
        list(d).parameters.push({ name: 'port', in: 'query', schema: string })
      },
    ],
    [
      'a field that can be sent',
      d => {
        body(d).properties.port = string
      },
    ],
    [
      'a value that can be sent',
      d => {
        body(d).properties.rig = { type: 'string', enum: ['sloop', 'ketch', 'yawl'] }
      },
    ],
    [
      'a wider bound',
      d => {
        body(d).properties.name = { type: 'string', maxLength: 80 }
      },
    ],
    [
      'a name for a shape that had none',
      d => {
        Object.assign(d.components.schemas, { State: ship(d).properties.state })
        ship(d).properties.state = { $ref: '#/components/schemas/State' }
      },
    ],
    [
      'a token of workloads beside those of people',
      d => {
        list(d).security = [{ dpop: ['govern'] }, { dpop: ['log:own'] }]
      },
    ],
  ])('%s', (_, change) => {
    expect(changed(change)).toEqual([])
  })
})

describe('of the API itself', () => {
  const document = apiDocument(operations)

  test('it keeps its own promises', () => {
    expect(breaks(document, document)).toEqual([])
  })

  test('leaving out any operation is seen, adding it is not', () => {
    fc.assert(
      fc.property(fc.nat({ max: operations.length - 1 }), left => {
        const rest = apiDocument(operations.filter((_, i) => i !== left))
        const { method, path } = operations[left] ?? { method: '', path: '' }
        expect(breaks(document, rest)).toEqual([`${method} ${path} is gone`])
        expect(breaks(rest, document)).toEqual([])
      }),
      { numRuns: 10 },
    )
  })

  test('a required field that any answer loses is seen', () => {
    const { schemas } = document.components as { schemas: Readonly<Record<string, Json>> }
    const answers = [
      'Partner',
      'Client',
      'Proposal',
      'Hold',
      'Decision',
      'Signature',
      'Subject',
      'NotFoundProblem',
    ]
    for (const shape of answers) {
      const [field] = (schemas[shape]?.required ?? []) as readonly string[]
      expect(field, shape).toBeDefined()
      const after = structuredClone(document) as { components: { schemas: Record<string, Json> } }
      const lost = after.components.schemas[shape]
      if (lost) lost.required = (lost.required as string[]).filter(one => one !== field)
      expect(breaks(document, after as never).join('\n')).toMatch(new RegExp(`\\.${field} may be missing`))
    }
  })
})
