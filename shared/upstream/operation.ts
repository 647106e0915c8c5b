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
}

export interface Request {
  /** The upstream request at one model, with its true ceiling. */
  prepare(model: Model, upstream: Upstream): Prepared | Refusal
}

export interface Prepared extends Ask {
  readonly streaming: boolean
  readonly body: Uint8Array
  /** Tokens of input at most. */
  readonly inputBound: number
  /** The output limit that was written in because the request named none. */
  readonly outputLimit?: number
  watch(): StreamWatch
}

export interface Usage {
  readonly input: number
  readonly output: number
}

/** Looks at the events of a streamed reply as they pass. */
export interface StreamWatch {
  /** One whole event as it came. False: it is not for the caller. */
  event(bytes: Uint8Array): boolean
  /** What the provider says the reply cost, once it said so. */
  usage(): Usage | undefined
  /** The protocol's own end was seen. */
  readonly finished: boolean
}

export const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined
