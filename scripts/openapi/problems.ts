/** Refusals of `/api/v1` as the OpenAPI document describes them (RFC 9457), and which of them an operation can answer. */
import * as z from 'zod'
import type { Operation } from '../../functions/api/operation.ts'
import { type RefusalCode, refusals } from '../../shared/domain/refusal.ts'

/** What only a call of a model can meet. */
const gateOnly: readonly RefusalCode[] = [
  'limit_required',
  'request_exceeds_limit',
  'capability_withheld',
  'budget_exhausted',
  'pool_exhausted',
  'day_exhausted',
  'streams_exhausted',
  'meter_closed',
  'record_unavailable',
  'upstream_refused',
]

/** Each as a component: its name there, and when it is met. */
export const problemStatuses = {
  400: ['BadRequest', 'The request is not what this operation takes.'],
  401: ['Unauthorized', 'The token, the proof or the session does not count, or is too old for this.'],
  403: ['Forbidden', 'You are known, and this is not for you now.'],
  404: ['NotFound', 'There is no such record for you.'],
  409: ['Conflict', 'What there is does not allow it.'],
  410: ['Gone', 'It was there, and is kept no longer.'],
  412: ['PreconditionFailed', 'It has changed since you saw it.'],
  413: ['ContentTooLarge', 'The body is too large, or what was asked for is.'],
  416: ['RangeNotSatisfiable', 'A file is fetched in parts, and this is none of it.'],
  422: ['UnprocessableContent', 'The Idempotency-Key was used for another request.'],
  428: ['PreconditionRequired', 'The version that was seen is missing.'],
  429: ['TooManyRequests', 'Too many requests at once.'],
  500: ['InternalServerError', 'The request failed here.'],
  503: ['ServiceUnavailable', 'A store or a key did not answer, so nothing was done.'],
} as const satisfies Record<number, readonly [string, string]>

export type ProblemStatus = keyof typeof problemStatuses

export const statuses = Object.keys(problemStatuses).map(Number) as ProblemStatus[]

/** The codes of the published list that come with a status here. */
export const codesOf = (status: ProblemStatus): readonly RefusalCode[] =>
  (Object.keys(refusals) as RefusalCode[])
    .filter(code => refusals[code].status === status && !gateOnly.includes(code))
    .sort()

const shapeOf = (status: ProblemStatus) =>
  z
    .object({
      type: z.string().meta({ description: 'urn:sallyport:refusal: and the code.' }),
      title: z.string().meta({ description: 'The reason, the same for every refusal of this code.' }),
      status: z.literal(status),
      code: z.enum(codesOf(status)).meta({ description: 'Of the published list.' }),
      detail: z.string().meta({ description: 'What exactly was wrong with this request.' }),
      next: z.string().meta({ description: 'What you can do now.' }),
      request_id: z.string().meta({ description: 'For whoever looks into it.' }),
      rules: z.int().optional().meta({
        description:
          'The version of the approval rules in force. Absent where it had not been read: for whoever is not known, and where the request was refused before.',
      }),
      clause: z
        .string()
        .optional()
        .meta({ description: 'The clause of the agreement that it rests on, by its id.' }),
      error: z
        .string()
        .optional()
        .meta({ description: 'The code of RFC 6750 or RFC 9449, where it has one.' }),
      errors: z
        .array(z.object({ path: z.string(), message: z.string() }))
        .optional()
        .meta({ description: 'The fields of the request that are wrong.' }),
    })
    .meta({ id: `${problemStatuses[status][0]}Problem` })

/** The shape of the problem, by its status. */
export const problemShapes = new Map(statuses.map(status => [status, shapeOf(status)]))

/** The statuses with which an operation can refuse. */
export function refusedWith(operation: Operation): readonly ProblemStatus[] {
  const { by, method, path, body, changes, creates, byState, ranges, tag } = operation
  const known = by !== 'everyone'
  const names = path.includes('{') || body !== undefined
  const applies: Readonly<Record<ProblemStatus, boolean>> = {
    400: true,
    // Whoever comes without a token can still bring a ticket and a proof.
    401: known || body !== undefined,
    403: known || body !== undefined,
    404: names,
    409: method !== 'GET' || byState === true,
    410: method === 'GET' && names && (ranges === true || tag === 'entries'),
    // Also where the version stands in the body, as the digest of terms that are signed.
    412: changes === true || (known && method !== 'GET'),
    413: body !== undefined || ranges === true,
    416: ranges === true,
    422: creates === true,
    428: changes === true,
    429: true,
    500: true,
    503: true,
  }
  return statuses.filter(status => applies[status])
}
