/** What a client holds of the server by sending slowly, much, or not to the end: bounded in time and in bytes. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { bodyBytes, type Handler, json } from '../../functions/http.ts'
import { type Limits, type Listening, listen } from '../../scripts/embedded/server.ts'
import { quiet } from '../world/embedded.ts'
import { bodyOf, rawHttp } from '../world/raw-http.ts'

const limits = { headersMs: 150, requestMs: 300, checkMs: 20, bodyBytes: 1 << 20 }
const bodies: number[] = []
const size: Handler = async event => {
  bodies.push(bodyBytes(event).length)
  return json(200, { size: bodies.at(-1) })
}

let server: Listening
let address: string
async function open(given: Limits): Promise<void> {
  server = await listen(0, quiet, given)
  server.serve([['/size', size]])
  address = `http://127.0.0.1:${server.port}`
}
/** For a test that no deadline may end. */
async function patient(): Promise<void> {
  await server.drain(0)
  await open({ ...limits, headersMs: 60_000, requestMs: 60_000 })
}
beforeEach(() => {
  bodies.length = 0
  return open(limits)
})
afterEach(() => server.drain(0))

const post = (length: number, headers = ''): string =>
  `POST /size HTTP/1.1\r\nHost: x\r\nAuthorization: x\r\n${headers}Content-Length: ${length}\r\n\r\n`

const anonymous = (length: number): string =>
  `POST /size HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`

const statuses = (answer: string): string[] =>
  [...answer.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status = '']) => status)

/** A connection that sends this and then nothing. */
async function stall(bytes: string) {
  const socket = connect({ host: '127.0.0.1', port: server.port })
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  await new Promise(resolve => socket.write(bytes, resolve))
  return socket
}

test.each([
  ['no byte', ''],
  ['a request line', 'POST /size HTTP/1.1\r\n'],
  ['half a header', 'POST /size HTTP/1.1\r\nHost: x\r\nAuthor'],
  ['half a body', `${post(10)}hello`],
  ['half a chunk', 'POST /size HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel'],
  ['a line break now and then', '\r\n'],
])('%s and then nothing: told so in time, and closed', async (_, bytes) => {
  const answer = await rawHttp(address, bytes)
  expect(statuses(answer)).toEqual(['408'])
  expect(bodyOf(answer)).toMatchObject({ code: 'request_timeout', next: expect.any(String) })
  expect(bodies).toEqual([])
})

test('a body that drips in is not waited for: what counts is the whole request', async () => {
  const drip = setInterval(() => socket.write('x'), 10)
  const socket = await stall(post(1_000))
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  await once(socket, 'close')
  clearInterval(drip)
  expect(statuses(Buffer.concat(chunks).toString())).toEqual(['408'])
})

test('who was answered before the body came to its end gets no second answer', async () => {
  await patient()
  const answer = await rawHttp(address, `${anonymous(200_000)}${'x'.repeat(100_000)}`)
  expect(statuses(answer)).toEqual(['200'])
  expect(bodies).toEqual([64 << 10])
})

test('of a body that was not read no byte is taken for a next request, and the connection goes on', async () => {
  await patient()
  const smuggled = 'GET /size HTTP/1.1\r\nHost: x\r\n\r\n'.padEnd(200_000)
  const next = 'GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
  const answer = await rawHttp(address, anonymous(smuggled.length) + smuggled + next)
  expect(statuses(answer)).toEqual(['200', '404'])
})

test('a body in chunks of one byte arrives whole', async () => {
  await patient()
  const chunks = '1\r\nx\r\n'.repeat(60_000)
  const head = 'POST /size HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n'
  expect(bodyOf(await rawHttp(address, `${head}${chunks}0\r\n\r\n`))).toEqual({ size: 60_000 })
})

const soon = { timeout: 10_000 }

test('large bodies share what the server has for them; small ones come through; an abort gives back', async () => {
  await patient()
  const large = `${post(900_000, 'Connection: close\r\n')}${'x'.repeat(900_000)}`
  const holder = await stall(`${post(900_000)}${'x'.repeat(400_000)}`)
  await vi.waitFor(async () => {
    const refused = await rawHttp(address, large)
    expect(statuses(refused)).toEqual(['503'])
    expect(refused).toMatch(/^retry-after: 1\r$/im)
    expect(bodyOf(refused)).toMatchObject({ code: 'overloaded' })
  }, soon)
  const small = await rawHttp(address, `${post(60_000, 'Connection: close\r\n')}${'x'.repeat(60_000)}`)
  expect(bodyOf(small)).toEqual({ size: 60_000 })

  holder.destroy()
  for (let again = 0; again < 20; again++)
    await vi.waitFor(
      async () => expect(bodyOf(await rawHttp(address, large))).toEqual({ size: 900_000 }),
      soon,
    )
})

test('a client that goes while not all of its body was read is noticed', async () => {
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const waits: Handler = async (_, signal) => {
    begin()
    await new Promise(aborted => signal.addEventListener('abort', aborted))
    resolve()
    return json(200, {})
  }
  await patient()
  server.serve([['/size', waits]])
  const socket = await stall(`${anonymous(2_000_000)}${'x'.repeat(1_000_000)}`)
  await begun
  socket.destroy()
  await gone
})
