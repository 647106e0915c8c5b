/** Who comes to the API with a ticket has proved nothing yet: an address has a bucket, as at the token service. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { expect, test } from 'vitest'
import { createApi } from '../../../functions/api/app.ts'
import type { Reply } from '../../../functions/http.ts'
import { createRingReader } from '../../../functions/ring.ts'
import { clientWorld } from './governance/client-world.ts'

const enrolments = { path: '/api/v1/enrolments', httpMethod: 'POST', body: '{}' } as const

async function apiWorld() {
  const world = await clientWorld()
  const ring = createRingReader(world.store, world.deps.clock)
  const api = createApi({ ...world.deps, ring, strangerRateLimit: { perSecond: 0.1, burst: 2 } })
  const ask = async (sourceIp: string, event: Partial<APIGatewayProxyEvent> = enrolments): Promise<Reply> =>
    api(
      {
        isBase64Encoded: false,
        headers: { 'content-type': 'application/json' },
        multiValueHeaders: { 'content-type': ['application/json'] },
        requestContext: { requestId: 'r', identity: { sourceIp } },
        ...event,
      } as APIGatewayProxyEvent,
      new AbortController().signal,
    )
  return { world, ask }
}

const codeOf = ({ body }: Reply): string => (JSON.parse(String(body)) as { code: string }).code

test('enrolments of one address are limited, and its network of IPv6 is one address', async () => {
  const { world, ask } = await apiWorld()
  const codes = async (ip: string) => codeOf(await ask(ip))
  expect([await codes('192.0.2.1'), await codes('192.0.2.1'), await codes('192.0.2.1')]).toEqual([
    'body_malformed',
    'body_malformed',
    'rate_limited',
  ])
  expect(await codes('192.0.2.2')).toBe('body_malformed')
  const limited = await ask('192.0.2.1')
  expect([limited.status, limited.headers['retry-after']]).toEqual([429, '10'])
  expect([await codes('2001:db8::1'), await codes('2001:db8:0:0:1::')]).toEqual([
    'body_malformed',
    'body_malformed',
  ])
  expect(await codes('2001:db8::2')).toBe('rate_limited')
  world.pass(10_000)
  expect(await codes('192.0.2.1')).toBe('body_malformed')
})

test('what is asked without a body is not counted, nor is who brings a token', async () => {
  const { ask } = await apiWorld()
  const get = { path: '/api/v1/openapi.json', httpMethod: 'GET', body: null }
  for (let i = 0; i < 5; i++) expect((await ask('192.0.2.1', get)).status).toBe(200)
  const me = { path: '/api/v1/me', httpMethod: 'GET', body: null }
  for (let i = 0; i < 5; i++) expect((await ask('192.0.2.1', me)).status).toBe(401)
})
