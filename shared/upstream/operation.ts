import type { Ask } from '../domain/decide.ts'
import type { Model, Protocol, Upstream } from '../domain/records.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { ReplyText } from './reply-text.ts'

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
  /** What of a reply is text; absent where there is none. */
  readonly text?: ReplyText
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
  /** Tokens can be produced that no received byte shows: reasoning, or what is held back until it is whole. */
  readonly hidden: boolean
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
  /** The upstream has ended its reply. */
  close(): void
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

/**
 * What a provider says that a reply cost. Nothing where it cannot be: no request costs no input. Some count
 * reasoning in the total alone.
 */
export function usageOf(input: unknown, output: unknown, total?: unknown): Usage | undefined {
  const read = count(input)
  const written = count(output)
  if (read === undefined || read === 0 || written === undefined) return undefined
  const usage = { input: read, output: Math.max(written, (count(total) ?? 0) - read) }
  return Number.isSafeInteger(read + usage.output) ? usage : undefined
}
