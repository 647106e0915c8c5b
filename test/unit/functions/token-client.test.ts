import { beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../../shared/domain/keys.ts'
import { joseKey, joseSign } from '../oauth/jose-keys.ts'
import { start, type TokenWorld, tokenWorld, told } from './token-world.ts'

const seconds = start / 1000

let world: TokenWorld
beforeEach(async () => {
  world = await tokenWorld()
})

describe('A. HTTP', () => {
  const form = { 'content-type': ['application/x-www-form-urlencoded'] }

  test('the method is POST', async () => {
    const answer = await world.get('/oauth/token')
    expect(told(answer)).toEqual([405, 'invalid_request', 'The method is POST.', undefined])
    expect(answer.headers).toMatchObject({ allow: 'POST', 'cache-control': 'no-store' })
  })

  test('the body is a form', async () => {
    const answer = await world.send({
      path: '/oauth/token',
      httpMethod: 'POST',
      body: '{}',
      multiValueHeaders: {},
    })
    expect(told(answer)).toEqual([
      400,
      'invalid_request',
      'The content type is application/x-www-form-urlencoded.',
      undefined,
    ])
  })

  test('no parameter stands in the URL', async () => {
    const answer = await world.send({
      path: '/oauth/token',
      httpMethod: 'POST',
      multiValueHeaders: form,
      multiValueQueryStringParameters: { client_assertion: ['x'] },
    })
    expect(told(answer)).toEqual([
      400,
      'invalid_request',
      'Parameters belong into the body, not into the URL.',
      undefined,
    ])
  })

  test('exactly one DPoP header', async () => {
    for (const proofs of [[], [await world.proof(), await world.proof()]])
      expect(told(await world.token({}, proofs))).toEqual([
        400,
        'invalid_dpop_proof',
        'Send exactly one DPoP header.',
        'proof_invalid',
      ])
  })

  test('an unknown parameter is ignored', async () => {
    expect((await world.token({ audience: 'x' })).status).toBe(200)
  })

  test('another path is refused', async () => {
    expect(told(await world.get('/oauth/tokens'))).toEqual([
      404,
      'invalid_request',
      'There is no such endpoint.',
      undefined,
    ])
  })
})

describe('B to D. The client', () => {
  test('an assertion without a signature by a registered key, and an unknown client, are told the same', async () => {
    const stranger = await joseKey()
    const wrongKey = await joseSign(
      stranger,
      { kid: world.clientKey.kid },
      {
        iss: 'client_1',
        sub: 'client_1',
      },
    )
    const unknown = await world.assertion({ iss: 'client_2', sub: 'client_2' })
    const answers = [
      await world.token({ client_assertion: wrongKey }),
      await world.token({ client_assertion: unknown }),
    ]
    for (const answer of answers)
      expect(told(answer)).toEqual([
        401,
        'invalid_client',
        'No registered key of this client verifies the assertion.',
        undefined,
      ])
    const [first, second] = answers.map(({ headers }) => ({ ...headers, 'x-request-id': '' }))
    expect(first).toEqual(second)
  })

  test('without an assertion nothing is looked up', async () => {
    expect(told(await world.token({ client_assertion_type: '' }))).toEqual([
      401,
      'invalid_client',
      'The client_assertion_type is urn:ietf:params:oauth:client-assertion-type:jwt-bearer.',
      undefined,
    ])
  })

  test('an expired assertion is 401, not 500', async () => {
    const old = await world.assertion({ iat: seconds - 100, exp: seconds })
    expect(told(await world.token({ client_assertion: old }))).toEqual([
      401,
      'invalid_client',
      'The assertion has expired.',
      undefined,
    ])
  })

  test.each([
    [{ state: 'suspended' }, 'The client is suspended.', 'client_suspended'],
    [{ state: 'revoked' }, 'The client is revoked.', 'client_expired'],
    [{ expiresAt: start }, 'It ended at 2027-01-15T08:00:00.000Z.', 'client_expired'],
  ] as const)('client %j: unauthorized_client', async (change, description, code) => {
    await world.records.client(change)
    expect(told(await world.token())).toEqual([400, 'unauthorized_client', description, code])
    expect(await world.entries()).toMatchObject([{ status_id: 2, unmapped: { kind: 'token_refusal', code } }])
  })

  test.each([
    [{ state: 'suspended' }, 'K?ln Utilities is suspended.', 'organisation_suspended'],
    [{ partner: 'suspended' }, 'K?ln Utilities is suspended as a trusted partner.', 'partner_suspended'],
    [{ partner: 'revoked' }, 'K?ln Utilities is revoked as a trusted partner.', 'partner_revoked'],
  ])(
    'organisation %j: unauthorized_client, in the characters of RFC 6749 §5.2',
    async (change, description, code) => {
      await world.records.organisation(change)
      expect(told(await world.token())).toEqual([400, 'unauthorized_client', description, code])
    },
  )

  test('a hold on the client', async () => {
    await world.records.standing({
      hold_1: { scope: { client: 'client_1' }, reason: 'leak', placedAt: start },
    })
    expect(told(await world.token())).toEqual([
      400,
      'unauthorized_client',
      'The hold hold_1 is in force: leak.',
      'hold_active',
    ])
  })

  test('while a restored registry is looked through: 503, and an entry', async () => {
    const restoring = { since: start, by: 'ada', entry: 'entry_1' }
    await world.store.write({
      kind: 'update',
      key: keys.standing,
      change: { set: [[['restoring'], restoring]] },
    })
    const answer = await world.token()
    expect(told(answer)).toEqual([
      503,
      'temporarily_unavailable',
      'They are looked through since 2027-01-15T08:00:00.000Z.',
      'restoring',
    ])
    expect(answer.headers['retry-after']).toBe('60')
    expect(await world.entries()).toMatchObject([{ unmapped: { kind: 'token_refusal', code: 'restoring' } }])
  })

  test('the state of a client is told to nobody who lacks its key', async () => {
    await world.records.client({ state: 'suspended' })
    const foreign = await world.assertion({}, await joseKey())
    expect((await world.token({ client_assertion: foreign })).body.error).toBe('invalid_client')
  })

  test('a client that asks too often waits; nothing is recorded of it', async () => {
    world = await tokenWorld(() => ({ rateLimit: { perSecond: 0.5, burst: 2 } }))
    expect([(await world.token()).status, (await world.token()).status]).toEqual([200, 200])
    const answer = await world.token()
    expect(told(answer)).toEqual([
      429,
      'temporarily_unavailable',
      'The client sends too many requests.',
      'rate_limited',
    ])
    expect(answer.headers['retry-after']).toBe('2')
    expect(await world.entries()).toHaveLength(2)
    world.pass(2000)
    expect((await world.token()).status).toBe(200)
  })
})
