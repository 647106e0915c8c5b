/** HTTP for a witness (c2sp.org/tlog-witness): add-checkpoint, the latest checkpoint of a log, and its own key. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { maxSubmission, sizeType } from '../../shared/tlog/add-checkpoint.ts'
import type { ListenAddress } from './proxy-server.ts'
import type { Cosigner } from './witness-cosigner.ts'

export interface WitnessServer {
  /** `http://<address>:<port>` */
  readonly origin: string
  /** Ends what is under way first: it may have been kept already, and its cosignature is worth having. */
  close(): Promise<void>
}

interface Reply {
  readonly status: number
  readonly body: string
  readonly type?: string
}

/** Who is slow or many gets no share of the others. Milliseconds, connections. */
const requestMs = 10_000
const maxConnections = 256

/** Rejects where the port is taken. `failed` hears of what should not happen. */
export async function startWitnessServer(
  cosigner: Cosigner,
  vkey: string,
  listen: ListenAddress,
  failed: (error: unknown) => void,
): Promise<WitnessServer> {
  const server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs })
  server.maxConnections = maxConnections
  server.listen(listen.port, listen.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.on('request', (request, response) => {
    // Whoever goes away while they send are told nothing.
    request.on('error', () => {})
    response.on('error', () => {})
    answer(cosigner, vkey, request).then(
      reply => send(response, reply),
      (error: unknown) => {
        if (!request.complete) return response.destroy()
        failed(error)
        send(response, { status: 500, body: 'the witness failed and has cosigned nothing\n' })
      },
    )
  })
  return {
    origin: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      await closed
    },
  }
}

async function answer(cosigner: Cosigner, vkey: string, request: IncomingMessage): Promise<Reply> {
  const { method, url } = request
  const path = (url ?? '').split('?')[0] ?? ''
  if (path === '/add-checkpoint')
    return method === 'POST' ? addCheckpoint(cosigner, request) : notAllowed('POST')
  const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path) ?? []
  if (path !== '/' && hash === undefined) return { status: 404, body: 'there is nothing here\n' }
  if (method !== 'GET' && method !== 'HEAD') return notAllowed('GET')
  const found = hash === undefined ? `${vkey}\n` : cosigner.latest(origin => sha256(origin) === hash)
  return found === undefined
    ? { status: 404, body: 'nothing of this log was cosigned here\n' }
    : { status: 200, body: found }
}

async function addCheckpoint(cosigner: Cosigner, request: IncomingMessage): Promise<Reply> {
  const answered = await cosigner.submit(await readBody(request))
  if (answered.status === 200) return { status: 200, body: answered.line }
  return answered.status === 409
    ? { status: 409, body: `${answered.size}\n`, type: sizeType }
    : { status: answered.status, body: `${answered.why}\n` }
}

/** Whoever sends so much does not mean to be answered. Bytes. */
const cutOff = 1 << 20

/** Of a longer one, no more than shows that it is too long; what comes after it is read and not kept. */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    if (length <= maxSubmission) chunks.push(chunk)
    length += chunk.length
    if (length > cutOff) request.destroy()
  }
  return Buffer.concat(chunks)
}

const notAllowed = (method: string): Reply => ({ status: 405, body: `it takes ${method}\n` })

function send(response: ServerResponse, { status, body, type = 'text/plain; charset=utf-8' }: Reply): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
