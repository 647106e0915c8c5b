import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Bench, Row } from './bench.ts'
import { type CallHeaders, chatPath, createCaller } from './caller.ts'
import { chatBody, type ReplyKind } from './load.ts'
import { loadNow } from './results.ts'
import { closeAll, type Open, plenty, startGate, startPlainProxy } from './servers.ts'
import { quantile } from './statistics.ts'

export const abort: Bench = {
  name: 'abort',
  title:
    'From the moment a caller leaves until the upstream sees its connection closed, beside a plain proxy; the upstream and the caller share a process and so a clock.',
  async run({ scale, print }) {
    const times = Math.max(2, Math.round(100 * scale))
    const upstream = await startUnfinished()
    const open: Open[] = [upstream]
    try {
      const gate = await startGate({
        store: 'disk',
        upstream: upstream.url,
        partner: 'cedar',
        limits: plenty,
      })
      open.push(gate)
      const plain = await startPlainProxy({ url: upstream.url })
      open.push(plain)
      const caller = createCaller(gate.told)
      const rows: Row[] = []
      for (const [what, kind] of calls) {
        print(`${times} ${what}`)
        const ours: number[] = []
        const theirs: number[] = []
        for (let i = 0; i < times; i++) {
          const [headers] = await caller.headers(1)
          if (headers === undefined) throw new Error('no headers for a call')
          ours.push(await leave(upstream, gate.told.issuer + chatPath, kind, headers))
          theirs.push(await leave(upstream, `${plain.told.url}/chat/completions`, kind, headers))
        }
        for (const [name, q] of [['p50', 0.5] as const, ['p99', 0.99] as const, ['most', 1] as const])
          rows.push({
            what: `${what}, ${name}`,
            value: quantile(ours, q),
            unit: 'ms',
            beside: { name: 'plain proxy', value: quantile(theirs, q), by: 'added' },
            ...(q === 0.99 && { target: { at: 'most', value: 100 } }),
            load: loadNow(),
          })
      }
      return rows
    } finally {
      await closeAll(open)
    }
  },
}

const calls = [
  ['streams left after their first chunk', 'stream'],
  ['JSON calls left while they wait', 'document'],
] as const

interface Unfinished {
  /** Ends in `/v1`. */
  readonly url: string
  /** The next call that it gets. */
  next(): Promise<Socket>
  close(): void
}

/** An upstream that never comes to an end: a stream gets one chunk, everything else nothing. */
async function startUnfinished(): Promise<Unfinished> {
  let came = (_socket: Socket): void => undefined
  const reply = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = []
    for await (const piece of incoming as AsyncIterable<Buffer>) pieces.push(piece)
    const asked = JSON.parse(Buffer.concat(pieces).toString('utf8')) as { stream?: boolean }
    if (asked.stream) {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'word' } }] })}\n\n`)
    }
    came(incoming.socket)
  }
  const server = createServer((incoming, response) => void reply(incoming, response).catch(() => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    next: () =>
      new Promise(resolve => {
        came = resolve
      }),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** One call that is left: milliseconds until its upstream connection has closed. */
async function leave(
  upstream: Unfinished,
  url: string,
  kind: ReplyKind,
  headers: CallHeaders,
): Promise<number> {
  const coming = upstream.next()
  const call = request(url, { method: 'POST', agent: false, headers })
  const answered = once(call, 'response').then(async ([reply]: IncomingMessage[]) => {
    if (reply?.statusCode !== 200) throw new Error(`A call was answered with ${reply?.statusCode}`)
    await once(reply, 'data')
  })
  call.end(chatBody(kind, 100))
  // A call that is refused never reaches the upstream.
  if (kind === 'stream') await answered
  else await Promise.race([coming, answered])
  answered.catch(() => undefined)
  const socket = await coming
  const closed = once(socket, 'close')
  const start = performance.now()
  call.on('error', () => undefined).destroy()
  await closed
  return performance.now() - start
}
