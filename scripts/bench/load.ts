/** Calls, so many at a time, and when each was answered. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'

export interface Call {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  /** Milliseconds from the call to the first byte of the body, and to its last. */
  readonly firstMs: number
  readonly wholeMs: number
  /** The body, as it was sent piece by piece. */
  readonly pieces: readonly Buffer[]
}

export interface Load {
  /** Rejects where the connection breaks. */
  send(call: Call): Promise<Answer>
  close(): Promise<void>
}

/** Over at most `connections` kept connections, one call at a time on each. */
export function openLoad(url: string, connections: number): Load {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
  return {
    send: ({ headers, body }) =>
      new Promise((resolve, reject) => {
        const start = performance.now()
        const pieces: Buffer[] = []
        let status = 0
        let firstMs = 0
        pool.dispatch(
          { method: 'POST', path: pathname, headers, body },
          {
            onRequestStart: () => undefined,
            onResponseStart: (_, code) => {
              status = code
            },
            onResponseData: (_, piece) => {
              if (pieces.length === 0) firstMs = performance.now() - start
              pieces.push(piece)
            },
            onResponseEnd: () => resolve({ status, firstMs, wholeMs: performance.now() - start, pieces }),
            onResponseError: (_, error) => reject(error),
          },
        )
      }),
    close: () => pool.destroy(),
  }
}

/**
 * Sends all calls, `width` at a time; with a pause each caller waits between its calls, by half to one and a half
 * of it, so that they do not fall into step.
 */
export async function sendAll(
  load: Load,
  calls: readonly Call[],
  { width, pauseMs = 0 }: { readonly width: number; readonly pauseMs?: number },
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  const left = calls.values()
  const caller = async (): Promise<void> => {
    for (const call of left) {
      answers.push(await load.send(call))
      if (pauseMs > 0) await sleep(pauseMs * (0.5 + Math.random()))
    }
  }
  await Promise.all(Array.from({ length: width }, caller))
  return answers
}

export type ReplyKind = 'document' | 'stream'

/** A figure about a call that failed would be one about nothing. Throws an Error with what was answered. */
export function mustBeWhole(answers: readonly Answer[], kind: ReplyKind): void {
  for (const { status, pieces } of answers) {
    const end = pieces.at(-1)?.toString('utf8') ?? ''
    if (status === 200 && end.endsWith(kind === 'stream' ? 'data: [DONE]\n\n' : '}')) continue
    throw new Error(
      `A call was answered with ${status}: ${Buffer.concat(pieces).toString('utf8').slice(-500)}`,
    )
  }
}

/** A chat that asks for `tokens`; of a stream each is a chunk, and the usage is asked for as the gate would. */
export const chatBody = (kind: ReplyKind, tokens: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      model: 'aurora-preview',
      messages: [{ role: 'user', content: 'Say something short.' }],
      max_completion_tokens: tokens,
      ...(kind === 'stream' && { stream: true, stream_options: { include_usage: true } }),
    }),
  )
