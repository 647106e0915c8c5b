/** The token endpoint for people: codes and refresh tokens that are wrong, late, stolen or used twice. */
import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../../shared/domain/keys.ts'
import type { Stop } from '../../../shared/domain/stop.ts'
import { joseKey } from '../oauth/jose-keys.ts'
import {
  issuer,
  type Parameters,
  type SignInWorld,
  signInWorld,
  start,
  told,
  toldApp,
} from './sign-in-world.ts'

let world: SignInWorld
beforeEach(async () => {
  world = await signInWorld()
})

const kinds = async () => (await world.entries()).map(({ unmapped }) => unmapped.kind).sort()
const minute = 60_000

describe('a code', () => {
  test.each<[string, Parameters, string]>([
    ['no code', { code: undefined }, 'invalid_request'],
    ['no redirect_uri', { redirect_uri: undefined }, 'invalid_request'],
    ['no code_verifier', { code_verifier: undefined }, 'invalid_request'],
    ['a parameter twice', { code_verifier: ['v'.repeat(43), 'v'.repeat(43)] }, 'invalid_request'],
    ['another code', { code: 'A'.repeat(43) }, 'invalid_grant'],
    ['no code of ours', { code: 'x' }, 'invalid_grant'],
    ['another verifier', { code_verifier: 'w'.repeat(43) }, 'invalid_grant'],
    ['a verifier that is too short', { code_verifier: 'v'.repeat(42) }, 'invalid_grant'],
    ['another port', { redirect_uri: 'http://127.0.0.1:51235/callback' }, 'invalid_grant'],
    ['another app', { client_id: 'sallyport-console' }, 'invalid_grant'],
    ['another resource', { resource: `${issuer}/models/aurora` }, 'invalid_target'],
    ['another scope', { scope: 'infer' }, 'invalid_scope'],
  ])('with %s is refused, and stays good for its app', async (_, change, error) => {
    const code = await world.code()
    const { status, body } = await world.redeem(code, change)
    expect([status, body.error]).toEqual([400, error])
    expect((await world.redeem(code, { resource: `${issuer}/api`, scope: 'govern' })).status).toBe(200)
  })

  test.each<[string, Parameters]>([
    ['no client_id', { client_id: undefined }],
    ['the id of no app', { client_id: 'client_1' }],
    ['an assertion of an app', { client_assertion: 'x', client_assertion_type: 'y' }],
    ['an assertion without its type', { client_assertion: 'x' }],
    [
      'an assertion of the right type',
      {
        client_assertion: 'x.y.z',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
    ],
  ])('with %s is of no client', async (_, change) => {
    const code = await world.code()
    expect(told(await world.redeem(code, change)).slice(0, 2)).toEqual([401, 'invalid_client'])
    expect((await world.redeem(code)).status).toBe(200)
  })

  test('with another key than the dpop_jkt said is refused (RFC 9449 §10)', async () => {
    const code = await world.code()
    const stolen = await world.redeem(code, {}, await world.proof({}, await joseKey()))
    expect(told(stolen)).toEqual([400, 'invalid_grant', undefined])
    expect((await world.redeem(code)).status).toBe(200)
  })

  test('with a proof without nonce is asked for one, and nothing is spent', async () => {
    const code = await world.code()
    const challenge = await world.redeem(code, {}, await world.proof({ nonce: undefined }))
    expect([told(challenge), challenge.headers['dpop-nonce']]).toEqual([
      [400, 'use_dpop_nonce', 'nonce_required'],
      expect.any(String),
    ])
    expect(await kinds()).toEqual([])
    expect((await world.redeem(code)).status).toBe(200)
  })

  test('after 60 s it is over', async () => {
    const code = await world.code()
    world.pass(60_000)
    expect(told(await world.redeem(code))).toEqual([400, 'invalid_grant', undefined])
  })

  test('the same request twenty times at once: one session, which goes on', async () => {
    const [code, proof] = [await world.code(), await world.proof()]
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.redeem(code, {}, proof)))
    const [first, ...more] = answers.filter(({ status }) => status === 200)
    expect([first?.status, more]).toEqual([200, []])
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(told(answer)).toEqual([400, 'invalid_dpop_proof', 'proof_replayed'])
    expect(await world.count('session')).toBe(1)
    expect(await world.session(first?.body.refresh_token)).toMatchObject({ state: 'active' })
    expect(await kinds()).toEqual(['notice', 'sign_in'])

    // RFC 6749 §4.1.2
    expect(told(await world.redeem(code))).toEqual([400, 'invalid_grant', 'session_ended'])
    expect(await world.session(first?.body.refresh_token)).toMatchObject({ state: 'ended' })
    expect(told(await world.refresh(first?.body.refresh_token))).toEqual([
      400,
      'invalid_grant',
      'session_ended',
    ])
    expect(await kinds()).toContain('session_end')
  })

  test('twenty proofs for one code at once: at most one session, and it ends, since two had the code', async () => {
    const code = await world.code()
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.redeem(code)))
    const [first, ...more] = answers.filter(({ status }) => status === 200)
    expect(more).toEqual([])
    expect(await world.count('session')).toBe(1)
    expect(await world.session(first?.body.refresh_token)).toMatchObject({ state: 'ended' })
    expect((await kinds()).filter(kind => kind === 'session_end')).toHaveLength(1)
  })

  test('a code that another takes between the look and the transaction is taken once', async () => {
    let rival: (() => Promise<void>) | undefined
    const raced = await signInWorld(store => ({
      store: {
        ...store,
        transact: async ops => {
          const first = rival
          rival = undefined
          await first?.()
          return store.transact(ops)
        },
      },
    }))
    const code = await raced.code()
    let token = ''
    rival = async () => {
      token = (await raced.redeem(code)).body.refresh_token
    }
    expect(told(await raced.redeem(code))).toEqual([400, 'invalid_grant', 'session_ended'])
    expect(await raced.count('session')).toBe(1)
    expect(await raced.session(token)).toMatchObject({ state: 'ended' })
  })

  test('who has only the code cannot end the session of its app', async () => {
    const code = await world.code()
    const { body } = await world.redeem(code)
    await world.redeem(code, { code_verifier: 'w'.repeat(43) })
    await world.redeem(code, {}, await world.proof({}, await joseKey()))
    expect(await world.session(body.refresh_token)).toMatchObject({ state: 'active' })
  })

  test('a proof that was used before is refused, and the code stays good', async () => {
    const proof = await world.proof()
    const { refresh_token } = await world.signIn()
    await world.refresh(refresh_token, {}, proof)
    const code = await world.code()
    expect(told(await world.redeem(code, {}, proof))).toEqual([400, 'invalid_dpop_proof', 'proof_replayed'])
    expect((await world.redeem(code)).status).toBe(200)
  })

  test('a signer that fails: no token, and an entry says so', async () => {
    const failing = await signInWorld()
    const code = await failing.code()
    const broken = await signInWorld(() => ({
      store: failing.store,
      signers: async () => {
        throw new Error('gone')
      },
    }))
    const answer = await broken.redeem(code, {}, await failing.proof())
    expect(told(answer)).toEqual([503, 'temporarily_unavailable', 'signer_unavailable'])
    expect((await failing.entries()).map(({ unmapped }) => unmapped.kind)).toContain('sign_in_refusal')
  })
})

