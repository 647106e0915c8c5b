import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { issuer, start, type TokenWorld, tokenWorld, told } from './token-world.ts'

const aurora = `${issuer}/models/aurora-preview`

let world: TokenWorld
beforeEach(async () => {
  world = await tokenWorld()
})

describe('E. The proof', () => {
  test('for another URL it is refused and recorded, and burns nothing', async () => {
    const client_assertion = await world.assertion()
    const bad = await world.proof({ htu: `${issuer}/oauth/revoke` })
    const detail = `The htu of the proof is not ${issuer}/oauth/token.`
    expect(told(await world.token({ client_assertion }, [bad]))).toEqual([
      400,
      'invalid_dpop_proof',
      detail,
      'proof_invalid',
    ])
    expect(await world.entries()).toMatchObject([{ unmapped: { code: 'proof_invalid', detail } }])
    expect((await world.token({ client_assertion }, [await world.proof()])).status).toBe(200)
  })

  test("by the client's own key it is refused", async () => {
    expect(told(await world.token({}, [await world.proof({}, world.clientKey)]))).toEqual([
      400,
      'invalid_dpop_proof',
      'The proof is made with a key that authenticates the client.',
      'proof_invalid',
    ])
  })

  test('the Host header plays no part', async () => {
    const proof = await world.proof({ htu: 'https://evil.example/oauth/token' })
    const answer = await world.send({
      path: '/oauth/token',
      httpMethod: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await world.assertion(),
      }).toString(),
      multiValueHeaders: {
        Host: ['evil.example'],
        'Content-Type': ['application/x-www-form-urlencoded'],
        DPoP: [proof],
      },
    })
    expect(answer.body.error).toBe('invalid_dpop_proof')
  })
})

describe('F. The nonce', () => {
  test('missing or old: a challenge with one nonce, no entry, and nothing spent', async () => {
    const client_assertion = await world.assertion()
    for (const [nonce, description] of [
      [undefined, 'The proof carries no nonce.'],
      ['old', 'The nonce of the proof is not, or no longer, valid.'],
    ]) {
      const proof = await world.proof({ nonce })
      const answer = await world.token({ client_assertion }, [proof])
      expect(told(answer)).toEqual([400, 'use_dpop_nonce', description, 'nonce_required'])
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'dpop-nonce': expect.any(String) })
    }
    expect(await world.entries()).toEqual([])
    expect((await world.token({ client_assertion }, [await world.proof()])).status).toBe(200)
  })

  test('the nonce of the challenge answers it', async () => {
    const challenge = await world.token({}, [await world.proof({ nonce: undefined })])
    const proof = await world.proof({ nonce: challenge.headers['dpop-nonce'] })
    expect((await world.token({}, [proof])).status).toBe(200)
  })
})

