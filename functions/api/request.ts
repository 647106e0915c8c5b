/** What a request brings, by the conventions of the API: JSON, `If-Match`, `Idempotency-Key`. */
import { hash } from 'node:crypto'
import type { APIGatewayProxyEvent } from 'aws-lambda'
import type * as z from 'zod'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { bodyBytes, headerValues } from '../http.ts'
import type { Context, Operation } from './operation.ts'
import { placeOf, plainWords } from './plain-words.ts'

type Read = Pick<Context, 'query' | 'body' | 'rev' | 'idempotency' | 'range'>

const usualBody = 256 * 1024

export function readRequest(
  operation: Operation,
  event: APIGatewayProxyEvent,
  caller: string,
): Read | Refusal {
  const query = readQuery(operation, event)
  if (query instanceof Refusal) return query
  const body = readBody(operation, event)
  if (body instanceof Refusal) return body
  const rev = operation.changes ? readVersion(event) : undefined
  if (rev instanceof Refusal) return rev
  const idempotency = operation.creates ? readKey(event, caller) : undefined
  if (idempotency instanceof Refusal) return idempotency
  const range = operation.ranges ? headerValues(event, 'range').join(', ') : ''
  return {
    query,
    body: body.value,
    ...(rev !== undefined && { rev }),
    ...(idempotency !== undefined && { idempotency }),
    ...(range !== '' && { range }),
  }
}

function readQuery({ query: schema }: Operation, event: APIGatewayProxyEvent): unknown {
  const given = event.multiValueQueryStringParameters ?? {}
  const twice = Object.entries(given).find(([, values]) => (values?.length ?? 0) > 1)
  if (twice) return refuse('body_malformed', `${twice[0]} stands twice.`, { field: twice[0] })
  const query = event.queryStringParameters ?? {}
  if (schema === undefined) {
    const [first] = Object.keys(query)
    return first === undefined
      ? undefined
      : refuse('field_not_allowed', `${first.slice(0, 100)} is no parameter of this.`, {
          field: first.slice(0, 100),
        })
  }
  return judged(schema, query)
}

function readBody(
  { body: schema, maxBody = usualBody }: Operation,
  event: APIGatewayProxyEvent,
): { value: unknown } | Refusal {
  const bytes = bodyBytes(event)
  if (schema === undefined)
    return bytes.length === 0 ? { value: undefined } : refuse('body_malformed', 'This takes no body.')
  if (bytes.length > maxBody) {
    const most = maxBody % 1_048_576 === 0 ? `${maxBody / 1_048_576} MiB` : `${maxBody / 1_024} KiB`
    return refuse('body_too_large', `A body here has at most ${most}.`, {
      next: `Send at most ${most}: shorter texts, or fewer of them.`,
    })
  }
  const [type = ''] = headerValues(event, 'content-type')
  if (!/^application\/json\s*(;|$)/i.test(type))
    return refuse('body_malformed', 'The body is application/json.')
  const parsed = parseJson(bytes)
  if (parsed instanceof Refusal) return parsed
  const value = judged(schema, parsed.value)
  return value instanceof Refusal ? value : { value }
}

function parseJson(bytes: Uint8Array): { readonly value: unknown } | Refusal {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) }
  } catch {
    return refuse('body_malformed', 'The body is not JSON in UTF-8.')
  }
}

/** The first field that is wrong is named; what it held is not repeated. */
function judged(schema: z.ZodType, given: unknown): unknown {
  const result = schema.safeParse(given, { error: plainWords })
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = placeOf(issue?.path ?? [], given)
  if (issue?.code === 'unrecognized_keys') {
    const field = [path, issue.keys[0]?.slice(0, 100)].filter(Boolean).join('.')
    return refuse('field_not_allowed', `${field} is no field of this.`, { field })
  }
  const detail = `${path || 'The whole'}: ${issue?.message ?? 'it is not what this takes'}`
  return refuse('body_malformed', detail, { field: path || 'body' })
}

/** RFC 9110 §13.1.1: one strong validator, the version that was seen. */
function readVersion(event: APIGatewayProxyEvent): number | Refusal {
  const [value, ...others] = headerValues(event, 'if-match')
  if (value === undefined) return refuse('version_required', 'The If-Match header is missing.')
  const match = others.length === 0 ? /^"(\d{1,15})"$/.exec(value.trim()) : null
  return match ? Number(match[1]) : refuse('version_stale', 'If-Match is no ETag of this.')
}

/** draft-ietf-httpapi-idempotency-key-header-07 §2.1: a structured string; bare tokens are taken as well. */
function readKey(event: APIGatewayProxyEvent, caller: string): { keyHash: string; digest: string } | Refusal {
  const [value, ...others] = headerValues(event, 'idempotency-key')
  if (value === undefined) return refuse('idempotency_key_required', 'The Idempotency-Key header is missing.')
  const key = /^"?([\x21\x23-\x7e]{8,200})"?$/.exec(value.trim())?.[1]
  if (others.length > 0 || key === undefined)
    return refuse('idempotency_key_required', 'The Idempotency-Key is 8 to 200 printable characters.')
  const request = `${event.httpMethod} ${event.path}\n${Buffer.from(bodyBytes(event)).toString('base64')}`
  return { keyHash: sha256(`${caller}\n${key}`), digest: sha256(request) }
}

const sha256 = (text: string): string => hash('sha256', text, 'base64url')
