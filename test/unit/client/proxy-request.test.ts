import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headersBack, headersOnward, judgeRequest } from '../../../client/cli/proxy-request.ts'

const rules = {
  hosts: ['127.0.0.1:8787', 'localhost:8787'],
  key: 'k'.repeat(43),
  issuer: 'https://gate.example/sallyport',
}
const right = { host: '127.0.0.1:8787', authorization: `Bearer ${rules.key}` }
const judge = (
  target: string,
  headers: Record<string, string> | [string, string][] = right,
  method = 'GET',
) => {
  const judged = judgeRequest({ method, target, headers: new Headers(headers) }, rules)
  return judged instanceof URL ? judged.href : judged.code
}
const path = '/openai/v1/models'

describe('the host', () => {
  it.each(['127.0.0.1:8787', 'localhost:8787', 'LOCALHOST:8787'])('%s is this proxy', host => {
    expect(judge(path, { ...right, host })).toBe(`${rules.issuer}${path}`)
  })

  it.each([
    'evil.example',
    'evil.example:8787',
    '127.0.0.1',
    '127.0.0.1:8788',
    '127.0.0.1:8787.evil.example',
    'localhost.evil.example:8787',
    '127.1:8787',
    '[::1]:8787',
    '',
  ])('%j is another', host => {
    expect(judge(path, { ...right, host })).toBe('host_foreign')
  })

  it('is refused when it is missing, and when it comes twice, even if both are right', () => {
    const { host, authorization } = right
    expect(judge(path, { authorization })).toBe('host_foreign')
    expect(
      judge(path, [
        ['host', host],
        ['host', host],
        ['authorization', authorization],
      ]),
    ).toBe('host_foreign')
  })

  it('comes before everything else, then the origin, then the key, then the path', () => {
    const wrong = { host: 'evil.example', origin: 'http://evil.example', authorization: 'Bearer no' }
    expect(judge('/api/v1/me', wrong)).toBe('host_foreign')
    expect(judge('/api/v1/me', { ...wrong, host: right.host })).toBe('origin_foreign')
    expect(judge('/api/v1/me', { ...right, authorization: 'Bearer no' })).toBe('proxy_key_wrong')
    expect(judge('/api/v1/me')).toBe('path_not_offered')
  })
})

it.each(['http://127.0.0.1:8787', 'null', ''])('an Origin of %j is refused, the own one too', origin => {
  expect(judge(path, { ...right, origin })).toBe('origin_foreign')
})

describe('the key', () => {
  it.each([
    { authorization: `Bearer ${rules.key}` },
    { authorization: `bearer  ${rules.key}` },
    { 'x-api-key': rules.key },
    { 'x-api-key': rules.key, authorization: 'Bearer a-token-of-another-service' },
  ])('is taken from %j', headers => {
    expect(judge(path, { host: right.host, ...headers })).toBe(`${rules.issuer}${path}`)
  })

  it.each([
    {},
    { authorization: rules.key },
    { authorization: `Basic ${rules.key}` },
    { authorization: `Bearer ${rules.key}x` },
    { authorization: `Bearer ${rules.key.slice(1)}` },
    { authorization: 'Bearer ' },
    { 'x-api-key': '' },
    { 'x-api-key': `${rules.key}, ${rules.key}` },
    { 'api-key': rules.key },
  ])('is not in %j', headers => {
    expect(judge(path, { host: right.host, ...headers })).toBe('proxy_key_wrong')
  })
})

describe('the target', () => {
  it.each([
    ['/openai/v1/chat/completions', 'POST'],
    ['/anthropic/v1/messages', 'POST'],
    ['/anthropic/v1/models?limit=5', 'GET'],
    ['/openai/v1/models/a%2Fb', 'GET'],
  ])('%s is passed on', (target, method) => {
    expect(judge(target, right, method)).toBe(rules.issuer + target)
  })

  it.each([
    '/',
    '*',
    '/openai/v1',
    '/openai/v2/models',
    '/api/v1/me',
    '/oauth/token',
    '/openai/v1/../../api/v1/me',
    '/openai/v1/%2e%2E/%2e./api/v1/me',
    '/openai/v1/..\\..\\api/v1/me',
    '/openai\t/v1/../../../api/v1/me',
    '//openai/v1/models',
    '/../openai/v1/models',
    'http://127.0.0.1:8787/openai/v1/models',
    'https://evil.example/openai/v1/models',
    '@evil.example/openai/v1/models',
    'openai/v1/models',
    '',
  ])('%j is not', target => {
    expect(judge(target)).toBe('path_not_offered')
  })

  it.each(['PUT', 'DELETE', 'OPTIONS', 'TRACE', 'HEAD', 'get'])('%s is not a method of the gate', method => {
    expect(judge(path, right, method)).toBe('path_not_offered')
  })

  it('whatever it is, nothing but the two protocols of the gateway is reached', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2e',
      '%2f',
      '%5c',
      '@',
      ':',
      '?',
      '#',
      '\t',
      'openai',
    )
    const wild = fc
      .array(
        fc.oneof(
          part,
          fc.constantFrom('anthropic', 'v1', 'api', 'evil.example'),
          fc.string({ maxLength: 3 }),
        ),
      )
      .map(parts => parts.join(''))
    const start = fc.constantFrom('', '/openai/v1/', '/anthropic/v1/')
    fc.assert(
      fc.property(start, wild, (begin, rest) => {
        const judged = judge(begin + rest)
        const inside = ['openai', 'anthropic'].some(base => judged.startsWith(`${rules.issuer}/${base}/v1/`))
        return judged === 'path_not_offered' || (inside && !/\/\.\.?(\/|$)/.test(new URL(judged).pathname))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('headers', () => {
  it('go on without credentials, and without what is about this hop or the one before', () => {
    const onward = headersOnward(
      new Headers({
        ...right,
        'content-type': 'application/json',
        'anthropic-version': '2023-06-01',
        'user-agent': 'tool/1',
        'x-stainless-lang': 'js',
        'x-api-key': 'a',
        'api-key': 'a',
        'proxy-authorization': 'a',
        cookie: 'a=1',
        dpop: 'a',
        forwarded: 'for=10.0.0.1',
        via: '1.1 a',
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-host': 'a',
        'x-real-ip': '10.0.0.1',
        'x-sallyport-anything': 'a',
        connection: 'keep-alive, X-Named',
        'x-named': 'a',
        'keep-alive': 'timeout=5',
        te: 'trailers',
        trailer: 'a',
        'transfer-encoding': 'chunked',
        upgrade: 'h2c',
        'content-length': '3',
        'accept-encoding': 'zstd',
        expect: '100-continue',
      }),
    )
    expect(Object.fromEntries(onward)).toEqual({
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
      'user-agent': 'tool/1',
      'x-stainless-lang': 'js',
    })
  })

  it('come back without nonces, cookies, and an encoding that is undone', () => {
    const back = headersBack(
      new Headers([
        ['content-type', 'text/event-stream'],
        ['x-request-id', 'request_1'],
        ['x-sallyport-entry', 'entry_1'],
        ['retry-after', '3'],
        ['dpop-nonce', 'a'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=1'],
        ['content-encoding', 'gzip'],
        ['content-length', '3'],
        ['connection', 'close'],
      ]),
    )
    expect(Object.fromEntries(back)).toEqual({
      'content-type': 'text/event-stream',
      'x-request-id': 'request_1',
      'x-sallyport-entry': 'entry_1',
      'retry-after': '3',
    })
  })
})
