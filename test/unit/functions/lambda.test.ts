/** What a deployed function adds around its handler. */
import { PassThrough } from 'node:stream'
import type { APIGatewayProxyEvent, Context } from 'aws-lambda'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Handler, Reply } from '../../../functions/http.ts'
import { buffered, type Opening, streaming } from '../../../functions/lambda.ts'
import { problem } from '../../../functions/problem.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { SignerUnavailable } from '../../../shared/ports/keys.ts'
import { quiet } from '../../world/embedded.ts'

const event = {
  path: '/x',
  requestContext: { requestId: 'chosen-by-the-caller' },
} as unknown as APIGatewayProxyEvent
const context = (remainingMs = 60_000) =>
  ({ awsRequestId: 'of-lambda', getRemainingTimeInMillis: () => remainingMs }) as unknown as Context
const refused: Opening['refused'] = (refusal, { requestContext }) =>
  problem(refusal, requestContext.requestId)
const opening = (handler: Handler): Opening => ({ open: async () => handler, refused, telemetry: quiet })
const replying =
  (reply: Partial<Reply>): Handler =>
  async () => ({ status: 200, headers: {}, body: '', ...reply })

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('buffered', () => {
  test('collects a body that comes in parts, across a character that is split', async () => {
    const bytes = Buffer.from('data: é\n\n')
    async function* body() {
      for (const byte of bytes) yield Uint8Array.of(byte)
    }
    const handle = buffered(opening(replying({ body: body() })))
    expect(await handle(event, context())).toMatchObject({ statusCode: 200, body: 'data: é\n\n' })
  })

  test('bytes that are no text go in base64, and say so; text does not', async () => {
    const bytes = Uint8Array.of(0, 0xff, 0xfe, 0x80)
    expect(await buffered(opening(replying({ body: bytes })))(event, context())).toMatchObject({
      body: Buffer.from(bytes).toString('base64'),
      isBase64Encoded: true,
    })
    const text = await buffered(opening(replying({ body: 'é' })))(event, context())
    expect(text.body).toBe('é')
    expect(text).not.toHaveProperty('isBase64Encoded')
  })

  test('an answer to HEAD has the head of one to GET, and no body', async () => {
    const handle = buffered(opening(replying({ headers: { 'x-one': '1' }, body: Uint8Array.of(1, 2) })))
    const answer = await handle({ ...event, httpMethod: 'HEAD' }, context())
    expect(answer).toMatchObject({ statusCode: 200, headers: { 'x-one': '1' }, body: '' })
  })

  test('a header of several values keeps them apart', async () => {
    const handle = buffered(opening(replying({ headers: { 'x-one': '1', 'x-many': ['a', 'b'] } })))
    expect(await handle(event, context())).toMatchObject({
      headers: { 'x-one': '1' },
      multiValueHeaders: { 'x-many': ['a', 'b'] },
    })
  })

  test('a request is known by the id that Lambda made, not by one that its caller can choose', async () => {
    let seen = ''
    const handle = buffered(
      opening(async ({ requestContext }) => {
        seen = requestContext.requestId
        return { status: 200, headers: {}, body: '' }
      }),
    )
    await handle(event, context())
    expect(seen).toBe('of-lambda')
  })

  test('opens once for all requests', async () => {
    const open = vi.fn(async () => replying({}))
    const handle = buffered({ open, refused, telemetry: quiet })
    await Promise.all([handle(event, context()), handle(event, context())])
    await handle(event, context())
    expect(open).toHaveBeenCalledTimes(1)
  })

  test('an opening that failed refuses with 503 and is tried again by the next request', async () => {
    const open = vi.fn(async () => replying({ status: 204 }))
    open.mockRejectedValueOnce(new SignerUnavailable('KMS'))
    const handle = buffered({ open, refused, telemetry: quiet })
    const answer = await handle(event, context())
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'signer_unavailable', request_id: 'of-lambda' })
    expect(await handle(event, context())).toMatchObject({ statusCode: 204 })
  })

  test('what should not happen says nothing of itself, and is told to the log', async () => {
    const error = vi.fn()
    const handle = buffered({
      open: async () => () => Promise.reject(new Error('secret')),
      refused,
      telemetry: { ...quiet, error },
    })
    const answer = await handle(event, context())
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('secret')
    expect(error).toHaveBeenCalledWith('a request failed', expect.any(Error), { request: 'of-lambda' })
  })

  test('a call is broken off with its reason before its function ends', async () => {
    let reason: unknown
    const handle = buffered(
      opening(async (_, signal) => {
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        reason = signal.reason
        return { status: 503, headers: {}, body: '' }
      }),
    )
    await handle(event, context(120))
    expect(reason).toBeInstanceOf(Refusal)
    expect(reason).toMatchObject({ code: 'stopping' })
  })
})

describe('streaming', () => {
  type Streamed = (event: APIGatewayProxyEvent, stream: PassThrough, context: Context) => Promise<void>

  /** Lambda's global, as far as a streamed reply needs it. */
  function onLambda(handler: Handler) {
    const heads: object[] = []
    vi.stubGlobal('awslambda', {
      streamifyResponse: (handle: unknown) => handle,
      HttpResponseStream: {
        from: (stream: PassThrough, head: object) => {
          heads.push(head)
          return stream
        },
      },
    })
    const stream = new PassThrough()
    const handle = streaming(opening(handler)) as Streamed
    return { invoke: () => handle(event, stream, context()), handle, heads, stream }
  }

  test('passes each chunk on as it comes', async () => {
    const next = Promise.withResolvers<void>()
    async function* body() {
      yield Buffer.from('one')
      await next.promise
      yield Buffer.from('two')
    }
    const { invoke, heads, stream } = onLambda(
      replying({ headers: { 'content-type': 'text/event-stream' }, body: body() }),
    )
    const done = invoke()
    const chunks = stream[Symbol.asyncIterator]()
    expect(String((await chunks.next()).value)).toBe('one')
    expect(heads).toEqual([
      { statusCode: 200, headers: { 'content-type': 'text/event-stream' }, multiValueHeaders: {} },
    ])
    next.resolve()
    expect(String((await chunks.next()).value)).toBe('two')
    expect((await chunks.next()).done).toBe(true)
    await done
  })

  test('passes bytes on as they are', async () => {
    const { invoke, stream } = onLambda(replying({ body: Uint8Array.of(0, 0xff, 0xfe) }))
    const [, ...chunks] = await Promise.all([invoke(), stream.toArray()])
    expect(Buffer.concat(chunks.flat())).toEqual(Buffer.from([0, 0xff, 0xfe]))
  })

  test('a client that has gone ends the body, and with it the call', async () => {
    let ended = false
    async function* body() {
      try {
        for (;;) yield Buffer.from('x')
      } finally {
        ended = true
      }
    }
    const { invoke, stream } = onLambda(replying({ body: body() }))
    const done = invoke()
    stream.destroy()
    await done
    expect(ended).toBe(true)
  })

  test('a caller who takes nothing any more does not hold the function to its end', {
    timeout: 10_000,
  }, async () => {
    async function* body() {
      for (;;) yield Buffer.alloc(100_000)
    }
    const { handle, stream } = onLambda(replying({ body: body() }))
    // Of 60 ms one tenth is for its last words, and then five seconds.
    await handle(event, stream, context(60))
    expect(stream.destroyed).toBe(true)
  })
})
