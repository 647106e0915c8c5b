import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { sendJson } from './upstream-json.ts'
import type { Asked, Provider, Reply, Usage } from './upstream-provider.ts'
import type { Script } from './upstream-script.ts'

const text =
  'This reply comes from the demo upstream; no model wrote it. Each of its words counts as one token: ' +
  'it stops at the limit that was asked for and, unless told otherwise, bills what it produced.'
const words = text.split(' ')

/** Tokens between two turns of the event loop when nothing else waits: other calls go on, few turns are spent. */
const burst = 64

/**
 * Writes one reply as asked and scripted, calling `produced` for each output token before it is sent.
 * Rejects when `gone` is aborted; production has stopped by then.
 */
export async function sendReply(
  response: ServerResponse,
  provider: Provider,
  asked: Asked,
  script: Script,
  identity: Pick<Reply, 'id' | 'created'>,
  produced: () => void,
  gone: AbortSignal,
): Promise<void> {
  const total = tokensEach(asked, script) * asked.choices
  const reply: Reply = { ...identity, ...terms(asked, script) }
  const texts: string[] = Array.from({ length: asked.choices }, () => '')

  if (script.first_token_ms > 0) await setTimeout(script.first_token_ms, undefined, { signal: gone })
  if (asked.streaming) {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
    })
    await send(response, provider.opening(reply), gone)
  }
  for (let made = 0; ; made += 1) {
    // Closes once everything written has left; `destroy` would throw away what still waits.
    if (made === script.break_after) response.socket?.destroySoon()
    if (made === script.break_after || made === script.stall_after) await forever(gone)
    if (made === total) break
    if (made > 0 && script.pace_ms > 0) await setTimeout(script.pace_ms, undefined, { signal: gone })
    else if (made % burst === 0) await setImmediate(undefined, { signal: gone })

    const choice = made % asked.choices
    const token = word(Math.floor(made / asked.choices))
    produced()
    if (asked.streaming) await send(response, provider.delta(reply, choice, token), gone)
    else texts[choice] += token
  }
  if (asked.streaming) response.end(provider.closing(reply))
  else sendJson(response, 200, provider.body(reply, texts))
}

const tokensEach = (asked: Asked, script: Script) => Math.min(script.tokens, asked.maxTokens)

/** All that is known of a reply before its first token. */
function terms(asked: Asked, script: Script): Omit<Reply, 'id' | 'created'> {
  const each = tokensEach(asked, script)
  const truth = { input_tokens: asked.inputTokens, output_tokens: each * asked.choices }
  const told = !script.omit_usage && (asked.usageInStream || !asked.streaming)
  return {
    model: asked.model,
    choices: asked.choices,
    stopped: each < script.tokens ? 'length' : 'end',
    ...(told && { usage: billed(truth, script.bill) }),
  }
}

function billed(truth: Usage, bill: Script['bill']): Usage {
  if (typeof bill === 'object') return bill
  return {
    input_tokens: Math.round(truth.input_tokens * bill),
    output_tokens: Math.round(truth.output_tokens * bill),
  }
}

const word = (index: number) => `${index === 0 ? '' : ' '}${words[index % words.length]}`

async function send(response: ServerResponse, event: string, gone: AbortSignal): Promise<void> {
  if (!response.write(event)) await once(response, 'drain', { signal: gone })
}

/** Rejects once `signal` is aborted. */
function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
