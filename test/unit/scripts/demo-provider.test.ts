/** Judged by `openid-client` and `jose`, with a Sallyport that is nothing but a key set. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import * as oidc from 'openid-client'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Arrival,
  createBrowser,
  findButton,
  type Page,
} from '../../../scripts/demo/browserless-browser.ts'
import { readForms, readText } from '../../../scripts/demo/browserless-page.ts'
import { people } from '../../../scripts/demo/people.ts'
import { type DemoProvider, demoClientId, startDemoProvider } from '../../../scripts/demo/provider.ts'
import { roles } from '../../../shared/domain/parties.ts'
import { rawHttp } from '../../world/raw-http.ts'

const pair = await generateKeyPair('ES256', { extractable: true })
const jwk: JWK = await exportJWK(pair.publicKey)
const kid = await calculateJwkThumbprint(jwk)

let sallyport: { readonly issuer: string; close(): void }
let provider: DemoProvider
const printed = vi.fn()

async function serveKeys(): Promise<typeof sallyport> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

beforeAll(async () => {
  for (const method of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockImplementation(printed)
  sallyport = await serveKeys()
})
afterAll(() => {
  sallyport.close()
  vi.restoreAllMocks()
})
beforeEach(async () => {
  provider = await startDemoProvider({ port: 0, issuerOfSallyport: sallyport.issuer, people })
})
afterEach(async () => {
  await provider.close()
  expect(printed).not.toHaveBeenCalled()
})

/** `private_key_jwt` with claims and headers that can be made wrong. */
const authentication =
  (claims: object = {}, keyPair = pair, clientId = demoClientId): oidc.ClientAuth =>
  async (server, _, body) => {
    const now = Math.floor(Date.now() / 1000)
    const assertion = await new SignJWT({
      iss: clientId,
      sub: clientId,
      aud: server.issuer,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'client-authentication+jwt' })
      .sign(keyPair.privateKey)
    body.set('client_id', clientId)
    body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    body.set('client_assertion', assertion)
  }

const discover = (auth = authentication(), clientId = demoClientId) =>
  oidc.discovery(new URL(provider.issuer), clientId, {}, auth, { execute: [oidc.allowInsecureRequests] })

interface Attempt {
  readonly login?: string
  readonly parameters?: Record<string, string>
  readonly filled?: Record<string, string>
  readonly auth?: oidc.ClientAuth
  readonly issuer?: string
  readonly clientId?: string
}

/** What a relying party and its person do; `exchange` redeems the code. */
async function signIn({ login = 'ada', parameters = {}, filled = {}, auth, ...of }: Attempt = {}) {
  const redirectUri = `${of.issuer ?? sallyport.issuer}/oauth/callback`
  const config = await discover(auth, of.clientId)
  const verifier = oidc.randomPKCECodeVerifier()
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid',
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...parameters,
  })
  const browser = createBrowser(redirectUri)
  const chosen = findButton(await browser.open(url.href), 'the person', ({ value }) => value === login)
  const end = await browser.submit(chosen.form, chosen.button, filled)
  const arrived = new URL('arrived' in end ? end.arrived : 'about:blank')
  const exchange = () =>
    oidc.authorizationCodeGrant(config, arrived, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      ...(parameters.max_age && { maxAge: Number(parameters.max_age) }),
    })
  return { browser, url, arrived, exchange, config, verifier }
}

const seconds = (): number => Math.floor(Date.now() / 1000)

describe('a person signs in at the demo provider', () => {
  it('and is who was chosen, by an ID token that says when and how', async () => {
    const { arrived, exchange } = await signIn({ login: 'nora' })
    expect(arrived.searchParams.get('iss')).toBe(provider.issuer)
    const claims = (await exchange()).claims()
    expect(claims).toMatchObject({ iss: provider.issuer, aud: 'sallyport', sub: 'demo-nora', acr: 'phr' })
    expect(claims?.amr).toEqual(['hwk', 'user'])
    expect(seconds() - (claims?.auth_time ?? 0)).toBeLessThan(5)
  })

  it('anew each time, whoever was chosen before in the same browser', async () => {
    const { browser, url } = await signIn({ login: 'ada' })
    for (const login of ['boris', 'boris', 'ida']) {
      const chosen = findButton(await browser.open(url.href), 'the person', ({ value }) => value === login)
      expect(await browser.submit(chosen.form, chosen.button)).toMatchObject({
        arrived: expect.stringContaining('code='),
      })
    }
  })

  it('where max_age and prompt=login are asked for', async () => {
    for (const parameters of [{ max_age: '0' }, { max_age: '300' }, { prompt: 'login' }] as const) {
      const { exchange } = await signIn({ parameters })
      expect(seconds() - ((await exchange()).claims()?.auth_time ?? 0)).toBeLessThan(5)
    }
  })

  it('as if an hour ago, when a test asks for it', async () => {
    const { exchange } = await signIn({ filled: { ago: '3600' } })
    const { auth_time: authTime = 0 } = (await exchange()).claims() ?? {}
    expect(Math.abs(seconds() - 3600 - authTime)).toBeLessThan(5)
  })

  it('or does not, and the application hears it', async () => {
    const { browser, url } = await signIn()
    const leave = findButton(await browser.open(url.href), 'the way out', ({ name }) => name === 'leave')
    const { arrived } = (await browser.submit(leave.form, leave.button)) as Arrival
    expect(new URL(arrived).searchParams.get('error')).toBe('access_denied')
  })
})

