import { decodeJwt, decodeProtectedHeader } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { useNotice, useNoticeDigest } from '../../../shared/oauth/use-notice.ts'
import {
  appState,
  formOf,
  issuer,
  redirectUri,
  type SignInWorld,
  sha256,
  signInWorld,
  start,
} from './sign-in-world.ts'

let world: SignInWorld
beforeEach(async () => {
  world = await signInWorld()
})

describe('the page', () => {
  test('shows the notice before anything else, and one button', async () => {
    const { status, text, headers } = await world.ask()
    expect(status).toBe(200)
    for (const paragraph of useNotice.paragraphs) expect(text).toContain(paragraph)
    expect(text.match(/<button/g)).toHaveLength(1)
    expect(text).toContain('I have read this. Sign in')
    expect(text).toContain('Sign in with Köln &#60;Utilities&#62;')
    expect(text).not.toContain('<Utilities>')
    expect(text).toContain('for the command line on this computer')
    expect(text).not.toContain('<script')
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    })
    expect(formOf(text).get('notice')).toBe(useNoticeDigest)
  })

  test('its form leads to us, to the provider and back to the app, and nowhere else', async () => {
    const { headers } = await world.ask()
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' https:\/\/login\.example http:\/\/127\.0\.0\.1:51234; frame-ancestors 'none'; base-uri 'none'$/,
    )
    const six = await world.ask({ redirect_uri: 'http://[::1]:51234/callback' })
    expect(six.headers['content-security-policy']).toContain("'self' https://login.example http:;")
  })

  test('asks for the organisation where none was given, and lists none', async () => {
    const { status, text } = await world.ask({ organisation: undefined })
    expect(status).toBe(200)
    expect(text).toContain('<label for="organisation">')
    expect(text).not.toContain('organisation_1')
    expect(text).not.toContain('Köln')
    const again = await world.ask({ ...Object.fromEntries(formOf(text)), organisation: 'organisation_1' })
    expect(again.text).toContain(useNotice.title)
  })

  test('an organisation that is unknown, has no provider, is suspended or closed: the same answer', async () => {
    await world.records.organisation({ id: 'o-closed', partner: 'closed' })
    await world.records.organisation({ id: 'o-suspd', state: 'suspended' })
    await world.records.organisation({ id: 'o-noidp', provider: undefined })
    const texts = []
    for (const organisation of ['o-never', 'o-closed', 'o-suspd', 'o-noidp']) {
      const { status, text } = await world.ask({ organisation })
      expect(status).toBe(404)
      texts.push(text.replaceAll(organisation, '?'))
    }
    expect(new Set(texts).size).toBe(1)
    expect(world.provider.asked).toEqual([])
  })
})

describe('the way to the provider', () => {
  test('a browser is sent there with state, nonce and PKCE, and gets a cookie', async () => {
    const { status, location, headers } = await world.begin()
    expect(status).toBe(303)
    expect(`${location?.origin}${location?.pathname}`).toBe('https://login.example/authorize')
    const sent = Object.fromEntries(location?.searchParams ?? [])
    const secret = expect.stringMatching(/^[\w-]{43}$/)
    expect(sent).toEqual({
      response_type: 'code',
      client_id: 'sallyport',
      redirect_uri: `${issuer}/oauth/callback`,
      scope: 'openid',
      state: secret,
      nonce: secret,
      code_challenge: secret,
      code_challenge_method: 'S256',
    })
    expect(headers['set-cookie']).toMatch(
      /^__Host-sallyport-sign-in=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    )
    expect(headers['cache-control']).toBe('no-store')
  })

  test('max_age and prompt=login are passed on, and the acr that counts where the provider knows it', async () => {
    world.provider.describe({ acr_values_supported: ['pwd', 'phr'] })
    const aged = (await world.begin({ max_age: '300' })).location?.searchParams
    expect([aged?.get('max_age'), aged?.get('prompt'), aged?.get('acr_values')]).toEqual(['300', null, 'phr'])
    const fresh = (await world.begin({ prompt: 'login' })).location?.searchParams
    expect([fresh?.get('max_age'), fresh?.get('prompt')]).toEqual(['0', 'login'])
  })

  test('on a plain loopback issuer the cookie goes without prefix and Secure', async () => {
    const plain = await signInWorld(() => ({ issuer: 'http://127.0.0.1:8788' }))
    expect((await plain.begin()).headers['set-cookie']).toMatch(
      /^sallyport-sign-in=[\w-]{43}; .*SameSite=Lax$/,
    )
  })

  test('a second tab keeps the cookie of the first', async () => {
    const first = await world.begin()
    const second = await world.begin({}, { cookie: [first.cookie] })
    expect(second.cookie).toBe(first.cookie)
    for (const { location, cookie } of [first, second])
      expect(
        (await world.comeBack(world.provider.answer(location as URL), cookie)).location?.searchParams.has(
          'code',
        ),
      ).toBe(true)
  })

  test.each<[string, Record<string, string[]>]>([
    ['another site', { 'sec-fetch-site': ['cross-site'] }],
    ['another origin of the site', { 'sec-fetch-site': ['same-site'] }],
    ['another origin', { origin: ['https://evil.example'] }],
    ['no origin at all', { origin: ['null'] }],
  ])('a form of %s is refused, and nothing is begun', async (_, headers) => {
    const { status, location, cookie } = await world.begin({}, headers)
    expect([status, location, cookie]).toEqual([403, undefined, ''])
  })

  test('our own form is taken, whatever origin goes with it where no referrer does', async () => {
    const headers = { 'sec-fetch-site': ['same-origin'], origin: ['null'] }
    expect((await world.begin({}, headers)).status).toBe(303)
    expect((await world.begin({}, { origin: [issuer] })).status).toBe(303)
  })

  test('another notice than the one of today was not read', async () => {
    const fields = formOf((await world.ask()).text)
    fields.set('notice', sha256('another'))
    expect((await world.post(fields.toString())).status).toBe(409)
    fields.delete('notice')
    expect((await world.post(fields.toString())).status).toBe(409)
  })
})

