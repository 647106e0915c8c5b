import type { IncomingMessage, ServerResponse } from 'node:http'
import { anthropicProvider } from './upstream-anthropic.ts'
import { readJson, sendJson } from './upstream-json.ts'
import { openaiProvider } from './upstream-openai.ts'
import { type Provider, ProviderError } from './upstream-provider.ts'
import { composeReply } from './upstream-reply.ts'
import type { ScriptedReplies } from './upstream-script.ts'
import { sendReply, toldToFail } from './upstream-send.ts'
import type { Call, Calls } from './upstream-stats.ts'

export interface Upstream {
  readonly calls: Calls
  readonly script: ScriptedReplies
  readonly apiKeys: { readonly openai: string; readonly anthropic: string }
}

/** Serves one request to a provider's path. Rejects once the client has gone. */
export async function serveCall(
  upstream: Upstream,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  // Both providers list their models at the same path; only Anthropic's clients name a version.
  const isAnthropic = anthropicProvider.endpoints.has(path) || 'anthropic-version' in request.headers
  const provider = isAnthropic ? anthropicProvider : openaiProvider
  const key = isAnthropic ? upstream.apiKeys.anthropic : upstream.apiKeys.openai

  const call = upstream.calls.begin(path, Object.keys(request.headers))
  const gone = new AbortController()
  // The one event that comes for every end: sent in full, closed by the client, broken off by the script.
  response.once('close', () => {
    upstream.calls.end(call, response.writableFinished ? 'finished' : 'aborted')
    gone.abort()
  })
  response.setHeaders(new Map(Object.entries(provider.responseHeaders(call.id))))

  const error =
    provider.authenticate(request.headers, key) ??
    (await respond(upstream, provider, call, request, response, gone.signal))
  if (error) sendJson(response, error.status, provider.errorBody(error, call.id))
}

async function respond(
  { calls, script }: Upstream,
  provider: Provider,
  call: Call,
  request: IncomingMessage,
  response: ServerResponse,
  gone: AbortSignal,
): Promise<ProviderError | undefined> {
  const route = `${request.method} ${call.path}`
  if (route === 'GET /v1/models') {
    sendJson(response, 200, provider.models())
    return undefined
  }
  const parse = request.method === 'POST' ? provider.endpoints.get(call.path) : undefined
  if (parse === undefined) return new ProviderError(404, `Invalid URL (${route})`)

  const asked = parse(await readJson(request))
  if (asked instanceof ProviderError) return asked
  call.streaming = asked.stream !== undefined
  call.input_tokens = asked.inputTokens

  const behaviour = script.next()
  if ('failure' in behaviour) return toldToFail(behaviour.failure)
  const identity = { id: `demo_${call.id}`, created: Math.floor(Date.now() / 1_000) }
  await sendReply(response, {
    asked,
    reply: composeReply(asked, behaviour, identity),
    script: behaviour,
    errorBody: error => provider.errorBody(error, call.id),
    produced: () => calls.produced(call),
    gone,
  })
  return undefined
}