describe('a refresh token', () => {
  let token: string
  beforeEach(async () => {
    token = (await world.signIn()).refresh_token
  })

  test.each<[string, (good: string) => Parameters, string]>([
    ['none', () => ({ refresh_token: undefined }), 'invalid_request'],
    ['one of another form', () => ({ refresh_token: 'x' }), 'invalid_grant'],
    [
      'one with another secret',
      good => ({ refresh_token: `${good.slice(0, -43)}${'A'.repeat(43)}` }),
      'invalid_grant',
    ],
    [
      'one of no session',
      good => ({ refresh_token: good.replace(/session_.{26}/, `session_${'0'.repeat(26)}`) }),
      'invalid_grant',
    ],
    ['one of another app', () => ({ client_id: 'sallyport-console' }), 'invalid_grant'],
    ['another resource', () => ({ resource: `${issuer}/models/x` }), 'invalid_target'],
    ['a wider scope', () => ({ scope: 'govern infer' }), 'invalid_scope'],
  ])('%s: refused', async (_, change, error) => {
    const { status, body } = await world.refresh(token, change(token))
    expect([status, body.error]).toEqual([400, error])
    expect((await world.refresh(token)).status).toBe(200)
  })

  test('with another key it is worth nothing, and that it was tried is recorded', async () => {
    const stolen = await world.refresh(token, {}, await world.proof({}, await joseKey()))
    expect(told(stolen)).toEqual([400, 'invalid_grant', undefined])
    expect(await kinds()).toEqual(['notice', 'sign_in', 'sign_in_refusal'])
  })

  test('a proof is accepted once, twenty at a time', async () => {
    const proof = await world.proof()
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.refresh(token, {}, proof)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(told(answer)).toEqual([400, 'invalid_dpop_proof', 'proof_replayed'])
  })

  test('30 minutes without use end the session', async () => {
    world.pass(30 * minute - 1)
    expect((await world.refresh(token)).status).toBe(200)
    world.pass(30 * minute)
    expect(told(await world.refresh(token))).toEqual([400, 'invalid_grant', 'session_ended'])
  })

  test('8 hours end it, and no token is valid for longer', async () => {
    for (let at = 0; at < 470; at += 25) {
      world.pass(Math.min(25, 470 - at) * minute)
      expect((await world.refresh(token)).status).toBe(200)
    }
    world.pass(5 * minute)
    const { body } = await world.refresh(token)
    expect(body.expires_in).toBe(5 * 60)
    expect(decodeJwt(body.access_token).exp).toBe((start + 8 * 60 * minute) / 1000)
    world.pass(5 * minute)
    expect(told(await world.refresh(token))).toEqual([400, 'invalid_grant', 'session_ended'])
  })

  test('a session that was ended stays so, whatever is read before', async () => {
    const raced = await signInWorld(store => ({
      store: {
        ...store,
        transact: async ops => {
          const session = ops.find(({ key, kind }) => kind === 'update' && key.pk.startsWith('session#'))
          if (session)
            await store.write({ kind: 'update', key: session.key, change: { set: [[['state'], 'ended']] } })
          return store.transact(ops)
        },
      },
    }))
    const { refresh_token } = await raced.signIn()
    expect(told(await raced.refresh(refresh_token))).toEqual([400, 'invalid_grant', 'session_ended'])
  })
})