describe('a person signs in', () => {
  test('and comes back to the app with a code, its state and the issuer', async () => {
    const { status, location, headers } = await world.goThrough()
    expect(status).toBe(303)
    expect(String(location)).toMatch(new RegExp(`^${redirectUri}\\?`))
    expect(Object.fromEntries(location?.searchParams ?? [])).toEqual({
      code: expect.stringMatching(/^[\w-]{43}$/),
      state: appState,
      iss: issuer,
    })
    expect(headers['cache-control']).toBe('no-store')
  })

  test('Sallyport authenticates at the provider with its own key, for the provider alone', async () => {
    await world.code()
    const [assertion] = world.provider.assertions
    expect(assertion).toMatchObject({
      header: { typ: 'client-authentication+jwt', alg: 'ES256', kid: world.signing.kid },
      payload: {
        iss: 'sallyport',
        sub: 'sallyport',
        aud: 'https://login.example',
        iat: start / 1000,
        exp: start / 1000 + 60,
      },
    })
  })

  test('or with PKCE alone, where the provider has it so', async () => {
    const { providerRecord } = await import('./sign-in-world.ts')
    await world.records.organisation({ provider: { ...providerRecord, authentication: 'none' } })
    expect(await world.code()).toBeTruthy()
    expect(world.provider.assertions).toEqual([])
  })

  test('the provider is asked for its metadata and keys once in ten minutes', async () => {
    await world.code()
    await world.code()
    expect(world.provider.asked.filter(path => path !== '/token')).toEqual([
      '/.well-known/openid-configuration',
      '/jwks',
    ])
    world.pass(600_000)
    await world.begin()
    expect(world.provider.asked.filter(path => path.startsWith('/.well-known'))).toHaveLength(2)
  })

  test('the code becomes a session with its first token', async () => {
    const { status, body, headers } = await world.redeem(await world.code())
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['access_token', 'token_type', 'expires_in', 'refresh_token', 'scope'])
    expect(body).toMatchObject({ token_type: 'DPoP', expires_in: 900, scope: 'govern' })
    expect(body.refresh_token).toMatch(/^rt_session_[0-9a-z]{26}\.[\w-]{43}$/)
    expect([headers['cache-control'], headers['dpop-nonce']]).toEqual(['no-store', expect.any(String)])

    const session = await world.session(body.refresh_token)
    expect(decodeProtectedHeader(body.access_token).typ).toBe('at+jwt')
    expect(decodeJwt(body.access_token)).toEqual({
      iss: issuer,
      sub: 'person_1',
      client_id: 'sallyport-cli',
      aud: `${issuer}/api`,
      scope: 'govern',
      iat: start / 1000,
      exp: start / 1000 + 900,
      jti: expect.stringMatching(/^token_/),
      cnf: { jkt: world.request.dpop_jkt },
      organisation: 'organisation_1',
      session: session?.id,
      auth_time: start / 1000,
      acr: 'phr',
    })
    expect(session).toMatchObject({
      person: 'person_1',
      organisation: 'organisation_1',
      app: 'sallyport-cli',
      jkt: world.request.dpop_jkt,
      startedAt: start,
      endsAt: start + 8 * 3_600_000,
      usedAt: start,
      authTime: start,
      acr: 'phr',
      state: 'active',
      notice: useNoticeDigest,
      record: 'session',
      owner: 'person_1',
    })
    expect(JSON.stringify(session)).not.toContain(body.refresh_token.split('.')[1])
  })

  test('two entries say so: the sign-in, and that the notice was acknowledged', async () => {
    const { refresh_token } = await world.signIn()
    const entries = await world.entries()
    expect(entries.map(({ unmapped }) => unmapped.kind).sort()).toEqual(['notice', 'sign_in'])
    for (const { class_uid, user, unmapped } of entries) {
      expect([class_uid, user.uid, user.org.uid]).toEqual([3002, 'person_1', 'organisation_1'])
      expect(unmapped).toMatchObject({
        app: 'sallyport-cli',
        session: (await world.session(refresh_token))?.id,
        notice: useNoticeDigest,
      })
    }
  })

  test('a session is refreshed with the same token, from two tabs', async () => {
    const { refresh_token } = await world.signIn()
    world.pass(20 * 60_000)
    const answers = await Promise.all([world.refresh(refresh_token), world.refresh(refresh_token)])
    for (const { status, body } of answers)
      expect([status, body.refresh_token, body.expires_in]).toEqual([200, refresh_token, 900])
    expect((await world.session(refresh_token))?.usedAt).toBe(start + 20 * 60_000)
    const kinds = (await world.entries()).map(({ unmapped }) => unmapped.kind)
    expect(kinds.filter(kind => kind === 'issuance')).toHaveLength(2)
  })

  test('the console comes back to its own page', async () => {
    const { location } = await world.goThrough(
      {},
      { client_id: 'sallyport-console', redirect_uri: `${issuer}/console/callback` },
    )
    expect(`${location?.origin}${location?.pathname}`).toBe(`${issuer}/console/callback`)
  })
})
