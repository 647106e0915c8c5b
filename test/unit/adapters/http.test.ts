import { EventEmitter, once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createHttp } from '../../../shared/adapters/http.ts'
import { type HttpRequest, NotSent } from '../../../shared/ports/http.ts'

let http: ReturnType<typeof createHttp>
let server: Server
let url: string
/** Emits `request` with each exchange, which the test then answers. */
let exchanges: EventEmitter

beforeEach(async () => {
  http = createHttp()
  exchanges = new EventEmitter()
  const listener: RequestListener = (request, response) => exchanges.emit('request', request, response)
  server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/messages?beta=true`
})

afterEach(async () => {
  await http.close()
  server.closeAllConnections()
  server.close()
})

const exchange = async () => (await once(exchanges, 'request')) as [IncomingMessage, ServerResponse]
const never = () => new AbortController().signal
const get = (headers = {}): HttpRequest => ({ method: 'GET', url, headers })
const post = (body: string): HttpRequest => ({ method: 'POST', url, headers: {}, body: Buffer.from(body) })

async function text(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let all = ''
  for await (const chunk of bytes) all += decoder.decode(chunk, { stream: true })
  return all
}

/** Opens a request and answers its head, with the body still to come. */
async function openStream(signal = never()) {
  const opened = http.open(get(), signal)
  const [, response] = await exchange()
  response.writeHead(200).flushHeaders()
  return { head: await opened, response }
}

describe('open', () => {
  it('sends method, path, query, headers and body as they are, and asks for no encoding', async () => {
    const opened = http.open({ ...post('{"a":"ä"}'), headers: { 'x-one': '1' } }, never())
    const [request, response] = await exchange()

    expect(request.method).toBe('POST')
    expect(request.url).toBe('/v1/messages?beta=true')
    expect(request.headers).toMatchObject({
      'x-one': '1',
      'content-length': '10',
      'accept-encoding': 'identity',
    })
    expect(await text(request)).toBe('{"a":"ä"}')
    response.end('done')
    expect(await text((await opened).bytes)).toBe('done')
  })

  it('resolves with the head before any byte of the body, then yields each chunk as it comes', async () => {
    const { head, response } = await openStream()
    expect(head.status).toBe(200)

    const chunks = head.bytes[Symbol.asyncIterator]()
    for (const chunk of ['one', 'two']) {
      response.write(chunk)
      expect(Buffer.from((await chunks.next()).value ?? []).toString()).toBe(chunk)
    }
    response.end()
    expect((await chunks.next()).done).toBe(true)
  })

  it('gives header names in lower case and joins repeated ones', async () => {
    const opened = http.open(get(), never())
    const [, response] = await exchange()
    response.writeHead(200, ['X-Mixed-Case', 'yes', 'Via', '1.1 a', 'Via', '1.1 b', 'Via', '1.1 c']).end()

    expect((await opened).headers).toMatchObject({ 'x-mixed-case': 'yes', via: '1.1 a, 1.1 b, 1.1 c' })
  })

  it('follows no redirect', async () => {
    const opened = http.open(get(), never())
    const [, response] = await exchange()
    response.writeHead(307, { location: '/elsewhere' }).end()

    expect(await opened).toMatchObject({ status: 307, headers: { location: '/elsewhere' } })
  })

  it('decodes nothing, even where the server compresses unasked', async () => {
    const compressed = gzipSync('text')
    const opened = http.open(get(), never())
    const [, response] = await exchange()
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(compressed)

    const chunks: Uint8Array[] = []
    for await (const chunk of (await opened).bytes) chunks.push(chunk)
    expect(Buffer.concat(chunks)).toEqual(compressed)
  })

  it('keeps connections: ten calls, one after the other, need two at most', async () => {
    const ports = new Set<number | undefined>()
    for (let call = 0; call < 10; call += 1) {
      const opened = http.open(get(), never())
      const [request, response] = await exchange()
      ports.add(request.socket.remotePort)
      response.end('body')
      await text((await opened).bytes)
    }
    expect(ports.size).toBeLessThanOrEqual(2)
  })

  it('has 200 calls under way at once', async () => {
    const arrived: ServerResponse[] = []
    const all = new Promise<void>(resolve => {
      exchanges.on('request', (_, response) => {
        if (arrived.push(response) === 200) resolve()
      })
    })
    const opened = Array.from({ length: 200 }, () => http.open(get(), never()))
    await all
    for (const response of arrived) response.end()
    expect((await Promise.all(opened)).every(({ status }) => status === 200)).toBe(true)
  })

  it('refuses a header value that would split the request', async () => {
    const refused = await http.open(get({ 'x-one': '1\r\nx-two: 2' }), never()).catch(error => error)
    expect(refused).toBeInstanceOf(NotSent)
    expect(refused.cause.message).toBe('invalid x-one header')
    const nowhere = { ...get({}), url: 'nowhere' }
    await expect(http.open(nowhere, never())).rejects.toBeInstanceOf(NotSent)
  })
})

describe('the end of a call', () => {
  it('closes the connection when the loop is left early', async () => {
    const { head, response } = await openStream()
    const closed = once(response, 'close')
    response.write('one')

    for await (const _ of head.bytes) break
    await closed
    expect(response.writableFinished).toBe(false)
  })

  it('closes the connection when aborted before the head, and rejects with the reason', async () => {
    const abort = new AbortController()
    const opened = http.open(get(), abort.signal)
    const [, response] = await exchange()
    const closed = once(response, 'close')

    abort.abort(new Error('revoked'))
    await expect(opened).rejects.toThrow('revoked')
    await closed
  })

  it('closes the connection when aborted between the head and the first read', async () => {
    const abort = new AbortController()
    const { head, response } = await openStream(abort.signal)
    const closed = once(response, 'close')

    abort.abort(new Error('revoked'))
    await closed
    await expect(text(head.bytes)).rejects.toThrow('revoked')
  })

  it('closes the connection when aborted while a read waits', async () => {
    const abort = new AbortController()
    const { head, response } = await openStream(abort.signal)
    const closed = once(response, 'close')
    const read = text(head.bytes)
    response.write('one')

    abort.abort(new Error('revoked'))
    await expect(read).rejects.toThrow('revoked')
    await closed
  })

  it('ends the attempt when aborted while it still connects', async () => {
    const abort = new AbortController()
    const silent = createTcpServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo

    const opened = http.open({ ...get(), url: `https://127.0.0.1:${port}/` }, abort.signal)
    const [socket] = await once(silent, 'connection')
    const closed = once(socket.resume(), 'close')
    abort.abort(new Error('revoked'))
    await expect(opened).rejects.toThrow('revoked')
    await closed
    silent.close()
  })

  it('sends nothing when aborted from the start', async () => {
    const seen: (string | undefined)[] = []
    exchanges.on('request', ({ method }, response) => {
      seen.push(method)
      response.end()
    })
    await expect(http.open(post('{}'), AbortSignal.abort(new Error('revoked')))).rejects.toThrow('revoked')
    await http.open(get(), never())
    expect(seen).toEqual(['GET'])
  })

  it('fails the read where the server breaks off, so a cut body is never taken for a whole one', async () => {
    const { head, response } = await openStream()
    response.write('one', () => response.destroy())
    await expect(text(head.bytes)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' })
  })

  it('fails what is under way when closed', async () => {
    const { head } = await openStream()
    const read = text(head.bytes)
    await Promise.all([expect(read).rejects.toThrow('destroyed'), http.close()])
  })

  it('lets the server wait while nobody reads, and loses nothing', async () => {
    const { head, response } = await openStream()
    const chunk = Buffer.alloc(64 * 1024)
    const whole = 1024 * chunk.length
    let sent = 0
    const sending = pipeline(function* () {
      for (; sent < whole; sent += chunk.length) yield chunk
    }, response)

    // Still: a thousand turns of the event loop in which the server could send nothing.
    for (let before = -1; before < sent; ) {
      before = sent
      for (let turn = 0; turn < 1_000; turn += 1) await setImmediate()
    }
    // Above what the kernel's socket buffers hold, and far below the whole.
    expect(sent).toBeLessThan(24 * 1024 * 1024)

    let received = 0
    for await (const bytes of head.bytes) received += bytes.length
    await sending
    expect(received).toBe(whole)
  })
})