describe('a person who is stopped', () => {
  const stops: readonly [string, string, () => Promise<void>][] = [
    ['suspended', 'person_suspended', () => world.records.person({ state: 'suspended' })],
    ['removed', 'person_suspended', () => world.records.person({ state: 'removed' })],
    [
      'not confirmed by the sponsor',
      'person_suspended',
      () => world.records.person({ sponsor: { person: 'person_2', confirmedUntil: start } }),
    ],
    [
      'held',
      'hold_active',
      () =>
        world.records.standing({
          hold_1: { scope: { person: 'person_1' }, reason: 'insider_risk', placedAt: start },
        }),
    ],
    [
      'of a suspended organisation',
      'organisation_suspended',
      () => world.records.organisation({ state: 'suspended' }),
    ],
    [
      'of a partner that is closed',
      'partner_revoked',
      () => world.records.organisation({ partner: 'closed' }),
    ],
  ]

  test.each(stops)('%s: cannot come back from the provider', async (_, code, stop) => {
    const { location, cookie } = await world.begin()
    await stop()
    const page = await world.comeBack(world.provider.answer(location as URL), cookie)
    expect(toldApp(page).slice(0, 2)).toEqual([303, 'access_denied'])
    const entries = await world.entries()
    const ofOrganisation = code === 'organisation_suspended' || code === 'partner_revoked'
    expect(entries.map(({ unmapped }) => unmapped.code)).toEqual(ofOrganisation ? [] : [code])
  })

  test.each(stops)('%s: gets no session for a code', async (_, code, stop) => {
    const sent = await world.code()
    await stop()
    expect(told(await world.redeem(sent))).toEqual([400, 'invalid_grant', code])
    expect(await world.count('session')).toBe(0)
    expect(await world.entries()).toMatchObject([{ unmapped: { kind: 'sign_in_refusal', code } }])
  })

  test.each(stops)(
    '%s: gets no further token, recorded once however often it is tried',
    async (_, code, stop) => {
      const { refresh_token } = await world.signIn()
      await stop()
      for (let i = 0; i < 3; i++)
        expect(told(await world.refresh(refresh_token))).toEqual([400, 'invalid_grant', code])
      expect(await kinds()).toEqual(['notice', 'sign_in', 'sign_in_refusal'])
    },
  )

  test.each(['nominated', 'vetting', 'selected', 'suspended', 'revoked', 'reinstated'])(
    'a partner that is %s: its people sign in, to read why and to appeal',
    async partner => {
      await world.records.organisation({ partner, stop: {} as Stop })
      expect(await world.signIn()).toMatchObject({ token_type: 'DPoP' })
    },
  )
})

