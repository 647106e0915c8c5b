/**
 * An operation of `/api/v1` as data: the router serves it, the OpenAPI document describes it, and the tests of
 * authorisation walk over it, all from this one description.
 */
import type * as z from 'zod'
import type { Refusal } from '../../shared/domain/refusal.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { apiScopes } from '../../shared/oauth/metadata.ts'
import type { ApiDeps } from './app.ts'
import type { Caller, PersonCaller } from './caller.ts'

export interface Answer {
  readonly status: 200 | 201 | 202 | 206
  readonly body: object
  /** Bytes in place of the body, with the headers that say what they are. */
  readonly content?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** The version of the record that is shown: its ETag. */
  readonly rev?: number
  /** Seconds for which anybody may keep it; absent: nobody keeps it. */
  readonly maxAge?: number
  /** Of what was made: a path below `/api/v1`. */
  readonly location?: string
}

export interface Context<C extends Caller = Caller, Q = unknown, B = unknown> {
  readonly deps: ApiDeps
  readonly caller: C
  /** The parts of the path that are named in braces. */
  readonly path: Readonly<Record<string, string>>
  readonly query: Q
  readonly body: B
  /** The request's id. */
  readonly request: string
  /** `If-Match`: the version that was seen. */
  readonly rev?: number
  /** Of `Idempotency-Key`, with the request that it belongs to. */
  readonly idempotency?: { readonly keyHash: string; readonly digest: string }
  /** `Range`, as it was sent. */
  readonly range?: string
}

export interface Operation {
  /** camelCase, unique: `suspendPartner`. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below `/api/v1`: `/partners/{partner}/suspend`. */
  readonly path: string
  /** The noun. */
  readonly tag: string
  /** One line. */
  readonly summary: string
  /** What else a caller should know. */
  readonly description?: string
  /** People carry a session's token; both: workloads as well, one with a scope; everyone: no token is looked at. */
  readonly by: 'people' | 'both' | 'everyone'
  /** For workloads. */
  readonly scope?: (typeof apiScopes)[number]
  /** Whose rule decides on it. */
  readonly action?: ActionName
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Bytes of it at most; 256 KiB unless it says so. */
  readonly maxBody?: number
  /** Shapes of the answers, by status. */
  readonly answers: Readonly<Partial<Record<200 | 201 | 202 | 206, z.ZodType>>>
  /** Asks for `Idempotency-Key`. */
  readonly creates?: true
  /** Asks for `If-Match`. */
  readonly changes?: true
  /** Answers bytes, and in parts: it takes `Range`. */
  readonly ranges?: true
  /** A reading that the state of the record can forbid; a change can always meet that. */
  readonly byState?: true
  answer(context: Context): Promise<Answer | Refusal>
}

type Parsed<S> = S extends z.ZodType ? z.infer<S> : undefined

interface Typed<C extends Caller, Q extends z.ZodObject | undefined, B extends z.ZodType | undefined>
  extends Omit<Operation, 'answer' | 'query' | 'body' | 'by'> {
  readonly query?: Q
  readonly body?: B
  answer(context: Context<C, Parsed<Q>, Parsed<B>>): Promise<Answer | Refusal>
}

/** The router hands over what it has parsed by these very schemas. */
export const forPeople = <
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  operation: Typed<PersonCaller, Q, B>,
): Operation => ({ ...operation, by: 'people' }) as unknown as Operation

export const forBoth = <
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  operation: Typed<Caller, Q, B>,
): Operation => ({ ...operation, by: 'both' }) as unknown as Operation

/** Nobody is known there, so that no caller is handed over. */
type Untold<B extends z.ZodType | undefined> = Omit<Typed<Caller, undefined, B>, 'answer'> & {
  answer(context: Omit<Context<Caller, undefined, Parsed<B>>, 'caller'>): Promise<Answer | Refusal>
}

export const forEveryone = <B extends z.ZodType | undefined = undefined>(operation: Untold<B>): Operation =>
  ({ ...operation, by: 'everyone' }) as unknown as Operation
