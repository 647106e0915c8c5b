/** Requests that nobody sends by accident: each gets a 400-class answer, and nothing of it lands in the log. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'
import { bodyOf, rawHttp } from '../world/raw-http.ts'

let world: EmbeddedWorld
let cedar: ReturnType<EmbeddedWorld['raw']>
let token: string
beforeAll(async () => {
  world = await openEmbedded()
  cedar = world.raw('cedar')
  token = await cedar.token()
})
afterAll(() => world.close())

const raw = (bytes: string): Promise<string> => rawHttp(world.issuer, bytes)

test.each([
  ['//x/openai/v1/chat/completions', 404],
  ['/x/../openai/v1/models', 404],
  ['/openai/v1/../v1/models', 404],
  ['/openai/v1/%2e%2e/v1/models', 404],
  ['/openai/v1\\models', 404],
  ['//', 404],
  ['http://evil.example/openai/v1/models', 404],
  ['/openai/v1/models/%zz', 401],
  ['/anthropic/v1/models/%E0%A4%A', 401],
  ['/healthzfoo', 404],
  ['/', 404],
])('GET %s is not taken for another path: %i', async (target, status) => {
  const answer = await raw(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
  'a header named %s is only a header',
  async name => {
    const answer = await raw(
      `POST /openai/v1/chat/completions HTTP/1.1\r\nHost: x\r\n${name}: 1\r\n${name}: 2\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 401 /)
  },
)

test.each([
  ['what is no HTTP', 'HELLO\r\n\r\n', 400],
  ['headers beyond 10,240 bytes', `GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(11_000)}\r\n\r\n`, 431],
])('%s is told so: %i', async (_, bytes, status) => {
  const answer = await raw(bytes)
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  expect(bodyOf(answer)).toMatchObject({ status, next: expect.any(String) })
})

const path = '/openai/v1/chat/completions'
const send = async (body: string): Promise<{ status: number; text: string }> => {
  const response = await cedar.call('POST', path, { token, body })
  return { status: response.status, text: await response.text() }
}
const messages = '"messages":[{"role":"user","content":"x"}]'
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

test.each([
  ['a key twice', `{"model":"aurora-preview","model":"x",${messages}}`, 'names the key'],
  ['deep nesting', `{"model":"aurora-preview",${messages},"tools":${nested(5_000)}}`, 'nested deeper'],
  ['very deep nesting', nested(1_000_000), 'nested deeper'],
  [
    'a million values',
    `{"model":"aurora-preview","messages":[${'0,'.repeat(1_000_000)}0]}`,
    'more than 20000 values',
  ],
  [
    'twenty thousand wrong values',
    `{"model":"aurora-preview","messages":[${'{},'.repeat(19_000)}{}]}`,
    'messages[0]',
  ],
])('a body with %s is refused by name', async (_, body, why) => {
  const { status, text } = await send(body)
  expect(status).toBe(400)
  expect(text).toContain(why)
})

test.each([
  ['content-type', 'text/plain'],
  ['content-encoding', 'gzip'],
  ['anthropic-version', '2023-06-01, 2023-06-01'],
  ['anthropic-beta', 'files-api-2025-04-14'],
])('the header %s: %s is refused by its name', async (name, value) => {
  const response = await cedar.call('POST', path, { token, body: '{}', headers: { [name]: value } })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({
    error: { param: name, sallyport: { code: 'field_not_allowed' } },
  })
})

test('a query is refused by the name of its parameter: it would be dropped in silence', async () => {
  const response = await cedar.call('POST', `${path}?api-version=1`, { token, body: '{}' })
  expect(await response.json()).toMatchObject({ error: { param: 'api-version' } })
})

test('what a caller puts into names is neither echoed at length nor logged', async () => {
  const secret = 'secret-prompt '.repeat(100_000)
  const answers = [
    await send(JSON.stringify({ model: secret, messages: [{ role: 'user', content: 'x' }] })),
    await send(
      JSON.stringify({ model: 'aurora-preview', messages: [{ role: 'user', content: 'x' }], [secret]: 1 }),
    ),
    await send(JSON.stringify({ model: 'aurora-preview', messages: [{ role: secret, content: 'x' }] })),
  ]
  for (const { status, text } of answers) {
    expect(status).toBeGreaterThanOrEqual(400)
    expect(text.length).toBeLessThan(1_000)
  }
  for (const { entry } of await world.entries('cedar')) expect(entry.body.length).toBeLessThan(2_000)
})
