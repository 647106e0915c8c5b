/** The OpenAPI 3.1 document of `/api/v1`, made from the operations that the router serves and their own shapes. */
import * as z from 'zod'
import {
  createDocument,
  type ZodOpenApiHeadersObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiOverride,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi'
import type { Operation } from '../../functions/api/operation.ts'
import { anyId } from '../../functions/api/shapes/common.ts'
import { offices } from '../../functions/governance/engine/signer.ts'
import { type ActionName, ruleOf } from '../../shared/domain/who-decides.ts'
import { personScope } from '../../shared/oauth/metadata.ts'
import { answersOf, isDecision } from './answers.ts'
import { codesOf, problemShapes, problemStatuses, refusedWith, statuses } from './problems.ts'
import { overview, partSentence, querySentences, tagSentences } from './words.ts'

/** As JSON. */
export type ApiDocument = Readonly<Record<string, unknown>>

const reference = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` })
const header = (name: string) => reference('headers', name)

export function apiDocument(operations: readonly Operation[]): ApiDocument {
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: { title: 'Sallyport API', version: 'v1', description: overview },
      servers: [{ url: '/api/v1', description: 'Below the issuer of a deployment.' }],
      security: [],
      tags: tagsOf(operations),
      paths: pathsOf(operations),
      components: {
        securitySchemes: {
          dpop: {
            type: 'http',
            scheme: 'DPoP',
            description:
              'An access token of `/oauth/token`, bound to a key (RFC 9449). It goes with a proof in the `DPoP` header.',
          },
        },
        parameters: parameters(),
        headers: headers(),
        responses: Object.fromEntries(statuses.map(status => [problemStatuses[status][0], refusal(status)])),
      },
    },
    { override: asPublished },
  )
  return JSON.parse(JSON.stringify(document)) as ApiDocument
}

/** In the order in which the operations come. */
const tagsOf = (operations: readonly Operation[]) =>
  [...new Set(operations.map(({ tag }) => tag))].map(name => {
    const description = tagSentences[name]
    return { name, ...(description !== undefined && { description }) }
  })

function pathsOf(operations: readonly Operation[]): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {}
  for (const operation of operations)
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: described(operation),
    }
  return paths
}

function described(operation: Operation): ZodOpenApiOperationObject {
  const { id, tag, summary, description, by, action, path, query, body, changes, creates, ranges } = operation
  const decides = action && decidesOf(action)
  const told = [description, decides && sentence(decides, isDecision(operation))].filter(Boolean).join('\n\n')
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, part = '']) => part)
  const sent = [
    by !== 'everyone' && 'Proof',
    changes && 'IfMatch',
    creates && 'IdempotencyKey',
    ranges && 'Range',
  ].filter(name => typeof name === 'string')
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(told !== '' && { description: told }),
    security: securityOf(operation),
    ...(decides && { 'x-sallyport-decides': decides }),
    ...(sent.length > 0 && { parameters: sent.map(name => reference('parameters', name)) }),
    requestParams: {
      ...(parts.length > 0 && {
        path: z.object(
          Object.fromEntries(parts.map(part => [part, anyId.meta({ description: partSentence(part) })])),
        ),
      }),
      ...(query && { query: withSentences(query) }),
    },
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...Object.fromEntries(
        [...answersOf(operation)].map(([status, shape]) => [status, answered(operation, status, shape)]),
      ),
      ...Object.fromEntries(
        refusedWith(operation).map(status => [status, reference('responses', problemStatuses[status][0])]),
      ),
    },
  }
}

/** Parameters that mean the same in every list need no description of their own. */
const withSentences = (query: z.ZodObject): z.ZodObject =>
  z.object(
    Object.fromEntries(
      Object.entries(query.shape as Record<string, z.ZodType>).map(([name, shape]) => {
        const description = querySentences[name]
        if (shape.description !== undefined || description === undefined) return [name, shape]
        // A component's id belongs to the one shape that has it.
        const { id: _, ...meta } = shape.meta() ?? {}
        return [name, shape.meta({ ...meta, description })]
      }),
    ),
  )

/** A person's token or a workload's, by the scope that it must have. */
function securityOf({ by, scope }: Operation) {
  if (by === 'everyone') return []
  const workloads = by === 'people' ? [] : [{ dpop: scope === undefined ? [] : [scope] }]
  return [{ dpop: [personScope] }, ...workloads]
}

interface Decides {
  readonly action: ActionName
  /** Whose signatures it takes: each seat is filled by another person. */
  readonly seats: readonly string[]
  readonly organisations: number
  readonly asks?: string
  readonly fresh_sign_in: boolean
  /** In force at once, to be ratified by a second person. */
  readonly at_once?: true
  /** Ask whoever does it for the id once more. */
  readonly severe?: true
  /** Whom the records narrow it to. */
  readonly narrowed?: string
}

export function decidesOf(action: ActionName): Decides {
  const { seats, organisations, asks, fresh, stops, severe, narrowed } = ruleOf(action)
  return {
    action,
    seats: seats.map(offices),
    organisations,
    ...(asks && { asks: offices(asks) }),
    fresh_sign_in: fresh,
    ...(stops && { at_once: true }),
    ...(severe && { severe: true }),
    ...(narrowed && { narrowed }),
  }
}

const sentence = ({ seats, organisations, asks, at_once }: Decides, decision: boolean): string =>
  [
    seats.length === 1
      ? `Decided by one person: ${seats[0]}.`
      : `Decided by ${seats.length} people${organisations > 1 ? ` of ${organisations} organisations` : ''}: ${seats.join('; ')}.`,
    asks && `It can be asked for by ${asks}.`,
    at_once && decision && 'It is in force at once, and a second person stands by it afterwards.',
  ]
    .filter(Boolean)
    .join(' ')

function answered(operation: Operation, status: number, shape: z.ZodType): ZodOpenApiResponseObject {
  const { changes, creates, ranges } = operation
  const decision = isDecision(operation)
  const meanings: Readonly<Record<number, string>> = {
    200: decision ? (creates ? 'A dry run, or in force.' : 'In force, or a dry run.') : 'As asked for.',
    201: 'Made.',
    202: 'It waits for the signature of another person.',
    206: 'A part of the file: Content-Range says which.',
  }
  // What waits has changed nothing yet; a record that is shown tells its version whatever came of the request.
  const versioned =
    (changes === true && status !== 202) || (shape instanceof z.ZodObject && 'version' in shape.shape)
  const located = creates === true && status !== 200
  return {
    description: meanings[status] ?? 'As asked for.',
    headers: {
      'x-request-id': header('RequestId'),
      'dpop-nonce': header('Nonce'),
      ...(versioned && { etag: header('Version') }),
      ...(located && { location: header('Location') }),
    } as ZodOpenApiHeadersObject,
    content: { [ranges ? 'application/octet-stream' : 'application/json']: { schema: shape } },
  }
}

function refusal(status: (typeof statuses)[number]): ZodOpenApiResponseObject {
  const shape = problemShapes.get(status)
  if (shape === undefined || codesOf(status).length === 0)
    throw new Error(`no refusal has the status ${status}`)
  const waits = status === 429 || status === 503
  return {
    description: problemStatuses[status][1],
    headers: {
      'x-request-id': header('RequestId'),
      ...(status === 401 && { 'www-authenticate': header('Challenge'), 'dpop-nonce': header('Nonce') }),
      ...(waits && { 'retry-after': header('RetryAfter') }),
    } as ZodOpenApiHeadersObject,
    content: { 'application/problem+json': { schema: shape } },
  }
}

const text = { type: 'string' } as const

const parameters = () => ({
  Proof: {
    name: 'DPoP',
    in: 'header' as const,
    required: true,
    description: 'A proof for this method, URL and token, fresh for every attempt (RFC 9449 §4.2).',
    schema: text,
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header' as const,
    required: true,
    description: 'The ETag of what you saw.',
    schema: { ...text, pattern: '^"[0-9]{1,15}"$' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header' as const,
    required: true,
    description: 'New and random for each request, the same where it is sent again. It counts for a day.',
    schema: { ...text, minLength: 8, maxLength: 202 },
  },
  Range: {
    name: 'Range',
    in: 'header' as const,
    required: false,
    description: 'One range that begins with a place: bytes=0-4194303 (RFC 9110 §14.2).',
    schema: text,
  },
})

const headers = () => ({
  RequestId: { description: 'The id of the request.', schema: text },
  Nonce: { description: 'For the next proof (RFC 9449 §8.2).', schema: text },
  Version: { description: 'The version of the record: what If-Match takes.', schema: text },
  Location: { description: 'Where it is, or the proposal for it.', schema: text },
  Challenge: { description: 'What the token or the proof lacks (RFC 9449 §7.1).', schema: text },
  RetryAfter: { description: 'Seconds.', schema: { type: 'integer' } as const },
})

/** Answers stay open to addition, and a number of JavaScript's is not a fact about the API. */
const asPublished: ZodOpenApiOverride = ({ jsonSchema, io }) => {
  if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
}
