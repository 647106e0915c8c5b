import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Gateway } from '../index.ts'
import { failureOf } from './failure.ts'
import {
  bodyTooLarge,
  headersBack,
  headersOnward,
  judgeRequest,
  maxBody,
  type ProxyRefusal,
  type ProxyRules,
} from './proxy-request.ts'

/** On loopback: others on this machine need the key, others elsewhere reach nothing. */
export interface ListenAddress {
  /** An IP address. */
  readonly host: string
  /** 0 is any free one. */
  readonly port: number
}

export interface Proxy {
  /** `http://<address>:<port>` */
  readonly origin: string
  /** Breaks off what is under way, at both its ends. */
  close(): Promise<void>
}

type Signer = Pick<Gateway, 'issuer' | 'fetch'>

/** Takes `key` as the API key of either protocol. Rejects where the port is taken. */
export async function startProxy(gateway: Signer, listen: ListenAddress, key: string): Promise<Proxy> {
  // A request without a Host is refused like one with another's.
  const server = createServer({ requireHostHeader: false })
  server.listen(listen.port, listen.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { origin, host } = new URL(
    `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
  )
  // Without the port where it is 80, as clients send it.
  const hosts = [host, new URL(`http://localhost:${port}`).host]
  const rules: ProxyRules = { hosts, key, issuer: gateway.issuer }
  server.on('request', (request, response) => void serve(gateway, rules, request, response))
  return {
    origin,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

async function serve(
  gateway: Signer,
  rules: ProxyRules,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  try {
    const answer = await forward(gateway, rules, request, gone.signal)
    if (!(answer instanceof Response)) return refuse(response, answer)
    response.writeHead(answer.status, [...headersBack(answer.headers)].flat())
    // The first event of a stream may be long in coming.
    response.flushHeaders()
    if (answer.body === null) response.end()
    else await pipeline(answer.body, response)
  } catch (error) {
    // Within an answer there is no other way to say that it is not whole.
    if (gone.signal.aborted || response.headersSent) return void response.destroy()
    const { message, further } = failureOf(error)
    const { code = 'gateway_failed', next = 'See what is wrong: sallyport doctor' } = further
    refuse(response, { status: 502, code, message, next })
  }
}

async function forward(
  gateway: Signer,
  rules: ProxyRules,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Response | ProxyRefusal> {
  const { method = '', url: target = '' } = request
  const headers = readHeaders(request)
  const url = judgeRequest({ method, target, headers }, rules)
  if (!(url instanceof URL)) return url
  const body = method === 'POST' ? await readBody(request) : undefined
  if (body === null) return bodyTooLarge
  const init = { method, headers: headersOnward(headers), signal, ...(body && { body }) }
  const response = await gateway.fetch(url, init)
  if (response.status < 300 || response.status >= 400) return response
  // A tool would follow it, with the key of the proxy and its prompt, to wherever it points.
  await response.body?.cancel()
  return redirected(response.status)
}

function readHeaders({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    headers.append(rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '')
  return headers
}

/**
 * All of it, because the model that it names chooses the token, and because it may have to be sent again with
 * another nonce. What is too large is read to its end and not kept: a tool that is cut off while it still
 * sends does not see the answer.
 */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size <= maxBody) chunks.push(chunk)
  }
  return size <= maxBody ? Buffer.concat(chunks) : null
}

/** In one body that the errors of both providers' SDKs are made of. */
function refuse(response: ServerResponse, { status, code, message, next }: ProxyRefusal): void {
  const sallyport = { code, next }
  const error = { type: errorType(status), message: `${message} ${next}`, code, param: null, sallyport }
  const body = JSON.stringify({ type: 'error', error, request_id: null })
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    // Both SDKs obey it before their own rules.
    ...(status < 500 && { 'x-should-retry': 'false' }),
  })
  response.end(body)
}

function errorType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 413:
      return 'request_too_large'
    default:
      return 'api_error'
  }
}

const redirected = (status: number): ProxyRefusal => ({
  status: 502,
  code: 'gateway_redirects',
  message: `The gateway answered ${status}, a redirect, which is not followed.`,
  next: 'Check the address: --endpoint, or the issuer of the profile.',
})
