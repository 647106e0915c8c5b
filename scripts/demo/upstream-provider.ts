import type { IncomingHttpHeaders } from 'node:http'
import type { z } from 'zod'

/** What a request asks for, in any protocol, and how its reply is written. */
export interface Asked {
  readonly model: string
  /** Alternative answers to the same request. */
  readonly choices: number
  /** Output tokens a choice at most, hidden ones included; 0 where the path produces none. */
  readonly maxTokens: number
  readonly inputTokens: number
  /** Whether the reply tells its usage. */
  readonly tellsUsage: boolean
  body(reply: Reply): object
  /** Absent where no stream was asked for. */
  readonly stream?: ReplyStream
}

export interface ReplyStream {
  events(reply: Reply): Iterable<Step>
  /** What ends a stream that broke after `sent` events. */
  failure(reply: Reply, error: ErrorBody, sent: number): string
}

/** One event of a stream, as it is sent; or an output token, with the event that shows it (`''`: none). */
export type Step = string | { readonly token: string }

/** A long text takes no memory before it is sent. */
export interface Tokens extends Iterable<string> {
  readonly length: number
}

/** Reasoning comes before what it led to. Every choice is made of the same parts. */
export type Part = { readonly tokens: Tokens } & (
  | { readonly kind: 'reasoning' | 'text' | 'refusal' }
  /** The tokens are the call's arguments, as JSON. */
  | { readonly kind: 'tool'; readonly name: string }
)

export const textOf = ({ tokens }: Part): string => [...tokens].join('')

export interface Usage {
  readonly input_tokens: number
  readonly output_tokens: number
  /** Of the output tokens. */
  readonly reasoning_tokens: number
}

export interface Reply {
  /** Stands in every id of the reply. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly created: number
  readonly model: string
  readonly choices: number
  readonly parts: readonly Part[]
  /** Output tokens of all choices, whatever is billed. */
  readonly outputTokens: number
  readonly stopped: 'end' | 'length' | 'tool' | 'stop_sequence' | 'refusal' | 'content_filter'
  /** As billed; absent where it is not told. */
  readonly usage?: Usage
}

export class ProviderError {
  readonly status: number
  readonly message: string
  /** The request's field, where one is at fault. */
  readonly param: string | null
  constructor(status: number, message: string, param: string | null = null) {
    this.status = status
    this.message = message
    this.param = param
  }
}

/** Either provider's: both keep the message in the same place. */
export interface ErrorBody {
  readonly error: { readonly message: string }
}

export interface Provider {
  /** What can be posted to, by path. */
  readonly endpoints: ReadonlyMap<string, (body: unknown) => Asked | ProviderError>
  responseHeaders(requestId: string): Record<string, string>
  authenticate(headers: IncomingHttpHeaders, key: string): ProviderError | undefined
  errorBody(error: ProviderError, requestId: string): ErrorBody
  models(): object
}

export const demoModels = ['demo-model']

/** 2026-01-01T00:00:00Z, in seconds. */
export const demoModelsCreated = 1_767_225_600

/** What an image costs, whatever its bytes: below the figure of the seeded model's entry. */
const imageTokens = 1_000
const imageTypes: readonly unknown[] = ['image', 'image_url', 'input_image']

/**
 * A quarter of the bytes of every text in `value`, images apart, and one at least. A JSON text is never shorter in
 * bytes than the string it stands for, so the count stays within the bytes of the body, as a tokenizer's would.
 */
export function countInputTokens(...values: unknown[]): number {
  return Math.max(1, Math.ceil(textBytes(values) / 4))
}

function textBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value !== 'object' || value === null) return 0
  if ('type' in value && imageTypes.includes(value.type)) return imageTokens * 4
  return Object.values(value).reduce((sum: number, part) => sum + textBytes(part), 0)
}

export function badRequest({ issues }: z.ZodError): ProviderError {
  const [issue] = issues
  const field = issue?.path.join('.') ?? ''
  return new ProviderError(400, `${field}: ${issue?.message ?? 'invalid'}`, field)
}
