import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acceptsRedirect } from '../../../shared/oauth/apps.ts'
import {
  authorizeParameters,
  authorizeResponse,
  isFault,
  readAuthorizeRequest,
  type Sent,
} from '../../../shared/oauth/authorize-request.ts'

const issuer = 'https://gate.example'
const digest = 'A'.repeat(43)
const good = {
  response_type: 'code',
  client_id: 'sallyport-cli',
  redirect_uri: 'http://127.0.0.1:4321/callback',
  state: 's',
  code_challenge: digest,
  code_challenge_method: 'S256',
  dpop_jkt: digest,
}

const sent = (change: Readonly<Record<string, string | readonly string[] | undefined>> = {}): Sent =>
  new Map(
    Object.entries({ ...good, ...change }).flatMap(([name, value]): [string, readonly string[]][] =>
      value === undefined ? [] : [[name, typeof value === 'string' ? [value] : value]],
    ),
  )

/** `page` where nobody may be sent back. */
function outcome(change: Parameters<typeof sent>[0]) {
  const request = readAuthorizeRequest(issuer, sent(change))
  if (!isFault(request)) return 'accepted'
  return `${request.app ? 'redirect' : 'page'} ${request.error.error}`
}

test('a good request', () => {
  expect(readAuthorizeRequest(issuer, sent())).toEqual({
    app: 'sallyport-cli',
    redirectUri: good.redirect_uri,
    state: 's',
    codeChallenge: digest,
    dpopJkt: digest,
  })
  const optional = {
    resource: `${issuer}/api`,
    scope: 'govern',
    organisation: 'o-1',
    max_age: '60',
    foo: 'bar',
  }
  expect(readAuthorizeRequest(issuer, sent(optional))).toMatchObject({ organisation: 'o-1', maxAge: 60 })
  const typed = readAuthorizeRequest(issuer, sent({ organisation: ' o-1 ' }))
  expect(typed).toMatchObject({ organisation: 'o-1' })
  expect(readAuthorizeRequest(issuer, sent({ prompt: 'login', max_age: '60' }))).toMatchObject({ maxAge: 0 })
})

describe('each parameter', () => {
  test.each<[string, string]>([
    ['client_id', 'page invalid_request'],
    ['redirect_uri', 'page invalid_request'],
    ['response_type', 'redirect invalid_request'],
    ['state', 'redirect invalid_request'],
    ['code_challenge', 'redirect invalid_request'],
    ['code_challenge_method', 'redirect invalid_request'],
    ['dpop_jkt', 'redirect invalid_request'],
  ])('%s: missing, empty or twice', (name, expected) => {
    const value = (good as Record<string, string>)[name] ?? ''
    for (const wrong of [undefined, '', [value, value], [value, ''], ['', value], []])
      expect(outcome({ [name]: wrong })).toBe(expected)
  })

  test.each<[object, string]>([
    [{ client_id: 'SALLYPORT-CLI' }, 'page invalid_request'],
    [{ client_id: 'client_1' }, 'page invalid_request'],
    [{ client_id: '__proto__' }, 'page invalid_request'],
    [{ client_id: 'sallyport-console' }, 'page invalid_request'],
    [{ response_type: 'token' }, 'redirect unsupported_response_type'],
    [{ response_type: 'code id_token' }, 'redirect unsupported_response_type'],
    [{ response_mode: 'fragment' }, 'redirect invalid_request'],
    [{ code_challenge_method: 'plain' }, 'redirect invalid_request'],
    [{ code_challenge: 'v'.repeat(43) }, 'redirect invalid_request'],
    [{ code_challenge: `${digest}=` }, 'redirect invalid_request'],
    [{ dpop_jkt: digest.slice(1) }, 'redirect invalid_request'],
    [{ resource: `${issuer}/api/` }, 'redirect invalid_target'],
    [{ resource: `${issuer}/models/x` }, 'redirect invalid_target'],
    [{ scope: 'infer' }, 'redirect invalid_scope'],
    [{ scope: 'govern govern' }, 'redirect invalid_scope'],
    [{ organisation: ['a', 'b'] }, 'redirect invalid_request'],
    [{ max_age: '-1' }, 'redirect invalid_request'],
    [{ max_age: '1e9' }, 'redirect invalid_request'],
    [{ max_age: '1234567890' }, 'redirect invalid_request'],
    [{ prompt: 'none' }, 'redirect invalid_request'],
    [{ state: 'x'.repeat(513) }, 'redirect invalid_request'],
    [{ state: 'a\nb' }, 'redirect invalid_request'],
    [{ foo: ['a', 'b'] }, 'redirect invalid_request'],
  ])('%j', (change, expected) => expect(outcome(change as never)).toBe(expected))

  test('a state that is sent twice is not given back', () => {
    const fault = readAuthorizeRequest(issuer, sent({ state: ['a', 'b'] }))
    expect(isFault(fault) && fault.app).toEqual({ redirectUri: good.redirect_uri })
  })
})

