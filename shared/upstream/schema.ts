import * as z from 'zod/mini'
import type { Model, Upstream } from '../domain/records.ts'
import { Refusal, refuse } from '../domain/refusal.ts'
import type { Prepared, Request } from './operation.ts'

// Without a language the small build says "Invalid input" of everything.
z.config(z.locales.en())

/** An operation's `parse`: what fits the schema, to be prepared for one model. */
export const parseBy =
  <T>(
    schema: z.ZodMiniType<T>,
    prepare: (request: T, model: Model, upstream: Upstream) => Prepared | Refusal,
  ) =>
  (value: unknown): Request | Refusal => {
    const request = check(schema, value)
    if (request instanceof Refusal) return request
    return { prepare: (model, upstream) => prepare(request, model, upstream) }
  }

/** The value as the schema types it, or a refusal that names the first field that is wrong. */
export function check<T>(schema: z.ZodMiniType<T>, value: unknown): T | Refusal {
  const result = z.safeParse(schema, value)
  if (result.success) return result.data
  return fromIssue(deepest(result.error.issues))
}

function fromIssue(issue: Issue): Refusal {
  const field = fieldName(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const name = fieldName([...issue.path, issue.keys[0] ?? ''])
    return refuse('field_not_allowed', `${name} is not on the list of fields that this path takes.`, {
      field: name,
    })
  }
  const what = issue.message
  if (only(issue, null) || only(issue, false))
    return refuse('field_not_allowed', `${field} may only be ${only(issue, null) ? 'null' : 'false'} here.`, {
      field,
    })
  if (issue.path.at(-1) === 'type')
    return refuse('field_not_allowed', `${field} names a kind that this path does not take.`, { field })
  return refuse('body_malformed', `${field || 'The body'}: ${what}.`, { ...(field && { field }) })
}

type Issue = z.core.$ZodIssue

/** The field is known, but for nothing that asks for anything: `unused`, or `z.literal(false)`. */
const only = (issue: Issue, value: null | false): boolean =>
  value === null
    ? issue.code === 'invalid_type' && issue.expected === 'null'
    : issue.code === 'invalid_value' && issue.values.length === 1 && issue.values[0] === false

/** A field that SDKs send empty and that would spend what the request does not show. */
export const unused = z.optional(z.null())

/** Of a union's failures the one that came furthest is the one the caller meant. */
function deepest(issues: readonly Issue[]): Issue {
  const flat = issues.flatMap(issue => (issue.code === 'invalid_union' ? unfold(issue) : [issue]))
  return flat.reduce((best, issue) => (depth(issue) > depth(best) ? issue : best))
}

/** A field that is not for this path comes before what is wrong beside it. */
const depth = (issue: Issue): number =>
  issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0) + (only(issue, null) ? 0.5 : 0)

function unfold(issue: z.core.$ZodIssueInvalidUnion): Issue[] {
  const inner = issue.errors.flatMap(issues =>
    issues.map(one => ({ ...one, path: [...issue.path, ...one.path] })),
  )
  return inner.length === 0 ? [issue] : [deepest(inner)]
}

/** A caller chooses the names of unknown fields: no more of one is repeated than makes it recognisable. */
const nameLength = 64

/** `messages[2].content`. */
const fieldName = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[${step}]`
    const shown = String(step).slice(0, nameLength)
    return name === '' ? shown : `${name}.${shown}`
  }, '')
