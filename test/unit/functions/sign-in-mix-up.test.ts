import { expect, test } from 'vitest'
import { joseKey } from '../oauth/jose-keys.ts'
import { fakeProvider } from './fake-provider.ts'
import { providerRecord, signInWorld, start } from './sign-in-world.ts'

/** RFC 9700 §4.4: an honest provider without RFC 9207, and another organisation's that is hostile. */
test.each([
  ['that says it names itself', true],
  ['that does not say so', false],
])(
  'mix-up: a code of an honest provider, brought to a hostile one %s, signs nobody in',
  async (_, claimed) => {
    let evilGot: { code: string } | undefined
    const key = await joseKey()
    const evilRecord = { ...providerRecord, issuer: 'https://evil.example' }
    let honest: Awaited<ReturnType<typeof fakeProvider>> | undefined
    const evil = await fakeProvider({
      record: evilRecord,
      relyingParty: key.jwk,
      seconds: () => start / 1000,
      onHang() {},
    })
    evil.describe({ authorization_response_iss_parameter_supported: claimed })
    const fetchBoth: typeof fetch = async (input, init) => {
      const url = new URL(String(input))
      if (url.host === 'evil.example') {
        if (url.pathname === '/token')
          evilGot = { code: new URLSearchParams(String(init?.body)).get('code') ?? '' }
        return evil.fetch(input, init)
      }
      return (honest as NonNullable<typeof honest>).fetch(input, init)
    }
    const world = await signInWorld(() => ({ providerFetch: fetchBoth }))
    honest = world.provider
    honest.describe({ authorization_response_iss_parameter_supported: false })
    await world.records.organisation({ id: 'organisation_2', name: 'Evil', provider: evilRecord })

    // The attacker begins at the honest organisation, in their own browser.
    const attacker = await world.begin()
    const own = (attacker.location as URL).searchParams
    // The victim is lured to begin at the attacker's organisation.
    const victim = await world.begin({ organisation: 'organisation_2' })
    const theirs = (victim.location as URL).searchParams
    // The hostile provider sends the victim on to the honest one, with the challenge and the nonce of the attacker.
    const on = new URL('https://login.example/authorize')
    on.searchParams.set('code_challenge', own.get('code_challenge') ?? '')
    on.searchParams.set('nonce', own.get('nonce') ?? '')
    on.searchParams.set('state', theirs.get('state') ?? '')
    const { iss: _iss, ...answer } = honest.answer(on)
    const path = new URL(own.get('redirect_uri') ?? '').pathname
    // A provider sends a code only to what is registered for its own client: that of organisation_1, or of all.
    for (const at of new Set([path, '/oauth/callback']))
      await world.page({
        path: at,
        httpMethod: 'GET',
        multiValueQueryStringParameters: Object.fromEntries(Object.entries(answer).map(([n, v]) => [n, [v]])),
        multiValueHeaders: { cookie: [victim.cookie] },
      })
    // With what came to the hostile provider, the attacker goes on with what they began.
    const done =
      evilGot &&
      (await world.page({
        path,
        httpMethod: 'GET',
        multiValueQueryStringParameters: { code: [evilGot.code], state: [own.get('state') ?? ''] },
        multiValueHeaders: { cookie: [attacker.cookie] },
      }))
    const code = done?.location?.searchParams.get('code')
    const token = code ? (await world.redeem(code)).body.access_token : undefined
    const claims = token && JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString())
    expect({ leaked: evilGot !== undefined, signedInAs: claims?.sub }).toEqual({
      leaked: false,
      signedInAs: undefined,
    })
  },
)

test('a provider that does not name itself sends people back to an address of its organisation', async () => {
  const world = await signInWorld()
  world.provider.describe({ authorization_response_iss_parameter_supported: false })
  const { location, cookie } = await world.begin()
  expect(location?.searchParams.get('redirect_uri')).toBe(
    'https://gate.example/oauth/callback/organisation_1',
  )
  const { iss: _, ...answer } = world.provider.answer(location as URL)
  const query = Object.fromEntries(Object.entries(answer).map(([n, v]) => [n, [v]]))
  const back = (path: string) =>
    world.page({
      path,
      httpMethod: 'GET',
      multiValueQueryStringParameters: query,
      multiValueHeaders: { cookie: [cookie] },
    })
  expect((await back('/oauth/callback')).status).toBe(400)
  expect((await back('/oauth/callback/organisation_2')).status).toBe(400)
  const { status, location: to } = await back('/oauth/callback/organisation_1')
  expect([status, to?.searchParams.has('code')]).toEqual([303, true])
})
