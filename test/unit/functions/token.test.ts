import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { SignerUnavailable } from '../../../shared/ports/keys.ts'
import { StoreUnavailable } from '../../../shared/ports/store.ts'
import { issuer, start, type TokenWorld, tokenWorld, told } from './token-world.ts'

const aurora = `${issuer}/models/aurora-preview`
const seconds = start / 1000

let world: TokenWorld
beforeEach(async () => {
  world = await tokenWorld()
})

describe('a token', () => {
  test('for the model of the only active grant, with every capability of the agreement', async () => {
    const { status, body, headers } = await world.token()
    expect(status).toBe(200)
    expect(body).toMatchObject({ token_type: 'DPoP', expires_in: 300, scope: 'infer tools' })
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'dpop-nonce': expect.stringMatching(/^[\w-]{22}$/),
    })
    expect(decodeJwt(String(body.access_token))).toEqual({
      iss: issuer,
      sub: 'client_1',
      client_id: 'client_1',
      aud: aurora,
      scope: 'infer tools',
      iat: seconds,
      exp: seconds + 300,
      jti: expect.stringMatching(/^token_[0-9a-z]{26}$/),
      cnf: { jkt: world.proofKey.kid },
      organisation: 'organisation_1',
      grant: 'grant_1',
      agreement: { id: 'agreement_1', digest: 'digest-1' },
      purpose: 'defence',
      clauses: ['c1', 'c2', 'c3', 'c4'],
      meters: ['meter_1'],
    })
  })

  test('is recorded before it exists', async () => {
    const { body } = await world.token()
    const { jti } = decodeJwt(String(body.access_token))
    expect(await world.entries()).toMatchObject([
      {
        status_id: 1,
        unmapped: { kind: 'issuance', token: jti, key: world.proofKey.kid, purpose: 'defence' },
      },
    ])
  })

  test('for the API lives 900 s and says nothing of a model', async () => {
    const { body } = await world.token({ resource: `${issuer}/api` })
    expect(body).toMatchObject({ expires_in: 900, scope: 'log:own quota:read' })
    const claims = decodeJwt(String(body.access_token))
    expect(claims).toMatchObject({ aud: `${issuer}/api`, exp: seconds + 900 })
    for (const name of ['grant', 'agreement', 'purpose', 'clauses', 'meters'])
      expect(claims).not.toHaveProperty(name)
  })

  test('of an agent names who answers for it, and so does its entry', async () => {
    await world.records.client({ kind: 'agent', operator: 'person_7' })
    const { body } = await world.token()
    expect(decodeJwt(String(body.access_token))).toMatchObject({ operator: 'person_7' })
    expect(await world.entries()).toMatchObject([
      { user: { type: 'agent' }, unmapped: { operator: 'person_7' } },
    ])
  })

  test('has just the scope that was asked for', async () => {
    const { body } = await world.token({ resource: aurora, scope: 'tools' })
    expect(body.scope).toBe('tools')
  })
})

describe('H to J', () => {
  test('an assertion is accepted once', async () => {
    const client_assertion = await world.assertion()
    expect((await world.token({ client_assertion })).status).toBe(200)
    expect(told(await world.token({ client_assertion }))).toEqual([
      401,
      'invalid_client',
      'The assertion was used before.',
      undefined,
    ])
  })

  test('a proof is accepted once, and its replay does not burn the assertion', async () => {
    const proof = await world.proof()
    const client_assertion = await world.assertion()
    expect((await world.token({}, [proof])).status).toBe(200)
    expect(told(await world.token({ client_assertion }, [proof]))).toEqual([
      400,
      'invalid_dpop_proof',
      'The proof was used before.',
      'proof_replayed',
    ])
    expect((await world.token({ client_assertion }, [await world.proof()])).status).toBe(200)
  })

  test('an assertion that is sent again and again writes one entry', async () => {
    const client_assertion = await world.assertion()
    await world.token({ client_assertion })
    for (let i = 0; i < 5; i++) await world.token({ client_assertion })
    const kinds = (await world.entries()).map(entry => entry.unmapped.kind)
    expect(kinds.sort()).toEqual(['issuance', 'token_refusal'])
  })

  test('an id may come again once it has been past its time for 20 s', async () => {
    const jti = 'the-same-id-every-time'
    const outcome = async () =>
      (await world.token({ client_assertion: await world.assertion({ jti }) })).status
    expect(await outcome()).toBe(200)
    world.pass(80_999)
    expect(await outcome()).toBe(401)
    world.pass(1)
    expect(await outcome()).toBe(200)
  })

  test('a signer that fails is recorded, and told as 503', async () => {
    const signers = async () => {
      throw new SignerUnavailable('no key')
    }
    world = await tokenWorld(() => ({ signers }))
    const answer = await world.token()
    expect(told(answer).slice(0, 3)).toEqual([
      503,
      'temporarily_unavailable',
      'The token could not be signed.',
    ])
    expect(answer.headers['retry-after']).toBe('1')
    const entries = (await world.entries()).map(entry => entry.unmapped.code ?? entry.unmapped.kind)
    expect(entries.sort()).toEqual(['issuance', 'signer_unavailable'])
    expect(world.errors).toEqual(['A token could not be signed'])
  })

  test('no trusted key to sign with: 503, and nothing is spent', async () => {
    const client_assertion = await world.assertion()
    const proof = await world.proof()
    await world.records.standing({}, { [world.signing.kid]: start })
    const answer = await world.token({ client_assertion }, [proof])
    expect(told(answer).slice(0, 3)).toEqual([
      503,
      'temporarily_unavailable',
      'No key is there to sign with.',
    ])
    await world.records.standing()
    expect((await world.token({ client_assertion }, [proof])).status).toBe(200)
  })

  test('a store that does not answer: 503', async () => {
    const transact = async () => {
      throw new StoreUnavailable('down')
    }
    world = await tokenWorld(store => ({ store: { ...store, transact } }))
    const answer = await world.token()
    expect(told(answer)).toEqual([
      503,
      'temporarily_unavailable',
      'The state could not be read or changed.',
      'store_unavailable',
    ])
    expect(answer.headers['retry-after']).toBe('1')
  })

  test('what should not happen is 500 and says nothing', async () => {
    const get = async () => {
      throw new Error('a secret')
    }
    world = await tokenWorld(store => ({ store: { ...store, get } }))
    expect(told(await world.token())).toEqual([
      500,
      'server_error',
      'The request failed here; it can be sent again.',
      undefined,
    ])
    expect(world.errors).toEqual(['The token service failed'])
  })
})
