/** What a provider, or somebody who stands between, can answer. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Fault } from './fake-provider.ts'
import { type Page, providerRecord, type SignInWorld, signInWorld, start, toldApp } from './sign-in-world.ts'

let world: SignInWorld
beforeEach(async () => {
  world = await signInWorld()
})

const seconds = start / 1000
const refusals = async () =>
  (await world.entries())
    .filter(({ unmapped }) => unmapped.kind === 'sign_in_refusal')
    .map(({ user, unmapped }) => [user.uid, unmapped.code])

const unbelievable = [303, 'access_denied', 'The answer of the provider cannot be verified.']
const away = [
  303,
  'temporarily_unavailable',
  'The provider of your organisation does not answer as it should.',
]

async function begun(): Promise<{ location: URL; cookie: string }> {
  const { location, cookie } = await world.begin()
  if (location === undefined) throw new Error('nobody was sent to the provider')
  return { location, cookie }
}

describe('an ID token is refused', () => {
  test.each<[string, object]>([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'other' }],
    ['for several, without azp', { aud: ['sallyport', 'other'] }],
    ['for several, for another azp', { aud: ['sallyport', 'other'], azp: 'other' }],
    ['that has expired', { exp: seconds - 11 }],
    ['that was issued in the future', { iat: seconds + 60, exp: seconds - 60 }],
    ['with another nonce', { nonce: 'other' }],
    ['without a nonce', { nonce: undefined }],
    ['without a subject', { sub: undefined }],
  ])('%s', async (_, claims) => {
    expect(toldApp(await world.goThrough(claims))).toEqual(unbelievable)
    expect(await refusals()).toEqual([])
  })

  test('without auth_time, or with one in the future: how fresh it is could not be said', async () => {
    for (const auth_time of [undefined, seconds + 11]) {
      const [, error, description] = toldApp(await world.goThrough({ auth_time }))
      expect([error, description]).toEqual(['access_denied', expect.stringContaining('auth_time')])
    }
  })

  test('with a good azp it is taken', async () => {
    const { location } = await world.goThrough({ aud: ['sallyport', 'other'], azp: 'sallyport' })
    expect(location?.searchParams.has('code')).toBe(true)
  })

  test('for one client and with the azp of another', async () =>
    expect(toldApp(await world.goThrough({ azp: 'other' }))[1]).toBe('access_denied'))

  test('signed by another key under the name of the right one', async () => {
    world.provider.signAsStranger()
    expect(toldApp(await world.goThrough())).toEqual(unbelievable)
  })
})

describe('how the person authenticated', () => {
  test.each<[string, object]>([
    ['the acr of a password', { acr: 'pwd' }],
    ['no acr', { acr: undefined }],
    ['an acr that is a list', { acr: ['phr'] }],
    ['an amr of something else', { acr: undefined, amr: ['pwd', 'otp'] }],
    ['an amr that is a text', { acr: undefined, amr: 'hwk' }],
  ])('%s is too weak, and what is missing is said', async (_, claims) => {
    expect(toldApp(await world.goThrough(claims))).toEqual([
      303,
      'access_denied',
      'The sign-in could be phished: the provider has to say acr phr, or amr hwk.',
    ])
    expect(await refusals()).toEqual([['person_1', 'access_denied']])
  })

  test('one value of amr is enough', async () => {
    const { location } = await world.goThrough({ acr: undefined, amr: ['pin', 'hwk'] })
    const { body } = await world.redeem(location?.searchParams.get('code') ?? '')
    expect((await world.session(body.refresh_token))?.acr).toBe('hwk')
  })

  test('an organisation that has registered no way admits nobody', async () => {
    await world.records.organisation({
      provider: { ...providerRecord, phishingResistant: { acr: [], amr: [] } },
    })
    expect(toldApp(await world.goThrough())[1]).toBe('access_denied')
  })

  test('max_age: a sign-in before it is refused, one within it is taken, 10 s apart at most', async () => {
    const change = { max_age: '300' }
    expect(
      (await world.goThrough({ auth_time: seconds - 310 }, change)).location?.searchParams.has('code'),
    ).toBe(true)
    expect(toldApp(await world.goThrough({ auth_time: seconds - 311 }, change))).toEqual([
      303,
      'access_denied',
      'The provider did not ask you to sign in anew.',
    ])
    expect(await refusals()).toEqual([['person_1', 'fresh_sign_in_required']])
  })

  test('prompt=login: only what came after it counts, however long the person took', async () => {
    const { location, cookie } = await world.begin({ prompt: 'login' })
    world.pass(300_000)
    const answer = world.provider.answer(location as URL, { auth_time: seconds + 5 })
    expect((await world.comeBack(answer, cookie)).location?.searchParams.has('code')).toBe(true)
    expect(toldApp(await world.goThrough({ auth_time: seconds }, { prompt: 'login' }))[1]).toBe(
      'access_denied',
    )
  })
})

describe('who it is', () => {
  const stranger = [
    303,
    'access_denied',
    'Nobody of this organisation is enrolled with this account. Ask its administrator to add you.',
  ]

  test('an unknown subject', async () => {
    expect(toldApp(await world.goThrough({ sub: 'eve' }))).toEqual(stranger)
    expect(await refusals()).toEqual([])
  })

  test('the same subject at another issuer', async () => {
    await world.records.person({ id: 'person_2', issuer: 'https://other.example', subject: 'eve' })
    await world.records.identity('person_2', 'eve', 'https://other.example')
    expect(toldApp(await world.goThrough({ sub: 'eve' }))).toEqual(stranger)
  })

  test('an identity whose person has another account by now', async () => {
    await world.records.person({ subject: 'ada-before' })
    expect(toldApp(await world.goThrough())).toEqual(stranger)
  })

  test('a person of another organisation at the same provider: the same answer, but recorded', async () => {
    await world.records.person({ id: 'person_2', subject: 'bob', organisation: 'organisation_2' })
    await world.records.identity('person_2', 'bob')
    expect(toldApp(await world.goThrough({ sub: 'bob' }))).toEqual(stranger)
    expect(await world.entries('organisation_2')).toMatchObject([{ unmapped: { kind: 'sign_in_refusal' } }])
  })
})

describe('the way back', () => {
  test('the answer of another provider is refused (RFC 9207)', async () => {
    const { location, cookie } = await begun()
    const answer = { ...world.provider.answer(location), iss: 'https://evil.example' }
    expect(toldApp(await world.comeBack(answer, cookie))).toEqual(unbelievable)
    expect(world.provider.asked).not.toContain('/token')
  })

  test('and one that leaves its issuer out although its provider says that it never does', async () => {
    const { location, cookie } = await begun()
    const { code, state } = world.provider.answer(location)
    expect(toldApp(await world.comeBack({ code, state }, cookie))).toEqual(unbelievable)
  })

  test('what the provider refuses is told without its words', async () => {
    const { location, cookie } = await begun()
    const { state, iss } = world.provider.answer(location)
    const answer = { error: 'access_denied', error_description: 'secret <b>', state, iss }
    expect(toldApp(await world.comeBack(answer, cookie))).toEqual([
      303,
      'access_denied',
      'The provider of your organisation did not sign you in.',
    ])
  })

  test('a state that comes twice, is missing or unknown: a page, and nobody is sent anywhere', async () => {
    const { location, cookie } = await begun()
    const answer = world.provider.answer(location)
    const wrong = [
      { ...answer, state: [answer.state, answer.state] },
      { ...answer, state: undefined },
      { ...answer, state: 'A'.repeat(43) },
      { ...answer, code: [answer.code, 'x'] },
    ]
    for (const each of wrong) {
      const { status, location: to } = await world.comeBack(each, cookie)
      expect([status, to]).toEqual([400, undefined])
    }
    expect((await world.comeBack(answer, cookie)).status).toBe(303)
  })

  test('another browser is refused, and does not end the sign-in of the first', async () => {
    const { location, cookie } = await begun()
    const answer = world.provider.answer(location)
    const other = (await begun()).cookie
    const twice = `${cookie}; ${other}`
    for (const each of ['', other, `${cookie}x`, twice, '__Host-sallyport-sign-in=']) {
      const { status, location: to } = await world.comeBack(answer, each)
      expect([status, to]).toEqual([400, undefined])
    }
    expect((await world.comeBack(answer, cookie)).status).toBe(303)
  })

  test('a state is good once, whoever races', async () => {
    const { location, cookie } = await begun()
    const answer = world.provider.answer(location)
    const pages = await Promise.all(Array.from({ length: 20 }, () => world.comeBack(answer, cookie)))
    const through = (page: Page) => page.location?.searchParams.has('code') === true
    expect(pages.filter(through)).toHaveLength(1)
    expect(pages.filter(({ status }) => status === 400)).toHaveLength(19)
    expect(world.provider.asked.filter(path => path === '/token')).toHaveLength(1)
  })

  test('and for ten minutes', async () => {
    const { location, cookie } = await begun()
    world.pass(600_000)
    expect((await world.comeBack(world.provider.answer(location), cookie)).status).toBe(400)
  })
})

describe('a provider that fails', () => {
  const paths = ['/.well-known/openid-configuration', '/token', '/jwks']
  const faults: readonly Fault[] = ['down', 'slow', 'stalls', 'garbage', 'huge', 'redirect', 'error']
  const cases = paths.flatMap(path => faults.map((fault): [string, Fault] => [path, fault]))

  test.each(cases)('%s: %s', async (path, fault) => {
    world.provider.fail(path, fault)
    const atFirst = path.startsWith('/.well-known')
    const page = atFirst ? await world.ask() : await world.goThrough()
    const [status, error] = toldApp(page)
    expect([status, error]).toEqual([303, 'temporarily_unavailable'])
    expect(page.location?.searchParams.get('state')).toBe('state of the app')

    // What was wrong is not kept.
    world.provider.heal()
    expect((await world.goThrough()).location?.searchParams.has('code')).toBe(true)
  })

  test('one that does not answer is asked once by all who come meanwhile', async () => {
    world.provider.fail('/.well-known/openid-configuration', 'down')
    await Promise.all(Array.from({ length: 20 }, () => world.ask()))
    expect(world.provider.asked).toHaveLength(1)
  })

  test('what it said stands in no log: neither codes nor tokens', async () => {
    world.provider.signAsStranger()
    await world.goThrough()
    await world.goThrough({ nonce: 'other' })
    expect(world.errors).toHaveLength(2)
    const logged = world.errors
      .flat()
      .map(each => (each instanceof Error ? [each, each.cause, each.stack] : each))
    expect(JSON.stringify(logged.flat().map(String))).not.toMatch(/eyJ|code-\d/)
  })

  test.each<[string, object]>([
    ['another issuer in its metadata', { issuer: 'https://evil.example' }],
    ['its issuer in another spelling', { issuer: 'https://login.example/' }],
    ['no authorization endpoint', { authorization_endpoint: undefined }],
    ['an authorization endpoint without TLS', { authorization_endpoint: 'http://login.example/authorize' }],
    ['one that would speak in our CSP', { authorization_endpoint: 'https://x;script-src/authorize' }],
    ['an authorization endpoint that is a script', { authorization_endpoint: 'javascript:alert(1)' }],
  ])('%s', async (_, metadata) => {
    world.provider.describe(metadata)
    expect(toldApp(await world.ask())[1]).toBe('temporarily_unavailable')
  })

  test('a token endpoint without TLS is not asked', async () => {
    world.provider.describe({ token_endpoint: 'http://login.example/token' })
    expect(toldApp(await world.goThrough())).toEqual(away)
    expect(world.provider.asked).not.toContain('/token')
  })

  test('a provider without TLS is for a deployment on loopback only', async () => {
    await world.records.organisation({ provider: { ...providerRecord, issuer: 'http://127.0.0.1:9000' } })
    expect(toldApp(await world.ask())[1]).toBe('temporarily_unavailable')
    expect(world.provider.asked).toEqual([])
  })

  test('without a way to providers nobody signs in', async () => {
    const cut = await signInWorld(() => ({ providerFetch: undefined }) as never)
    expect(toldApp(await cut.ask())[1]).toBe('temporarily_unavailable')
  })
})
