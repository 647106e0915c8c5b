/** The same cryptography behind bare HTTP: what no token endpoint on this machine can be cheaper than. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { argument, listenOnLoopback, serve } from '../server-process.ts'
import { createExchange, type Exchange } from './cryptography.ts'
import type { ServerArgument, ServerTold } from './setting.ts'

const { issued, ...setting } = argument<ServerArgument>()
if (issued === undefined) throw new Error('what a token says is not told')
const { lifetime, scope } = issued
/** As long as Sallyport's. */
const nonce = 'A'.repeat(22)

let exchange: Exchange = () => ''

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', chunk => chunks.push(chunk))
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString('latin1'))
    const token = exchange(form.get('client_assertion') ?? '', String(request.headers.dpop))
    const body = JSON.stringify({ access_token: token, token_type: 'DPoP', expires_in: lifetime, scope })
    response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'dpop-nonce': nonce,
      'x-request-id': randomUUID(),
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
}

const server = createServer(answer)
const issuer = await listenOnLoopback(server)
exchange = createExchange(setting, issued, issuer)
serve({ issuer } satisfies ServerTold, async () => server.closeAllConnections())