describe('G. What is asked for', () => {
  test.each([
    [{ grant_type: '' }, 400, 'invalid_request', 'The grant_type is missing.', undefined],
    [
      { grant_type: 'password' },
      400,
      'unsupported_grant_type',
      'The grant_type is client_credentials.',
      undefined,
    ],
    [
      { resource: 'https://evil.example/api' },
      400,
      'invalid_target',
      `The resource is ${issuer}/models/<model> or ${issuer}/api.`,
      undefined,
    ],
    [
      { resource: `${issuer}/models/borealis` },
      400,
      'invalid_target',
      'Your organisation holds no grant of borealis.',
      'grant_missing',
    ],
    [
      { scope: 'infer  tools' },
      400,
      'invalid_scope',
      'The scope is a list of names, one space between two.',
      undefined,
    ],
    [
      { scope: 'infer images' },
      400,
      'invalid_scope',
      'The scope is one or more of: infer tools.',
      'capability_withheld',
    ],
    [
      { resource: `${issuer}/api`, scope: 'infer' },
      400,
      'invalid_scope',
      'The scope is one or more of: log:own quota:read.',
      'capability_withheld',
    ],
    [
      { resource: `${issuer}/api`, purpose: 'defence' },
      400,
      'invalid_request',
      'A purpose belongs to a model, not to the API.',
      undefined,
    ],
    [
      { purpose: 'marketing' },
      400,
      'invalid_request',
      'The agreement registers: defence.',
      'purpose_not_registered',
    ],
  ])('%j', async (form, ...expected) => {
    const client_assertion = await world.assertion()
    const proof = await world.proof()
    expect(told(await world.token({ client_assertion, ...form }, [proof]))).toEqual(expected)
    expect(await world.entries()).toHaveLength(1)
    expect((await world.token({ client_assertion }, [proof])).status).toBe(200)
  })

  test('of several purposes one is named', async () => {
    await world.records.agreement({ purposes: ['defence', 'research'] })
    expect(told(await world.token())).toEqual([
      400,
      'invalid_request',
      'Name one purpose of the agreement: defence, research.',
      undefined,
    ])
    const { body } = await world.token({ purpose: 'research' })
    expect(decodeJwt(String(body.access_token)).purpose).toBe('research')
  })

  test('of several active grants one resource is named', async () => {
    await world.records.model({ id: 'borealis' })
    await world.records.grant({ id: 'grant_2', model: 'borealis' })
    expect(told(await world.token())).toEqual([
      400,
      'invalid_target',
      'Name one resource; active grants are of: aurora-preview, borealis.',
      undefined,
    ])
    const { body } = await world.token({ resource: `${issuer}/models/borealis` })
    expect(decodeJwt(String(body.access_token)).grant).toBe('grant_2')
  })

  test('a grant that was revoked leaves the only other one', async () => {
    await world.records.grant({ id: 'grant_0', model: 'borealis', state: 'revoked' })
    const { body } = await world.token()
    expect(decodeJwt(String(body.access_token)).grant).toBe('grant_1')
  })

  test('of two grants of a model the active one counts', async () => {
    await world.records.grant({ id: 'grant_0', expiresAt: start })
    const { body } = await world.token({ resource: aurora })
    expect(decodeJwt(String(body.access_token)).grant).toBe('grant_1')
  })

  test.each([
    ['suspended', 'The grant grant_1 is suspended.', 'grant_suspended'],
    ['revoked', 'The grant grant_1 was revoked.', 'grant_revoked'],
    ['requested', 'The grant grant_1 is requested.', 'grant_missing'],
  ] as const)('a grant that is %s', async (state, description, code) => {
    await world.records.grant({ state })
    expect(told(await world.token({ resource: aurora }))).toEqual([400, 'invalid_target', description, code])
    expect(told(await world.token())).toEqual([
      400,
      'invalid_target',
      'Your organisation holds no active grant.',
      'grant_missing',
    ])
  })

  test('a grant outside its term', async () => {
    await world.records.grant({ expiresAt: start })
    expect(told(await world.token({ resource: aurora }))).toMatchObject([
      400,
      'invalid_target',
      {},
      'grant_expired',
    ])
  })

  test.each([
    [{ state: 'suspended' }, 'agreement_not_effective'],
    [{ endsAt: start }, 'agreement_not_effective'],
    [{ models: ['borealis'] }, 'agreement_not_effective'],
    [{ consentedAt: undefined }, 'consent_missing'],
  ] as const)('an agreement with %j', async (change, code) => {
    await world.records.agreement(change as object)
    expect(told(await world.token({ resource: aurora }))).toEqual([
      400,
      'invalid_target',
      expect.any(String),
      code,
    ])
  })

  test.each([
    [{ killed: true }, 'model_killed'],
    [{ state: 'withdrawn' }, 'model_withdrawn'],
    [{ state: 'government_window' }, 'window_closed'],
  ] as const)('a model with %j', async (change, code) => {
    await world.records.model(change)
    expect(told(await world.token())).toEqual([400, 'invalid_target', expect.any(String), code])
  })

  test('a hold on the model stops its tokens, not those for the API', async () => {
    const scope = { model: 'aurora-preview' }
    await world.records.standing({ hold_1: { scope, reason: 'finding', placedAt: start } })
    expect(told(await world.token())).toEqual([
      400,
      'invalid_target',
      'The hold hold_1 is in force: finding.',
      'hold_active',
    ])
    expect((await world.token({ resource: `${issuer}/api` })).status).toBe(200)
  })
})

describe('a grant for named clients', () => {
  test('is passed over for others, who get what is for them', async () => {
    await world.records.grant({ id: 'grant_0', clients: ['client_9'], meters: ['meter_0'] })
    const answer = await world.token({ resource: aurora })
    expect(answer.status).toBe(200)
    expect(decodeJwt(String(answer.body.access_token))).toMatchObject({ grant: 'grant_1' })
  })

  test('is not for others, who are told so', async () => {
    await world.records.grant({ clients: ['client_9'] })
    expect(told(await world.token({ resource: aurora }))[3]).toBe('grant_missing')
    await world.records.grant({ clients: ['client_9', 'client_1'] })
    expect((await world.token({ resource: aurora })).status).toBe(200)
  })
})
