/** What of the log is served, and that nothing else of the bucket is. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createConsole } from '../../../functions/console/app.ts'
import { ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import { quiet } from '../../world/embedded.ts'

const every = Uint8Array.from({ length: 256 }, (_, i) => i)
const bucket: Readonly<Record<string, Uint8Array>> = {
  'log/checkpoint': Buffer.from('gateway.example.org/log\n300\nroot\n\n— signature\n'),
  'log/vkey': Buffer.from('gateway.example.org/log+00000000+key\n'),
  'log/tile/0/000': every,
  'log/tile/0/001.p/44': every.subarray(0, 44),
  'log/tile/0/x001/x234/067': every,
  'log/tile/entries/000': every,
  'log/other': Buffer.from('not for everybody'),
  'staging/0-300-root': Buffer.from('staged'),
  'body/24323/2026-11-27T10/0-300': Buffer.from('sealed'),
}

function served() {
  const asked: string[] = []
  const objects = {
    get: async (key: string) => {
      asked.push(key)
      const bytes = Object.hasOwn(bucket, key) ? bucket[key] : undefined
      return bytes && { bytes, etag: '"1"' }
    },
  }
  const handle = createConsole({ objects, telemetry: quiet })
  const ask = (path: string, httpMethod = 'GET') =>
    handle(
      { path, httpMethod, requestContext: { requestId: 'r' } } as APIGatewayProxyEvent,
      new AbortController().signal,
    )
  return { ask, asked }
}

const code = (body: unknown): string => JSON.parse(String(body)).code

describe('the log as static files (c2sp.org/tlog-tiles)', () => {
  test('the checkpoint is text, and is not cached beyond a few seconds', async () => {
    const { status, headers, body } = await served().ask('/log/checkpoint')
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'text/plain; charset=utf-8',
      'public, max-age=2',
    ])
    expect(body).toEqual(bucket['log/checkpoint'])
  })

  test('the verifier key is text', async () => {
    const { status, headers, body } = await served().ask('/log/vkey')
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(body).toEqual(bucket['log/vkey'])
  })

  test.each(['tile/0/000', 'tile/0/001.p/44', 'tile/0/x001/x234/067', 'tile/entries/000'])(
    '%s is bytes, and stays',
    async path => {
      const { status, headers, body } = await served().ask(`/log/${path}`)
      expect([status, headers['content-type'], headers['cache-control']]).toEqual([
        200,
        'application/octet-stream',
        'public, max-age=31536000, immutable',
      ])
      expect(body).toEqual(bucket[`log/${path}`])
    },
  )

  test('pages of other sites may read it, refusals too', async () => {
    const { ask } = served()
    for (const path of ['/log/checkpoint', '/log/tile/0/000', '/log/tile/9/000', '/x'])
      expect((await ask(path)).headers['access-control-allow-origin']).toBe('*')
  })

  test('HEAD is answered as GET', async () => {
    const { ask } = served()
    expect((await ask('/log/tile/0/000', 'HEAD')).headers).toEqual((await ask('/log/tile/0/000')).headers)
  })
})

describe('a 404, which nothing keeps,', () => {
  test.each([
    ['a partial tile whose full one is there', '/log/tile/0/000.p/12'],
    ['a full tile whose partial one is there', '/log/tile/0/001'],
    ['a tile that is not there yet', '/log/tile/2/000.p/1'],
  ])('is the answer for %s: that is another name', async (_, path) => {
    const { status, headers, body } = await served().ask(path)
    expect([status, headers['cache-control'], code(body)]).toEqual([404, 'no-store', 'path_not_offered'])
  })

  test.each([
    '/log/',
    '/log',
    '/log/other',
    '/log/staging/0-300-root',
    '/staging/0-300-root',
    '/body/24323/2026-11-27T10/0-300',
    '/log/../staging/0-300-root',
    '/log/tile/../../staging/0-300-root',
    '/log/tile/0/000/../001',
    '/log/tile/0/%30%30%30',
    '/log//checkpoint',
    '/log/checkpoint/',
    '/log/checkpoint%00',
    '/LOG/checkpoint',
    '/log/tile/00/000',
    '/log/tile/64/000',
    '/log/tile/0/0',
    '/log/tile/0/x000/000',
    '/log/tile/0/000.p/0',
    '/log/tile/0/000.p/256',
    '/log/tile/0/000.p/01',
    '/log/constructor',
    'constructor',
  ])('is the answer for %s, and no object is asked for', async path => {
    const { ask, asked } = served()
    const { status, body } = await ask(path)
    expect([status, code(body), asked]).toEqual([404, 'path_not_offered', []])
  })

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('is the answer to %s', async method => {
    const { ask, asked } = served()
    expect([(await ask('/log/checkpoint', method)).status, asked]).toEqual([404, []])
  })
})

test('whatever a path is made of, only the checkpoint, the key and tiles are ever asked for', async () => {
  const part = fc.constantFrom(
    ...['log', 'tile', 'staging', 'body', 'entries', '..', '.', '', '0', '000', 'x001', '000.p', '7'],
    ...['checkpoint', 'vkey', '%2e%2e', '\\', '0-300-root'],
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(part, fc.string()), { maxLength: 7 }), async parts => {
      const { ask, asked } = served()
      await ask(`/${parts.join('/')}`)
      for (const key of asked)
        expect(key).toMatch(/^log\/(checkpoint|vkey|tile\/(entries|\d+)\/(x\d{3}\/)*\d{3}(\.p\/\d+)?)$/)
    }),
    { numRuns: 200 },
  )
})

test('where the bucket does not answer, nobody is told that something is not there', async () => {
  const error = vi.fn()
  const handle = createConsole({
    objects: {
      get: async () => {
        throw new ObjectsUnavailable('S3: a get failed: NoAnswer')
      },
    },
    telemetry: { ...quiet, error },
  })
  const event = { path: '/log/checkpoint', httpMethod: 'GET', requestContext: { requestId: 'r' } }
  const { status, headers, body } = await handle(event as APIGatewayProxyEvent, new AbortController().signal)
  expect([status, headers['cache-control'], code(body)]).toEqual([503, 'no-store', 'store_unavailable'])
  expect(error).toHaveBeenCalledOnce()
})
