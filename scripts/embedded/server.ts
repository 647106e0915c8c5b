import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Handler } from '../../functions/http.ts'
import { problem } from '../../functions/problem.ts'
import { Refusal, type RefusalCode, refuse } from '../../shared/domain/refusal.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import { toEvent, writeReply } from './gateway-event.ts'
import { headFault } from './head-fault.ts'
import { BodyPool } from './read-body.ts'

/** By path; one that ends in `/` serves all that begins with it. */
export type Routes = readonly (readonly [path: string, handler: Handler])[]

export interface Listening {
  readonly port: number
  /** From now on; what came before has waited for it. */
  serve(routes: Routes): void
  /** Takes no more requests, lets those under way end, and breaks off what is left after `graceMs`. */
  drain(graceMs: number): Promise<void>
}

/** The limit of API Gateway for the request line and all headers, in bytes. */
const maxHeaderSize = 10_240

const maxConnections = 4_096

/** After calls were told that the server stops: time to say so to their callers. Milliseconds. */
const farewellMs = 1_000

export interface Limits {
  /** Milliseconds for the request line and the headers; for all of a request; between two looks at both. */
  readonly headersMs: number
  readonly requestMs: number
  readonly checkMs: number
  /** Bytes of large bodies that are being read at once. */
  readonly bodyBytes: number
}

const defaults: Limits = { headersMs: 10_000, requestMs: 60_000, checkMs: 1_000, bodyBytes: 64 << 20 }

/** Listens on loopback only. Rejects where the port is taken. */
export async function listen(
  port: number,
  telemetry: Telemetry,
  { headersMs, requestMs, checkMs, bodyBytes }: Limits = defaults,
): Promise<Listening> {
  const opened = Promise.withResolvers<Routes | Refusal>()
  let open = opened.promise
  const pool = new BodyPool(bodyBytes)
  const underWay = new Map<UnderWay, Promise<void>>()
  const sockets = new Set<Duplex>()
  const on = (socket: Duplex): UnderWay[] =>
    [...underWay.keys()].filter(({ request }) => request.socket === socket)
  const owes = (socket: Duplex): boolean => on(socket).some(({ response }) => !response.writableFinished)

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const one = { request, response, gone: new AbortController() }
    // A kept connection can still bring a request after the server was closed.
    const answered = server.listening
      ? handle({ routes: open, pool, telemetry }, one)
      : turnAway(response, refuse('stopping', 'It takes no more requests.'))
    const served = answered
      .then(() => drained(request))
      .finally(() => {
        underWay.delete(one)
        if (!server.listening) setImmediate(() => server.closeIdleConnections())
      })
    underWay.set(one, served)
  }
  const server = createServer(
    {
      maxHeaderSize,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: checkMs,
      // Node would answer it without a word.
      requireHostHeader: false,
    },
    serve,
  )
  server.on('checkExpectation', serve)
  server.maxConnections = maxConnections
  // The size bounds them. Node would leave out what comes after the 2,000th.
  server.maxHeadersCount = 0
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('connect', (request, socket) => {
    if (owes(socket)) socket.destroy()
    else answerBytes(notOffered(`CONNECT ${request.url}`), socket)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const [one, ...others] = on(socket)
    // Into a reply that is under way nothing else may be written, nor between two that are still to come.
    const unanswered = one && others.length === 0 && !one.request.complete && !one.response.headersSent
    if (!socket.writable || error.code === 'ECONNRESET' || (one && !unanswered)) return void socket.destroy()
    one?.gone.abort()
    answerBytes(
      refuse(faults[error.code ?? ''] ?? 'request_malformed', 'It was not read to its end.'),
      socket,
    )
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    serve: routes => {
      open = Promise.resolve(routes)
      opened.resolve(routes)
    },
    async drain(graceMs) {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) if (!owes(socket)) socket.destroy()
      const stop = refuse('stopping', 'The server stops.')
      opened.resolve(stop)
      const timers = [
        setTimeout(() => {
          for (const { gone } of underWay.keys()) gone.abort(stop)
        }, graceMs),
        setTimeout(() => server.closeAllConnections(), graceMs + farewellMs),
      ]
      await closed
      for (const timer of timers) clearTimeout(timer)
      // What was broken off still has its outcome to write.
      await Promise.all(underWay.values())
    },
  }
}

interface UnderWay {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly gone: AbortController
}

interface Serving {
  readonly routes: Promise<Routes | Refusal>
  readonly pool: BodyPool
  readonly telemetry: Telemetry
}

async function handle(
  { routes, pool, telemetry }: Serving,
  { request, response, gone }: UnderWay,
): Promise<void> {
  const requestId = randomUUID()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  try {
    const fault = headFault(request)
    if (fault) return await turnAway(response, refuse('request_malformed', fault))
    const event = await toEvent(request, requestId, pool)
    // Its time was over, and that was answered.
    if (!request.socket.writable) return
    if (event instanceof Refusal) return await writeReply(response, problem(event, requestId))
    const open = await routes
    if (open instanceof Refusal) return await turnAway(response, open)
    const handler = open.find(([route]) => fits(event.path, route))?.[1]
    const reply = handler ? await handler(event, gone.signal) : problem(notOffered(event.path), requestId)
    await writeReply(response, reply)
  } catch (error) {
    if (gone.signal.aborted) return
    telemetry.error('a request failed', error, { request: requestId })
    if (response.headersSent) response.destroy()
    else await writeReply(response, problem(refuse('internal', 'It was an error of ours.'), requestId))
  }
}

/** What of a body was not read flows away, while its time lasts: none of it is taken for a next request. */
async function drained(request: IncomingMessage): Promise<void> {
  const { complete, socket } = request.resume()
  if (complete || socket.closed) return
  const ended = new AbortController()
  request.once('end', () => ended.abort())
  await once(socket, 'close', { signal: ended.signal }).catch(() => undefined)
}

const notOffered = (what: string): Refusal =>
  refuse('path_not_offered', `${what.slice(0, 200)} is not offered.`)

const turnAway = (response: ServerResponse, refusal: Refusal): Promise<void> =>
  writeReply(response, problem(refusal, randomUUID(), { connection: 'close' }))

/** What Node's parser says; everything else is no HTTP. */
const faults: Readonly<Record<string, RefusalCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** What is no whole request has no handler; Node would answer it without a word. */
function answerBytes(refusal: Refusal, socket: Duplex): void {
  const { status, headers, body } = problem(refusal, randomUUID(), { connection: 'close' })
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(String(body)) })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.map(line => line.join(': ')).join('\r\n')}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

const fits = (path: string, route: string): boolean =>
  route.endsWith('/') ? path.startsWith(route) : path === route
