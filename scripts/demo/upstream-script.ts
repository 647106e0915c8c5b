import { z } from 'zod'

const count = z.int().min(0).max(1_000_000)
const ms = z.int().min(0).max(600_000)
const times = z.int().min(1).default(Number.MAX_SAFE_INTEGER)

/** How the next replies behave. Everything left out is as in a plain reply. */
export const scriptSchema = z
  .strictObject({
    /** Output tokens a choice, where the request's own maximum allows them. */
    tokens: count.default(48),
    /** Output tokens of reasoning before them, under the same maximum. */
    reasoning: count.default(0),
    /** The reply is a call of this tool, whatever `tokens` says. */
    tool: z
      .strictObject({ name: z.string().min(1), arguments: z.record(z.string(), z.unknown()) })
      .optional(),
    /** Why the reply ends where its maximum leaves room; a protocol without that reason gives its nearest. */
    stop: z.enum(['stop_sequence', 'refusal', 'content_filter']).optional(),
    /** Milliseconds before each token but the first. */
    pace_ms: ms.default(0),
    /** Milliseconds before the head of the response. */
    first_token_ms: ms.default(0),
    /** The first `times` replies are this error instead. */
    fail: z.strictObject({ status: z.int().min(400).max(599), times }).optional(),
    /** After so many tokens nothing more comes, and the connection stays open. */
    stall_after: count.optional(),
    /** After so many tokens the connection is closed in mid-response. */
    break_after: count.optional(),
    /** After so many tokens comes the provider's error: an event in a stream, else instead of the reply. */
    error_after: count.optional(),
    /** What is billed instead of the truth: a factor on both counts, or the counts. */
    bill: z
      .union([z.number().min(0).max(1_000), z.strictObject({ input_tokens: count, output_tokens: count })])
      .default(1),
    omit_usage: z.boolean().default(false),
    /** How many replies the script is for, its failures included; then replies are plain again. */
    times,
  })
  .refine(({ tool, stop }) => tool === undefined || stop === undefined, {
    path: ['stop'],
    message: 'A tool call is its own reason to stop',
  })

export type Script = z.output<typeof scriptSchema>

const plain = scriptSchema.parse({})

export class ScriptedReplies {
  #script = plain
  #left = plain.times
  #failures = 0

  set(script: Script): void {
    this.#script = script
    this.#left = script.times
    this.#failures = script.fail?.times ?? 0
  }

  reset(): void {
    this.set(plain)
  }

  /** The behaviour of one reply, or the status with which it fails. */
  next(): Script | { readonly failure: number } {
    if (this.#left === 0) this.reset()
    this.#left -= 1
    if (this.#script.fail === undefined || this.#failures === 0) return this.#script
    this.#failures -= 1
    return { failure: this.#script.fail.status }
  }
}
