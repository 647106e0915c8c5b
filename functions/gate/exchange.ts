/** Steps 6 to 8: the upstream's answer, passed through, and the end of the call whatever happens to it. */
import type { Upstream } from '../../shared/domain/records.ts'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Http, HttpResponse } from '../../shared/ports/http.ts'
import { errorEvent } from '../../shared/upstream/answer.ts'
import type { Operation, Prepared } from '../../shared/upstream/operation.ts'
import { EventSplitter } from '../../shared/upstream/sse.ts'
import { upstreamHeaders } from '../../shared/upstream/wire.ts'
import type { Reply } from '../http.ts'
import type { AdmissionDeps, Admitted } from './admit.ts'
import { broken, Run } from './run.ts'
import { watchCall } from './watch.ts'

export interface ExchangeDeps extends AdmissionDeps {
  readonly http: Http
  /** The upstream's key by its name; read once, never logged. */
  readonly credential: (name: string) => Promise<string>
  /** Milliseconds for which an upstream may stay silent: before and within a stream; before a JSON reply. */
  readonly idleMs: { readonly stream: number; readonly json: number }
}

/** A JSON reply is held whole, to read its usage. */
const maxReply = 16 << 20

export interface Exchanged {
  readonly request: string
  readonly operation: Operation
  readonly version: string | undefined
}

/** A reply of the upstream, or the refusal for a call that it did not answer. */
export async function exchange(
  deps: ExchangeDeps,
  admitted: Admitted,
  asked: Exchanged,
  client: AbortSignal,
): Promise<Reply | Refusal> {
  const { allow, caller, call, readAt } = admitted
  const { operation } = asked
  const upstream = allow.model.upstreams[operation.protocol]
  if (upstream === undefined) throw new Error(`${allow.model.id} lost its upstream`)

  const run = new Run(deps, admitted, operation)
  const { ask } = allow
  const watch = watchCall(
    deps,
    {
      caller,
      eid: call.eid,
      meters: call.meters.map(meter => meter.id),
      readAt,
      until: allow.until,
      leaseMs: deps.leaseMs,
      idleMs: deps.idleMs[ask.streaming ? 'stream' : 'json'],
    },
    why => run.abort(why),
  )
  run.onEnd(() => watch.stop())
  const gone = (): void => run.abort('client_gone')
  if (client.aborted) gone()
  else client.addEventListener('abort', gone, { once: true })
  run.onEnd(() => client.removeEventListener('abort', gone))

  let response: HttpResponse
  try {
    response = await open(deps, run, upstream, ask, asked)
  } catch (error) {
    return run.fail(error)
  }
  watch.heard()
  const successful = response.status >= 200 && response.status < 300
  const streamed = response.headers['content-type']?.startsWith('text/event-stream') ?? false
  if (successful && ask.streaming && streamed)
    return {
      status: response.status,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
      body: ending(run, stream(run, response, watch.heard, asked)),
    }
  return whole(run, response, watch.heard, successful)
}

async function open(
  deps: ExchangeDeps,
  run: Run,
  upstream: Upstream,
  ask: Prepared,
  { operation, version }: Exchanged,
): Promise<HttpResponse> {
  const key = await deps.credential(upstream.credential)
  run.signal.throwIfAborted()
  run.sent = true
  return deps.http.open(
    {
      method: 'POST',
      url: upstream.url + operation.path,
      headers: upstreamHeaders(operation.protocol, key, version),
      body: ask.body,
    },
    run.signal,
  )
}

/**
 * Events as they come, but for the protocol's own end: that waits until the call is settled, so that whoever
 * has seen it finds the budget moved and the entries there.
 */
async function* stream(
  run: Run,
  response: HttpResponse,
  heard: () => void,
  { operation, request }: Exchanged,
): AsyncGenerator<Uint8Array> {
  const splitter = new EventSplitter()
  const watch = run.ask.watch()
  const last: Uint8Array[] = []
  try {
    for await (const chunk of response.bytes) {
      heard()
      run.received += chunk.length
      const now: Uint8Array[] = []
      for (const event of splitter.push(chunk))
        if (watch.event(event)) (watch.finished ? last : now).push(event)
      if (now.length === 0) continue
      run.hold()
      yield joined(now)
      run.heldSince = undefined
    }
    if (!watch.finished) last.push(errorEvent(operation.protocol, broken(), request))
    run.ending = watch.finished ? 'completed' : 'upstream_failed'
  } catch (error) {
    const why = run.judge(error)
    if (watch.finished) run.ending = 'completed'
    else if (why) last.push(errorEvent(operation.protocol, why, request))
  } finally {
    run.usage = watch.usage()
    await run.end()
  }
  if (last.length > 0) yield joined(last)
}

const joined = (events: readonly Uint8Array[]): Uint8Array => {
  const [only] = events
  return events.length === 1 && only ? only : Buffer.concat(events)
}

/** A generator that was never started has no `finally`: the call ends all the same when nobody listens. */
function ending(run: Run, body: AsyncGenerator<Uint8Array>): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => body.next(),
      return: async () => {
        await body.return(undefined)
        await run.end()
        return { done: true, value: undefined }
      },
    }),
  }
}

/** A JSON reply, or an error of the upstream's in its own words. */
async function whole(
  run: Run,
  response: HttpResponse,
  heard: () => void,
  successful: boolean,
): Promise<Reply | Refusal> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of response.bytes) {
      heard()
      run.received += chunk.length
      if (run.received > maxReply) throw new Error('the upstream sent too long a reply')
      chunks.push(chunk)
    }
  } catch (error) {
    return run.fail(error)
  }
  const { status, headers } = response
  const text = Buffer.concat(chunks).toString('utf8')
  run.status = status
  if (successful) {
    run.usage = run.operation.usage(parseJson(text))
    run.ending = run.usage ? 'completed' : 'upstream_failed'
  } else run.ending = 'upstream_refused'
  await run.end()

  const passes = successful || (status >= 400 && status !== 401 && status !== 403)
  if (!passes) return refuse('upstream_unavailable', `The upstream answered ${status}.`)
  const retryAfter = headers['retry-after']
  return {
    status,
    headers: {
      'content-type': headers['content-type'] ?? 'application/json',
      ...(retryAfter && { 'retry-after': retryAfter }),
    },
    body: text,
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
