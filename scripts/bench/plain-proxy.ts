/**
 * In a process of its own: a correct proxy of `node:http` and undici that passes everything on and looks at
 * nothing. What it costs, the gate cannot do without.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { Agent } from 'undici'
import { argument, listenOnLoopback, serve } from './server-process.ts'
import type { UpstreamTold } from './upstream-server.ts'

/** What speaks of one connection only (RFC 9110 §7.6.1), and what is made anew. */
const ofConnection = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
]

const { url } = argument<UpstreamTold>()
const { origin } = new URL(url)
const agent = new Agent({ allowH2: false, headersTimeout: 0, bodyTimeout: 0 })

function endToEnd<T>(headers: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const named = String(headers.connection ?? '')
    .split(',')
    .map(name => name.trim().toLowerCase())
  const kept: Record<string, T> = {}
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !ofConnection.includes(name) && !named.includes(name)) kept[name] = value
  return kept
}

async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding']
  const { statusCode, headers, body } = await agent.request({
    origin,
    path: request.url ?? '/',
    method: request.method ?? 'GET',
    headers: endToEnd(request.headers),
    body: hasBody ? request : null,
    signal: gone.signal,
  })
  response.writeHead(statusCode, endToEnd(headers))
  response.flushHeaders()
  await pipeline(body, response)
}

const server = createServer((request, response) => {
  pass(request, response).catch(() => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502).end()
  })
})
const told: UpstreamTold = { url: `${await listenOnLoopback(server)}/v1` }
serve(told, async () => {
  server.closeAllConnections()
  server.close()
  await agent.destroy()
})