describe('revocation (RFC 7009)', () => {
  test('a refresh token ends its session, once, with an entry', async () => {
    const { refresh_token } = await world.signIn()
    for (let i = 0; i < 2; i++) {
      const { status, body } = await world.revoke(refresh_token)
      expect([status, body]).toEqual([200, {}])
    }
    expect(await world.session(refresh_token)).toMatchObject({ state: 'ended' })
    expect(await kinds()).toEqual(['notice', 'session_end', 'sign_in'])
    expect(told(await world.refresh(refresh_token))).toEqual([400, 'invalid_grant', 'session_ended'])
  })

  test('an access token ends alone', async () => {
    const { access_token, refresh_token } = await world.signIn()
    for (let i = 0; i < 2; i++) expect((await world.revoke(access_token)).status).toBe(200)
    const { jti, exp = 0 } = decodeJwt(access_token)
    expect(await world.store.get([keys.revokedToken(String(jti))])).toMatchObject([{ exp: exp + 20 }])
    expect(await kinds()).toEqual(['notice', 'revocation', 'sign_in'])
    expect((await world.refresh(refresh_token)).status).toBe(200)
  })

  test('a token that is wrong, or of another app, is 200 and without effect', async () => {
    const { access_token, refresh_token } = await world.signIn()
    const wrong = [
      `${refresh_token.slice(0, -43)}${'A'.repeat(43)}`,
      `${access_token.slice(0, -8)}AAAAAAAA`,
      'x',
    ]
    for (const token of wrong) expect((await world.revoke(token)).status).toBe(200)
    for (const token of [access_token, refresh_token])
      expect((await world.revoke(token, { client_id: 'sallyport-console' })).status).toBe(200)
    expect(await world.session(refresh_token)).toMatchObject({ state: 'active' })
    expect(await kinds()).toEqual(['notice', 'sign_in'])
  })

  test('no token is an invalid_request, no app an invalid_client', async () => {
    expect(told(await world.revoke('')).slice(0, 2)).toEqual([400, 'invalid_request'])
    expect(told(await world.revoke('x', { client_id: 'nobody' })).slice(0, 2)).toEqual([
      401,
      'invalid_client',
    ])
  })
})
