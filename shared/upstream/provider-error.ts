/** Errors of a provider, in the shapes that it and those who copy its protocol give them. */
import { jsonOrNothing } from './json.ts'

interface Told {
  readonly type: unknown
  readonly object: unknown
  readonly error: unknown
  readonly response: { readonly error?: unknown }
}

/** The code of an error, where it is no more than that: a provider's words can name the operator. */
export function errorCode(error: unknown): string {
  const { code, type } = (error ?? {}) as { code?: unknown; type?: unknown }
  const told = [code, type].find(one => typeof one === 'string' && /^[a-z_]{1,64}$/.test(one))
  return String(told ?? 'error')
}

/** The code of the error that a JSON text tells, alone or in an envelope; nothing where it tells none. */
export function failureOf(text: string): string | undefined {
  if (!text.includes('"error"') && !text.includes('"response.failed"')) return undefined
  const told = jsonOrNothing<Told>(Array.isArray(jsonOrNothing(text)) ? text.trim().slice(1, -1) : text)
  if (told === undefined) return undefined
  const error = told.error || told.response?.error
  const named = told.type === 'error' || told.object === 'error' || told.type === 'response.failed'
  return error || named ? errorCode(error || told) : undefined
}

export interface RequestFault {
  readonly code: string
  /** The request's field, by the provider's word. */
  readonly field?: string
  /** In the provider's words, where they are about the request and nothing else. */
  readonly words?: string
}

/** Of a provider that did not take a request: what was wrong with it. */
export function requestFault(text: string): RequestFault {
  const { message, param, code } = (jsonOrNothing<Told>(text)?.error ?? {}) as Record<string, unknown>
  const field = typeof param === 'string' && /^[\w.[\]]{1,64}$/.test(param) ? param : undefined
  const ofRequest =
    typeof message === 'string' &&
    message.length <= 300 &&
    (field !== undefined ||
      code === 'context_length_exceeded' ||
      /^(prompt is too long|[\w.]+: )/.test(message))
  return {
    code: errorCode(jsonOrNothing<Told>(text)?.error),
    ...(field && { field }),
    ...(ofRequest && !ofOperator.test(message) && { words: message }),
  }
}

/** What a provider says to whoever pays for the endpoint and holds its key. */
const ofOperator =
  /organi[sz]ation|account|billing|credit|\bplans?\b|project|workspace|quota|\bkeys?\b|:\/\/|@/i