describe('the page', () => {
  let page: Page
  let headers: Headers
  beforeEach(async () => {
    const { url } = await signIn()
    const browser = createBrowser('none:', async (input, init) => {
      const response = await fetch(input, init)
      headers = response.headers
      return response
    })
    page = (await browser.open(url.href)) as Page
  })

  it('says that everyone is made up, and lists everybody under their organisation', () => {
    const text = readText(page.html)
    expect(text).toContain('Demo provider: everyone here is made up')
    for (const { name, roles } of people) expect(text).toContain(`${name} ${roles.join(', ')}`)
    expect(text).toMatch(/Ledger & Pine Assurance Ida Crane/)
    expect(readForms(page.html, page.url)[0]?.buttons).toHaveLength(people.length + 1)
    expect(page.html).not.toMatch(/<script|password"|https?:/)
  })

  it('may be framed by nobody, kept by nobody, and runs nothing', () => {
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('takes no choice of another browser, nobody, and nonsense', async () => {
    const stranger = createBrowser('none:')
    const { form, button } = findButton(page, 'a person', ({ value }) => value === 'ada')
    expect(await stranger.submit(form, button)).toMatchObject({ status: 400 })
    const one = await signIn()
    const shown = (await one.browser.open(one.url.href)) as Page
    expect(await one.browser.open(`${shown.url}/further`)).toMatchObject({ status: 400 })
    for (const login of ['mallory', '', 'x'.repeat(2_000)]) {
      const { browser, url } = await signIn()
      const choice = findButton(await browser.open(url.href), 'a person', ({ value }) => value === 'ada')
      const end = await browser.submit(choice.form, { name: 'login', value: login })
      expect(end).toMatchObject({ status: 400 })
    }
    const { browser, url } = await signIn()
    const choice = findButton(await browser.open(url.href), 'a person', ({ value }) => value === 'ada')
    expect(await browser.submit(choice.form, choice.button, { ago: '-1' })).toMatchObject({ status: 400 })
  })
})

describe('the provider refuses', () => {
  const failing = (attempt: Attempt) =>
    signIn(attempt).then(
      ({ exchange }) =>
        exchange().then(
          () => 'accepted',
          error => error.error ?? error.code,
        ),
      (error: Error) => error.message,
    )

  it('a client assertion with another key, to another audience, or one that has ended', async () => {
    const other = await generateKeyPair('ES256')
    expect(await failing({ auth: authentication({}, other as typeof pair) })).toBe('invalid_client')
    expect(await failing({ auth: authentication({ aud: `${provider.issuer}/token` }) })).toBe(
      'invalid_client',
    )
    expect(await failing({ auth: authentication({ exp: seconds() - 60 }) })).toBe('invalid_client')
  })

  it('an assertion twice, a code twice, and a code without its verifier', async () => {
    expect(await failing({ auth: authentication({ jti: 'once-and-never-again' }) })).toBe('accepted')
    expect(await failing({ auth: authentication({ jti: 'once-and-never-again' }) })).toBe('invalid_client')
    const { exchange } = await signIn()
    await exchange()
    await expect(exchange()).rejects.toMatchObject({ error: 'invalid_grant' })
    const { arrived, config } = await signIn()
    const stolen = oidc.authorizationCodeGrant(config, arrived, {
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
      expectedState: arrived.searchParams.get('state') ?? '',
      expectedNonce: 'x',
    })
    await expect(stolen).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it('another redirect, an unknown client, and a request without PKCE', async () => {
    const elsewhere = { redirect_uri: 'http://127.0.0.1:1/oauth/callback' }
    expect(await failing({ parameters: elsewhere })).toContain('redirect_uri')
    expect(await failing({ clientId: 'nobody' })).toContain('client is invalid')
    const config = await discover()
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: `${sallyport.issuer}/oauth/callback`,
      scope: 'openid',
      state: 'state-1',
    })
    const { arrived } = (await createBrowser(`${sallyport.issuer}/oauth/callback`).open(url.href)) as Arrival
    expect(new URL(arrived).searchParams.get('error')).toBe('invalid_request')
  })

  it('a request under another name of this machine', async () => {
    const answer = await rawHttp(
      provider.issuer,
      'GET /.well-known/openid-configuration HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1.1 421 /)
    expect(answer).not.toContain('token_endpoint')
  })
})

describe('the people of the demo', () => {
  it('have a login each, which is their first name, and roles that exist', () => {
    expect(new Set(people.map(({ login }) => login)).size).toBe(people.length)
    for (const { login, name, roles: held } of people) {
      expect(login).toBe(name.split(' ')[0]?.toLowerCase())
      expect(roles).toEqual(expect.arrayContaining([...held]))
    }
  })
})

describe('the demo provider', () => {
  it('serves another deployment that is made known later, under a client id of its own', async () => {
    const second = await serveKeys()
    provider.addDeployment(second.issuer, 'sallyport-2')
    const { exchange } = await signIn({
      issuer: second.issuer,
      clientId: 'sallyport-2',
      auth: authentication({}, pair, 'sallyport-2'),
    })
    expect((await exchange()).claims()?.aud).toBe('sallyport-2')
    second.close()
  })

  it('keeps its keys from one start to the next in a file of its owner', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
    const keys = join(folder, 'demo', 'provider-keys.json')
    const read = async () => {
      const one = await startDemoProvider({ port: 0, people, keys })
      const set = await (await fetch(`${one.issuer}/jwks`)).text()
      await one.close()
      return set
    }
    const [before, after] = [await read(), await read()]
    expect(after).toBe(before)
    expect((await stat(keys)).mode & 0o777).toBe(0o600)
    const { signing } = JSON.parse(await readFile(keys, 'utf8'))
    expect(before).toContain(signing.kid)
    expect(before).not.toContain(signing.d)
    await rm(folder, { recursive: true })
  })

  it('rejects where the port is taken', async () => {
    await expect(startDemoProvider({ port: provider.port, people })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })
})
