import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { sendJson } from './upstream-json.ts'
import { type Asked, type ErrorBody, ProviderError, type Reply, type Step } from './upstream-provider.ts'
import type { Script } from './upstream-script.ts'

export const toldToFail = (status: number) => new ProviderError(status, 'The demo upstream was told to fail.')

/** Tokens between two turns of the event loop when nothing else waits: others go on, few turns are spent. */
const burst = 64

export interface Production {
  readonly asked: Asked
  readonly reply: Reply
  readonly script: Script
  errorBody(error: ProviderError): ErrorBody
  /** Called for each output token before it is sent. */
  produced(): void
  /** Aborted when the client goes. */
  readonly gone: AbortSignal
}

/**
 * Produces one reply at the scripted pace and sends it. Rejects when `gone` is aborted; production has
 * stopped by then.
 */
export async function sendReply(response: ServerResponse, production: Production): Promise<void> {
  const { asked, reply, script, produced, gone } = production
  const { stream } = asked
  if (script.first_token_ms > 0) await setTimeout(script.first_token_ms, undefined, { signal: gone })
  if (stream) {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    })
  }
  let made = 0
  let sent = 0
  for (const step of stream ? stream.events(reply) : unseen(reply.outputTokens)) {
    const isToken = typeof step !== 'string'
    if (isToken || made === reply.outputTokens) {
      if (made === script.error_after) {
        const error = toldToFail(500)
        const body = production.errorBody(error)
        if (stream) response.end(stream.failure(reply, body, sent))
        else sendJson(response, error.status, body)
        return
      }
      // Closes once everything written has left; `destroy` would throw away what still waits.
      if (made === script.break_after) response.socket?.destroySoon()
      if (made === script.break_after || made === script.stall_after) await forever(gone)
    }
    if (isToken) {
      if (made > 0 && script.pace_ms > 0) await setTimeout(script.pace_ms, undefined, { signal: gone })
      else if (made % burst === 0) await setImmediate(undefined, { signal: gone })
      made += 1
      produced()
    }
    const event = isToken ? step.token : step
    if (event === '') continue
    sent += 1
    if (!response.write(event)) await once(response, 'drain', { signal: gone })
  }
  if (stream) response.end()
  else sendJson(response, 200, asked.body(reply))
}

/** A reply that is sent in one piece takes as long as one that is streamed. */
function* unseen(tokens: number): Generator<Step> {
  for (let index = 0; index < tokens; index += 1) yield { token: '' }
  yield ''
}

/** Rejects once `signal` is aborted. */
function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
