import type { IncomingHttpHeaders } from 'node:http'
import type { z } from 'zod'

/** What a request asks for, in either protocol. */
export interface Asked {
  readonly model: string
  /** Alternative answers to the same request. */
  readonly choices: number
  /** Output tokens a choice at most. */
  readonly maxTokens: number
  readonly streaming: boolean
  /** Whether a stream tells its usage. */
  readonly usageInStream: boolean
  readonly inputTokens: number
}

export interface Usage {
  readonly input_tokens: number
  readonly output_tokens: number
}

export interface Reply {
  /** The same for all parts of one reply. */
  readonly id: string
  /** Seconds since the epoch. */
  readonly created: number
  readonly model: string
  readonly choices: number
  readonly stopped: 'end' | 'length'
  /** As billed; absent where the script leaves it out. */
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

/** One provider's wire format. A stream is its opening, a delta for each token, its closing: whole events. */
export interface Provider {
  /** The path that completes. */
  readonly path: string
  responseHeaders(requestId: string): Record<string, string>
  authenticate(headers: IncomingHttpHeaders, key: string): ProviderError | undefined
  parse(body: unknown): Asked | ProviderError
  errorBody(error: ProviderError, requestId: string): unknown
  models(): unknown
  body(reply: Reply, texts: readonly string[]): unknown
  opening(reply: Reply): string
  delta(reply: Reply, choice: number, text: string): string
  closing(reply: Reply): string
}

export const demoModels = ['demo-model']

/** 2026-01-01T00:00:00Z, in seconds. */
export const demoModelsCreated = 1_767_225_600

/**
 * A quarter of the bytes of every text in `value`, and one at least. A JSON text is never shorter in bytes
 * than the string it stands for, so the count stays within the bytes of the body, as a tokenizer's would.
 */
export function countInputTokens(...values: unknown[]): number {
  return Math.max(1, Math.ceil(textBytes(values) / 4))
}

function textBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce((sum: number, part) => sum + textBytes(part), 0)
}

export function badRequest({ issues }: z.ZodError): ProviderError {
  const [issue] = issues
  const field = issue?.path.join('.') ?? ''
  return new ProviderError(400, `${field}: ${issue?.message ?? 'invalid'}`, field)
}
