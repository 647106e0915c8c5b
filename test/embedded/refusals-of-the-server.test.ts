/** Invariant 7 where only the embedded server shows it: what API Gateway is elsewhere, a store that fails, silence. */
import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { listen } from '../../scripts/embedded/server.ts'
import { type RefusalCode, refusals } from '../../shared/domain/refusal.ts'
import { type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import { replaceWrite } from '../in-order.ts'
import { type EmbeddedWorld, openEmbedded, quiet } from '../world/embedded.ts'
import { bodyOf, rawHttp } from '../world/raw-http.ts'
import { ofTheServer, readRefusal } from '../world/refusals.ts'

const met = new Set<string>()
let world: EmbeddedWorld
let cedar: ReturnType<EmbeddedWorld['raw']>
let token: string
let failing: 'nothing' | 'reads' | 'entries' | 'meters' | 'everything' = 'nothing'

/** The embedded store, with an outage of the part that a test names. */
const outage = (store: Store): Store => ({
  ...replaceWrite(store, async op => {
    if (failing === op.key.table) throw new StoreUnavailable('down')
    return store.write(op)
  }),
  get: async keys => {
    if (failing === 'reads') throw new StoreUnavailable('down')
    if (failing === 'everything') throw new Error('what should not happen')
    return store.get(keys)
  },
})

beforeAll(async () => {
  world = await openEmbedded({ wiring: { wrap: outage, idleMs: { stream: 900, json: 900 } } })
  cedar = world.raw('cedar')
  token = await cedar.token()
})
afterAll(() => world.close())
beforeEach(() => {
  failing = 'nothing'
})

const chat = (body: object = {}): Promise<Response> => cedar.chat(body, { token })

const refusal: typeof readRefusal = (response, code) => {
  met.add(code)
  return readRefusal(response, code)
}

describe('an outage refuses, and nothing is called or charged', () => {
  test.each([
    ['record_unavailable', 'entries'],
    ['store_unavailable', 'reads'],
    ['store_unavailable', 'meters'],
  ] as const)('%s: no %s', async (code, what) => {
    const before = await Promise.all([world.stats(), world.meter('cedar')])
    failing = what
    const { headers } = await refusal(await chat(), code)
    failing = 'nothing'
    expect(headers.get('retry-after')).toBe('1')
    const after = await Promise.all([world.stats(), world.meter('cedar')])
    expect([after[0].finished, after[1].used, after[1].leases]).toEqual([
      before[0].finished,
      before[1].used,
      {},
    ])
  })
})

describe('an upstream that stays silent', () => {
  test('upstream_timeout: refuses, and ends a stream with the error event of the protocol', async () => {
    await world.script({ first_token_ms: 60_000, times: 1 })
    await refusal(await chat(), 'upstream_timeout')
    await world.script({ stall_after: 2, times: 1 })
    const stream = await chat({ stream: true })
    expect(stream.status).toBe(200)
    const events = (await stream.text()).trim().split('\n\n')
    const last = JSON.parse((events.at(-1) ?? '').slice('data: '.length))
    expect(last.error.sallyport).toEqual({
      code: 'upstream_timeout',
      next: refusals.upstream_timeout.next,
      rules: 1,
    })
  })
})

describe('the server', () => {
  const problem = (body: Record<string, unknown>, code: RefusalCode): void => {
    const { status, title, next } = refusals[code]
    expect(body).toMatchObject({
      status,
      title,
      next,
      code,
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    met.add(code)
  }

  test('request_malformed, headers_too_large: what is read by nobody', async () => {
    problem(bodyOf(await rawHttp(world.issuer, 'HELLO\r\n\r\n')), 'request_malformed')
    const long = `GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(11_000)}\r\n\r\n`
    problem(bodyOf(await rawHttp(world.issuer, long)), 'headers_too_large')
  })

  test('request_timeout, overloaded: what is not read to its end', async () => {
    const limits = { headersMs: 50, requestMs: 50, checkMs: 10, bodyBytes: 0 }
    const server = await listen(0, quiet, limits)
    const address = `http://127.0.0.1:${server.port}`
    problem(bodyOf(await rawHttp(address, 'GET / HTTP/1.1\r\n')), 'request_timeout')
    const response = await fetch(address, {
      method: 'POST',
      headers: { authorization: 'DPoP x' },
      body: 'x'.repeat(100_000),
    })
    expect(response.headers.get('retry-after')).toBe('1')
    problem((await response.json()) as Record<string, unknown>, 'overloaded')
    await server.drain(0)
  })

  test('internal: what should not happen says nothing of itself', async () => {
    failing = 'everything'
    const response = await chat()
    failing = 'nothing'
    const text = await response.text()
    problem(JSON.parse(text), 'internal')
    expect(text).not.toContain('what should not happen')
  })

  test('stopping: a request on a kept connection, while the server drains', async () => {
    const other = await openEmbedded()
    let stopped: Promise<void> | undefined
    const first = 'POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n'
    const answer = await rawHttp(other.issuer, first, async write => {
      // Its body is still to come when the server is told to stop.
      await (await fetch(`${other.issuer}/healthz`)).text()
      stopped = other.sallyport.close(3_000)
      await new Promise(resolve => setTimeout(resolve, 50))
      write('a=b\n' + 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
    })
    problem(bodyOf(answer), 'stopping')
    await stopped
    await other.upstream.close()
    await rm(other.data, { recursive: true })
  })
})

test('every code of the server was met', () => {
  expect([...met].sort()).toEqual([...ofTheServer].sort())
})
