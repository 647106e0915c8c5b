/** The pages as endpoints: methods, loads, failures, and what is shown of what was sent. */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { StoreUnavailable } from '../../../shared/ports/store.ts'
import { formOf, issuer, signInWorld } from './sign-in-world.ts'

const paths = ['/oauth/authorize', '/oauth/callback']

test.each(paths)('%s answers GET, and says which methods it takes', async path => {
  const world = await signInWorld()
  for (const httpMethod of ['PUT', 'DELETE', 'OPTIONS', ...(path === '/oauth/callback' ? ['POST'] : [])]) {
    const { status, headers } = await world.page({ path, httpMethod })
    expect([status, headers.allow]).toEqual([405, path === '/oauth/callback' ? 'GET' : 'GET, POST'])
  }
})

test.each(paths)('%s: every answer is private, and can be framed by nobody', async path => {
  const world = await signInWorld()
  for (const httpMethod of ['GET', 'POST', 'PUT']) {
    const { status, headers, text } = await world.page({ path, httpMethod })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(headers['cache-control']).toBe('no-store')
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(text).toContain('<html lang="en">')
  }
})

test('a wrong client or redirect_uri shows a page; another error goes back to the app, with its issuer', async () => {
  const world = await signInWorld()
  for (const change of [{ client_id: 'x' }, { redirect_uri: 'https://evil.example/callback' }]) {
    const { status, location } = await world.ask(change)
    expect([status, location]).toEqual([400, undefined])
  }
  const { status, location } = await world.ask({ code_challenge_method: 'plain' })
  expect(status).toBe(303)
  expect(Object.fromEntries(location?.searchParams ?? [])).toEqual({
    error: 'invalid_request',
    error_description: 'The code_challenge is one by the method S256 (RFC 7636).',
    state: 'state of the app',
    iss: issuer,
  })
})

test('the form is judged again: what a page was shown for binds nobody', async () => {
  const world = await signInWorld()
  const fields = formOf((await world.ask()).text)
  fields.set('redirect_uri', 'https://evil.example/')
  expect(await world.post(fields.toString())).toMatchObject({ status: 400, location: undefined })
  const twice = `${formOf((await world.ask()).text)}&state=x`
  expect(await world.post(twice)).toMatchObject({ status: 400, location: undefined })
})

test('what was sent is shown as text', async () => {
  const world = await signInWorld()
  const state = '"><script>alert(1)</script>'
  const { text } = await world.ask({ state, organisation: undefined })
  expect(text).not.toContain('<script')
  expect(formOf(text).get('state')).toBe(state)
})

test('a label for the field, one heading of each page, and a language', async () => {
  const world = await signInWorld()
  for (const { text } of [
    await world.ask(),
    await world.ask({ organisation: undefined }),
    await world.ask({ organisation: 'nobody' }),
    await world.ask({ client_id: 'x' }),
  ]) {
    expect(text.match(/<h1>/g)).toHaveLength(1)
    expect(text).toMatch(/<title>[^<]+ · Sallyport<\/title>/)
    expect(text).toContain('name="viewport" content="width=device-width, initial-scale=1"')
    expect(text).not.toMatch(/ style=| on\w+=|<img|government|seal/i)
    for (const [, id] of text.matchAll(/<input id="(\w+)"/g)) expect(text).toContain(`<label for="${id}">`)
    for (const [, ids = ''] of text.matchAll(/aria-describedby="([^"]+)"/g))
      for (const id of ids.split(' ')) expect(text).toContain(`id="${id}"`)
  }
})

test.each([
  ['of no organisation', 'nobody'],
  ['that can be no id', 'Cedar Medical'],
  ['that is no text', '\u0000"><b>'],
])(
  'a name %s: the form comes again, with the error beside the field and what was typed',
  async (_, typed) => {
    const world = await signInWorld()
    const { status, text, headers } = await world.ask({ organisation: typed })
    expect([status, headers.location]).toEqual([404, undefined])
    const field = text.slice(text.indexOf('<label'), text.indexOf('<button'))
    expect(field).toContain(
      '<p class="fault" id="fault" role="alert">Nobody can sign in with this organisation',
    )
    expect(field).toContain('aria-invalid="true" aria-describedby="fault hint"')
    expect(field).toContain(`value="${typed.replace('\u0000"><b>', '&#34;&#62;&#60;b&#62;')}"`)
    // What the app has asked for goes on with it.
    expect(formOf(text).get('state')).toBe(formOf((await world.ask()).text).get('state'))
  },
)

test('one without a provider is told as one that does not exist', async () => {
  const world = await signInWorld()
  await world.records.organisation({ provider: undefined })
  const told = async (organisation: string) => {
    const { status, text } = await world.ask({ organisation })
    return [status, text.replaceAll(organisation, 'it')]
  }
  expect(await told('organisation_1')).toEqual(await told('nobody'))
})

describe('the load of strangers', () => {
  const from = (sourceIp: string): Partial<APIGatewayProxyEvent> => ({
    path: '/oauth/authorize',
    httpMethod: 'GET',
    requestContext: { requestId: 'r', identity: { sourceIp } } as never,
  })

  test('an address has a bucket, a network of IPv6 is one address', async () => {
    const world = await signInWorld(() => ({ pageRateLimit: { perSecond: 0.1, burst: 2 } }))
    const status = async (ip: string) => (await world.page(from(ip))).status
    expect([await status('192.0.2.1'), await status('192.0.2.1'), await status('192.0.2.1')]).toEqual([
      400, 400, 429,
    ])
    expect(await status('192.0.2.2')).toBe(400)
    expect([await status('2001:db8::1'), await status('2001:db8:0:0:1::')]).toEqual([400, 400])
    expect(await status('2001:db8::2')).toBe(429)
    expect(await status('2001:db8:0:1::1')).toBe(400)
    const { headers } = await world.page(from('192.0.2.1'))
    expect(headers['retry-after']).toBe('10')
  })

  test('the token endpoint has one for those who are no client', async () => {
    const world = await signInWorld(() => ({ rateLimit: { perSecond: 1, burst: 2 } }))
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await world.refresh('x')).status)
    expect(statuses).toEqual([400, 400, 429])
    expect((await world.revoke('x')).status).toBe(429)
  })
})

test.each<[string, Error, number]>([
  ['a store that does not answer', new StoreUnavailable('gone'), 503],
  ['an error of ours', new Error('secret'), 500],
])('%s: a page, and nothing is begun', async (_, error, status) => {
  const world = await signInWorld(store => ({
    store: {
      ...store,
      get: async () => {
        throw error
      },
    },
  }))
  const page = await world.ask()
  expect([page.status, page.location]).toEqual([status, undefined])
  expect(page.text).not.toContain('secret')
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
})

test('a store that fails on the way back leaves no code', async () => {
  let failing = false
  const world = await signInWorld(store => ({
    store: {
      ...store,
      write: async op => {
        if (failing && op.kind === 'put') throw new StoreUnavailable('gone')
        return store.write(op)
      },
    },
  }))
  const { location, cookie } = await world.begin()
  failing = true
  const page = await world.comeBack(world.provider.answer(location as URL), cookie)
  expect([page.status, page.location]).toEqual([503, undefined])
})

test('a key that does not answer keeps nobody out for good: the app is told to try again', async () => {
  const { SignerUnavailable } = await import('../../../shared/ports/keys.ts')
  const world = await signInWorld(() => ({
    signers: async () => {
      throw new SignerUnavailable('gone')
    },
  }))
  const page = await world.goThrough()
  expect(page.location?.searchParams.get('error')).toBe('temporarily_unavailable')
})