describe('NotSent', () => {
  it('is thrown where nobody listens, with the cause', async () => {
    const closed = createTcpServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    await once(closed.close(), 'close')

    const opened = http.open({ ...get(), url: `http://127.0.0.1:${port}/` }, never())
    await expect(opened).rejects.toBeInstanceOf(NotSent)
    await expect(opened).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  })

  it('is thrown where the name is unknown', async () => {
    const opened = http.open({ ...get(), url: 'http://nowhere.invalid/' }, never())
    await expect(opened).rejects.toBeInstanceOf(NotSent)
    await expect(opened).rejects.toMatchObject({ cause: { syscall: 'getaddrinfo' } })
  })

  it('is thrown where the connection takes too long: here a TLS handshake that nobody answers', async () => {
    const impatient = createHttp({ connectTimeoutMs: 50 })
    const silent = createTcpServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo

    const opened = impatient.open({ ...get(), url: `https://127.0.0.1:${port}/` }, never())
    await expect(opened).rejects.toBeInstanceOf(NotSent)
    await expect(opened).rejects.toMatchObject({ cause: { code: 'UND_ERR_CONNECT_TIMEOUT' } })
    await impatient.close()
    silent.close()
  })

  it('is not thrown once the request may have been seen', async () => {
    const opened = http.open(post('{}'), never())
    const [request] = await exchange()
    request.socket.destroy()
    await expect(opened).rejects.not.toBeInstanceOf(NotSent)
  })
})
