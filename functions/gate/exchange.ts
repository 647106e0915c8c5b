/** Steps 6 to 8: the upstream's answer, passed through, and the end of the call whatever happens to it. */
import type { Upstream } from '../../shared/domain/records.ts'
import { type InForce, Refusal, refuse } from '../../shared/domain/refusal.ts'
import type { Http, HttpResponse } from '../../shared/ports/http.ts'
import type { Operation, Prepared } from '../../shared/upstream/operation.ts'
import { failureOf, requestFault } from '../../shared/upstream/provider-error.ts'
import { upstreamHeaders } from '../../shared/upstream/wire.ts'
import type { Reply } from '../http.ts'
import type { AdmissionDeps, Admitted } from './admit.ts'
import type { SentReply } from './fingerprints.ts'
import { Run } from './run.ts'
import { streamBody } from './stream.ts'
import { type Watch, watchCall } from './watch.ts'

export interface ExchangeDeps extends AdmissionDeps {
  readonly http: Http
  /** The upstream's key by its name; read once, never logged. */
  readonly credential: (name: string) => Promise<string>
  /** Milliseconds for which an upstream may stay silent: before and within a stream; before a JSON reply. */
  readonly idleMs: { readonly stream: number; readonly json: number }
}

export interface Exchanged {
  readonly request: string
  readonly operation: Operation
  /** The version of the protocol that the caller speaks. */
  readonly version: string | undefined
}

/** A JSON reply is held whole, to read its usage. */
const maxReply = 16 << 20
const compressed = 'The reply came compressed.'
const tooLong = 'The reply has more than 16 MB: ask for less at once.'

/** Statuses by which a provider says that it did not do the work; others may come from something in between. */
const undone = (status: number): boolean =>
  (status >= 300 && status < 500 && !maybeDone.includes(status)) || [500, 503, 529].includes(status)

/** A time-out, a dependency, a client that left: something in between may say so after the work. */
const maybeDone = [408, 424, 499]

/** What a provider says about the request itself. Other errors are the operator's. */
const aboutRequest = [400, 413, 422]

/** A reply of the upstream, or the refusal for a call that it did not answer. */
export async function exchange(
  deps: ExchangeDeps,
  admitted: Admitted,
  asked: Exchanged,
  client: AbortSignal,
): Promise<Reply | Refusal> {
  const { ask, model } = admitted.allow
  const upstream = model.upstreams[asked.operation.protocol]
  if (upstream === undefined) throw new Error(`${model.id} lost its upstream`)

  const run = new Run(deps, admitted)
  const watch = startWatch(deps, admitted, run, client)
  let response: HttpResponse
  try {
    await watch.fresh()
    response = await open(deps, run, upstream, ask, asked)
  } catch (error) {
    return run.fail(error)
  }
  watch.heard()
  const { status, headers } = response
  run.status = status
  // The bytes are counted and the usage read as they come; we asked for them as they are.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    run.hidden = true
    return run.fail(new Error(compressed), compressed)
  }
  const successful = status >= 200 && status < 300
  if (successful && ask.watch && /^text\/event-stream/i.test(headers['content-type'] ?? ''))
    return {
      status,
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
      body: streamBody(
        { ...asked, run, watch, clock: deps.clock, events: ask.watch(), sent: admitted.sent },
        response,
      ),
    }
  return whole(run, response, watch, asked.operation, admitted.sent)
}

function startWatch(deps: ExchangeDeps, admitted: Admitted, run: Run, client: AbortSignal): Watch {
  const { allow, caller, call, readAt } = admitted
  const watched = {
    caller,
    eid: call.eid,
    meters: call.meters.map(meter => meter.id),
    readAt,
    until: allow.until,
    leaseMs: deps.leaseMs,
    idleMs: deps.idleMs[allow.ask.watch ? 'stream' : 'json'],
    resting: () => run.resting,
    saw: (inForce: InForce) => {
      run.inForce = inForce
    },
  }
  const watch = watchCall(deps, watched, why => run.abort(why))
  const gone = (): void => run.abort(client.reason instanceof Refusal ? client.reason : 'client_gone')
  if (client.aborted) gone()
  else client.addEventListener('abort', gone, { once: true })
  run.onEnd(() => {
    watch.stop()
    client.removeEventListener('abort', gone)
  })
  return watch
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

/** A JSON reply, or an error of the upstream's. */
async function whole(
  run: Run,
  { status, headers, bytes }: HttpResponse,
  watch: Watch,
  operation: Operation,
  sent: SentReply | undefined,
): Promise<Reply | Refusal> {
  const successful = status >= 200 && status < 300
  // Whatever was asked for: one document is sent when all of it has been produced.
  run.hidden = true
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of bytes) {
      watch.heard()
      run.received += chunk.length
      if (run.received > maxReply) return run.fail(new Error(tooLong), tooLong)
      chunks.push(chunk)
    }
  } catch (error) {
    return run.fail(error)
  }
  const body = Buffer.concat(chunks).toString('utf8')
  run.usage = operation.usage(body)
  const failure = successful ? failureOf(body) : undefined
  if (failure !== undefined) {
    const what = `The provider ended it: ${failure}.`
    return run.fail(new Error(what), what)
  }
  if (successful && run.usage) run.done = 'completed'
  else if (undone(status)) run.done = 'upstream_refused'
  else run.reason(new Error(`the upstream answered ${status} without usage`))
  if (successful) sent?.document(body)
  await run.end()

  if (successful) return { status, headers: { 'content-type': 'application/json' }, body }
  if (aboutRequest.includes(status)) {
    const { code, field, words } = requestFault(body)
    const told = words ?? `By its code: ${code}.`
    return refuse('upstream_refused', told, { ...(field && { field }) }).under(run.inForce)
  }
  const retryAfter = Number(headers['retry-after'])
  return refuse('upstream_unavailable', `The upstream answered ${status}.`, {
    ...(Number.isSafeInteger(retryAfter) && retryAfter > 0 && { retryAfter }),
  }).under(run.inForce)
}
