import { decodeJwt } from 'jose'
import { beforeEach, expect, test } from 'vitest'
import { keys } from '../../../shared/domain/keys.ts'
import { joseKey } from '../oauth/jose-keys.ts'
import { start, type TokenWorld, tokenWorld } from './token-world.ts'

let world: TokenWorld
let token: string
beforeEach(async () => {
  world = await tokenWorld()
  token = String((await world.token()).body.access_token)
})

const revoked = async () => (await world.store.get([keys.revokedToken(String(decodeJwt(token).jti))]))[0]

test('RFC 7009 §2: a client revokes its own token, until 20 s past its end', async () => {
  const { status, body, headers } = await world.revoke({ token, token_type_hint: 'refresh_token' })
  expect([status, body]).toEqual([200, {}])
  expect(headers['cache-control']).toBe('no-store')
  expect(await revoked()).toMatchObject({ exp: start / 1000 + 320 })
})

test('a second time changes nothing', async () => {
  await world.revoke({ token })
  expect((await world.revoke({ token })).status).toBe(200)
  expect(await revoked()).toBeDefined()
})

test('a client that is suspended may give up what it has', async () => {
  await world.records.client({ state: 'suspended' })
  expect((await world.revoke({ token })).status).toBe(200)
  expect(await revoked()).toBeDefined()
})

test('RFC 7009 §2.2: an unknown, forged, expired or foreign token is 200, and without effect', async () => {
  for (const each of ['x', `${token.slice(0, -8)}AAAAAAAA`])
    expect((await world.revoke({ token: each })).status).toBe(200)

  const key = await joseKey()
  await world.records.client({ id: 'client_2', keys: [{ kid: key.kid, alg: key.alg, jwk: key.jwk }] })
  const client_assertion = await world.assertion({ iss: 'client_2', sub: 'client_2' }, key)
  expect((await world.revoke({ token, client_assertion })).status).toBe(200)

  world.pass(300_000)
  expect((await world.revoke({ token })).status).toBe(200)
  expect(await revoked()).toBeUndefined()
})

test('without a token it is an invalid_request', async () => {
  const { status, body } = await world.revoke({})
  expect([status, body.error, body.error_description]).toEqual([
    400,
    'invalid_request',
    'The token is missing.',
  ])
})

test('without the key of the client it is an invalid_client', async () => {
  const client_assertion = await world.assertion({}, await joseKey())
  const { status, body } = await world.revoke({ token, client_assertion })
  expect([status, body.error]).toEqual([401, 'invalid_client'])
  expect(await revoked()).toBeUndefined()
})

test('its assertion is accepted once, also where the token has no effect', async () => {
  const client_assertion = await world.assertion()
  expect((await world.revoke({ token: 'x', client_assertion })).status).toBe(200)
  const { status, body } = await world.revoke({ token, client_assertion })
  expect([status, body.error_description]).toEqual([401, 'The assertion was used before.'])
  expect(await revoked()).toBeUndefined()
})
