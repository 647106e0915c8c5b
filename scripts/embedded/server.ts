import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Handler } from '../../functions/http.ts'
import { problem } from '../../functions/problem.ts'
import { refuse } from '../../shared/domain/refusal.ts'
import type { Telemetry } from '../../shared/ports/world.ts'
import { toEvent, writeReply } from './gateway-event.ts'

/** By path; one that ends in `/` serves all that begins with it. */
export type Routes = readonly (readonly [path: string, handler: Handler])[]

export interface Listening {
  readonly port: number
  /** From now on; before, there is nothing at any path. */
  serve(routes: Routes): void
  /** Takes no more requests, lets those under way end, and breaks off what is left after `graceMs`. */
  drain(graceMs: number): Promise<void>
}

/** The limit of API Gateway for the request line and all headers, in bytes. */
const maxHeaderSize = 10_240

const maxConnections = 4_096

/** After calls were told that the server stops: time to say so to their callers. Milliseconds. */
const farewellMs = 1_000

/** Listens on loopback only. Rejects where the port is taken. */
export async function listen(port: number, telemetry: Telemetry): Promise<Listening> {
  let routes: Routes = []
  const underWay = new Map<UnderWay, Promise<void>>()
  const sockets = new Set<Duplex>()
  const busy = (socket: Duplex): boolean => [...underWay.keys()].some(one => one.socket === socket)

  const server = createServer({ maxHeaderSize, requestTimeout: 60_000 }, (request, response) => {
    const one = { socket: request.socket, gone: new AbortController() }
    // A kept connection can still bring a request after the server was closed.
    const serve = server.listening
      ? handle(routes, request, response, one.gone, telemetry)
      : turnAway(response)
    const served = serve.finally(() => {
      underWay.delete(one)
      if (!server.listening) setImmediate(() => server.closeIdleConnections())
    })
    underWay.set(one, served)
  })
  server.maxConnections = maxConnections
  server.on('connection', socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('clientError', (error, socket) => {
    // Into a reply that is under way nothing else may be written.
    if (busy(socket)) socket.destroy()
    else answerBytes(error, socket)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    serve: next => {
      routes = next
    },
    async drain(graceMs) {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) if (!busy(socket)) socket.destroy()
      const stop = refuse('stopping', 'The server stops.')
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
  readonly socket: Duplex
  readonly gone: AbortController
}

async function handle(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
  gone: AbortController,
  telemetry: Telemetry,
): Promise<void> {
  const requestId = randomUUID()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  try {
    const event = await toEvent(request, requestId)
    const handler = routes.find(([route]) => fits(event.path, route))?.[1]
    const reply = handler
      ? await handler(event, gone.signal)
      : problem(refuse('path_not_offered', `${event.path.slice(0, 200)} is not offered.`), requestId)
    await writeReply(response, reply)
  } catch (error) {
    if (gone.signal.aborted) return
    telemetry.error('a request failed', error, { request: requestId })
    if (response.headersSent) response.destroy()
    else await writeReply(response, problem(refuse('internal', 'It was an error of ours.'), requestId))
  }
}

const turnAway = (response: ServerResponse): Promise<void> =>
  writeReply(
    response,
    problem(refuse('stopping', 'It takes no more requests.'), randomUUID(), { connection: 'close' }),
  )

/** What is no request has no handler; Node would answer it without a word. */
function answerBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'request_malformed'
  const { status, headers, body } = problem(refuse(code, 'It was not read to its end.'), randomUUID(), {
    connection: 'close',
  })
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(String(body)) })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.map(line => line.join(': ')).join('\r\n')}\r\n\r\n${body}`,
    () => socket.destroy(),
  )
}

const fits = (path: string, route: string): boolean =>
  route.endsWith('/') ? path.startsWith(route) : path === route