describe('a redirect URI', () => {
  test.each([
    'http://localhost:4321/callback',
    'https://127.0.0.1:4321/callback',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:/callback',
    'http://127.0.0.1:0/callback',
    'http://127.0.0.1:65536/callback',
    'http://127.0.0.1:04321/callback',
    'http://127.0.0.1:4321/callback/',
    'http://127.0.0.1:4321/Callback',
    'http://127.0.0.1:4321/callback?x',
    'http://127.0.0.1:4321/callback#x',
    'http://127.0.0.1:4321/x/../callback',
    'http://127.0.0.1:4321/%63allback',
    'http://127.0.0.1:4321@evil.example/callback',
    'http://evil.example@127.0.0.1:4321/callback',
    'http://127.0.0.1:4321.evil.example/callback',
    'http://127.0.0.1.evil.example:4321/callback',
    'http://127.0.0.2:4321/callback',
    'http://127.1:4321/callback',
    'http://2130706433:4321/callback',
    'http://[::ffff:127.0.0.1]:4321/callback',
    'http://[::2]:4321/callback',
    'http:\\\\127.0.0.1:4321/callback',
    ' http://127.0.0.1:4321/callback',
    'http://127.0.0.1:4321/callback\n',
    'HTTP://127.0.0.1:4321/callback',
    'javascript:alert(1)//127.0.0.1:4321/callback',
    `${issuer}/console/callback`,
  ])('the CLI is not sent to %j', uri => expect(acceptsRedirect(issuer, 'sallyport-cli', uri)).toBe(false))

  test.each(['http://127.0.0.1:1/callback', 'http://127.0.0.1:65535/callback', 'http://[::1]:4321/callback'])(
    'the CLI is sent to %j (RFC 8252 §7.3)',
    uri => expect(acceptsRedirect(issuer, 'sallyport-cli', uri)).toBe(true),
  )

  test.each(['', '/', '?x', '#x', '/..', '%2f'].map(tail => `${issuer}/console/callback${tail}`))(
    'the console has one, and %j is it or not',
    uri =>
      expect(acceptsRedirect(issuer, 'sallyport-console', uri)).toBe(uri === `${issuer}/console/callback`),
  )

  test('the console is not sent to another host, or to a loopback', () => {
    for (const uri of ['https://gate.example.evil/console/callback', 'http://127.0.0.1:4321/callback'])
      expect(acceptsRedirect(issuer, 'sallyport-console', uri)).toBe(false)
  })
})

describe('whatever is sent', () => {
  const name = fc.constantFrom(
    ...Object.keys(good),
    'organisation',
    'max_age',
    'prompt',
    'scope',
    '__proto__',
  )
  const value = fc.oneof(fc.constantFrom(...Object.values(good), ''), fc.string({ unit: 'binary' }))
  const any = fc.dictionary(name, fc.oneof(value, fc.array(value, { maxLength: 3 })))

  test('is accepted or refused, and nobody is sent anywhere but to an app', () => {
    fc.assert(
      fc.property(any, change => {
        const request = readAuthorizeRequest(issuer, sent(change))
        const uri = isFault(request) ? request.app?.redirectUri : request.redirectUri
        if (uri !== undefined)
          expect(
            acceptsRedirect(issuer, 'sallyport-cli', uri) ||
              acceptsRedirect(issuer, 'sallyport-console', uri),
          ).toBe(true)
      }),
    )
  })

  test('what is accepted means the same once it has gone through the page', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 512 }),
        fc.nat(1e8),
        (state, age) => {
          const request = readAuthorizeRequest(issuer, sent({ state, max_age: String(age) }))
          if (isFault(request)) throw new Error('a good request was refused')
          const again = new Map(
            Object.entries(authorizeParameters(request)).map(([key, each]) => [key, [each]]),
          )
          expect(readAuthorizeRequest(issuer, again)).toEqual(request)
        },
      ),
    )
  })

  test('an answer keeps its parameters, and the address stays that of the app', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), state => {
        const url = new URL(authorizeResponse(issuer, good.redirect_uri, { code: 'c', state }))
        expect(`${url.origin}${url.pathname}`).toBe(good.redirect_uri)
        expect(Object.fromEntries(url.searchParams)).toEqual({ code: 'c', state, iss: issuer })
      }),
    )
  })
})
