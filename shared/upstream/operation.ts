import type { Ask } from '../domain/decide.ts'
import type { Model, Protocol, Upstream } from '../domain/records.ts'
import type { Refusal } from '../domain/refusal.ts'

/** One path of a provider's protocol that the gate offers. */
export interface Operation {
  readonly protocol: Protocol
  /** As it stands in entries: `chat.completions`. */
  readonly name: string
  /** Behind the gate's and the upstream's base address. */
  readonly path: string
  /** Attacker-controlled input: everything that is not on the allow-list is refused by its name. */
  parse(body: unknown): Request | Refusal
  /** Tokens of a whole reply, one JSON document, or nothing where it does not say so credibly. */
  usage(reply: string): Usage | undefined
  /** How many values the JSON of a request may have; without it, as many as `parseJson` says. */
  readonly maxValues?: number
}

export interface Request {
  /** The upstream request at one model, with its true ceiling. */
  prepare(model: Model, upstream: Upstream): Prepared | Refusal
}

export interface Prepared extends Ask {
  readonly body: Uint8Array
  /** Tokens of input at most. */
  readonly inputBound: number
  /** The output limit that was written in because the request named none. */
  readonly outputLimit?: number
  /** Absent where the reply is one document. */
  readonly watch?: () => StreamWatch
}

export interface Usage {
  readonly input: number
  readonly output: number
}

/** Looks at the events of a streamed reply as they pass. */
export interface StreamWatch {
  /** One whole event as it came. False: it is not for the caller. */
  event(bytes: Uint8Array): boolean
  /** What the provider says the reply cost, once that is its last word. */
  usage(): Usage | undefined
  /** The protocol's own end was seen. */
  readonly finished: boolean
  /** The provider ended the reply with an error of its own: the code of it, since its words can name the operator. */
  readonly failure: string | undefined
  /** The end that the gate gives the stream, as the protocol's SDKs expect an error. */
  errorEvent(refusal: Refusal, requestId: string): Uint8Array
}

export const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined

/** A provider's error code, where it is no more than that. */
export function errorCode(error: unknown): string {
  const { code, type } = (error ?? {}) as { code?: unknown; type?: unknown }
  const told = [code, type].find(one => typeof one === 'string' && /^[a-z_]{1,64}$/.test(one))
  return String(told ?? 'error')
}
