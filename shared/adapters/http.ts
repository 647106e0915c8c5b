import type { LookupFunction } from 'node:net'
import { Agent, buildConnector, errors } from 'undici'
import { type Http, type HttpRequest, type HttpResponse, NotSent } from '../ports/http.ts'

export interface HttpSettings {
  readonly connectTimeoutMs?: number
  /** Resolves host names; what it refuses is not connected to. An address in the URL itself is not asked about. */
  readonly lookup?: LookupFunction
}

/**
 * HTTP/1.1 to the upstreams, over kept connections. The only deadline of its own is
 * that of a connection, 3 s: a model may think for minutes, so every other one is the caller's signal.
 * `close` breaks off what is still under way: draining is the caller's, who knows how long it may take.
 */
export function createHttp({ connectTimeoutMs = 3_000, lookup }: HttpSettings = {}): Http & {
  close(): Promise<void>
} {
  const agent = new Agent({
    // Over HTTP/2 an abort resets a stream and leaves the connection; here it must close it.
    allowH2: false,
    connect: refusingConnector(connectTimeoutMs, lookup),
    headersTimeout: 0,
    bodyTimeout: 0,
  })
  return {
    async open(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
      const url = URL.parse(request.url)
      if (url === null) throw new NotSent('The address of the upstream is not a URL')
      const { statusCode, headers, body } = await agent
        .request({
          origin: url.origin,
          path: url.pathname + url.search,
          method: request.method,
          // The bytes are passed on and counted as they come, so they must not come compressed.
          headers: { ...request.headers, 'accept-encoding': 'identity' },
          body: request.body ?? null,
          signal,
        })
        .catch((error: unknown) => {
          // It is thrown while the request is put together, for instance for a line break in a credential.
          if (error instanceof errors.InvalidArgumentError)
            throw new NotSent('It cannot be sent', { cause: error })
          throw error
        })
      return { status: statusCode, headers: joined(headers), bytes: body }
    },
    close: () => agent.destroy(),
  }
}

/**
 * A connection that was not made has carried nothing, whatever the reason: name, route, refusal, time-out,
 * TLS. Told here, because the error of a later reset can look the same as that of a failed connection.
 */
function refusingConnector(timeout: number, lookup?: LookupFunction): buildConnector.connector {
  const connect = buildConnector({ timeout, allowH2: false, ...(lookup && { lookup }) })
  // The socket is handed on: through it an abort ends an attempt that has not connected yet.
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (error === null) return callback(null, socket)
      const refused = `No connection to ${options.protocol}//${options.host}`
      callback(new NotSent(refused, { cause: error }), null)
    })
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value = '']) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  )
}
