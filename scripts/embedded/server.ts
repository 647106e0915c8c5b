import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
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
  /** From now on; before, requests are answered 503. */
  serve(routes: Routes): void
  /** Takes no more requests, lets those under way end, and breaks off what is left after `graceMs`. */
  drain(graceMs: number): Promise<void>
}

/** The limit of API Gateway for the request line and all headers, in bytes. */
const maxHeaderSize = 10_240

const maxConnections = 4_096

/** Listens on loopback only. Rejects where the port is taken. */
export async function listen(port: number, telemetry: Telemetry): Promise<Listening> {
  let routes: Routes = []
  const underWay = new Set<Promise<void>>()
  const server = createServer({ maxHeaderSize, requestTimeout: 60_000 }, (request, response) => {
    // A kept connection can still bring a request after the server was closed.
    const serve = server.listening ? handle(routes, request, response, telemetry) : turnAway(response)
    const served = serve.finally(() => {
      underWay.delete(served)
      if (!server.listening) setImmediate(() => server.closeIdleConnections())
    })
    underWay.add(served)
  })
  server.maxConnections = maxConnections
  server.on('clientError', answerBytes)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    serve: next => {
      routes = next
    },
    drain: graceMs => drain(server, underWay, graceMs),
  }
}

async function handle(
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
  telemetry: Telemetry,
): Promise<void> {
  const requestId = randomUUID()
  const gone = new AbortController()
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
  )
}

async function drain(server: Server, underWay: ReadonlySet<Promise<void>>, graceMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
  // What was broken off still has its outcome to write.
  await Promise.all(underWay)
}

const fits = (path: string, route: string): boolean =>
  route.endsWith('/') ? path.startsWith(route) : path === route
