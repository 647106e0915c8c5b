/** What issuance says of a client: that it is in use, and by which of its keys. */
import { beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../../shared/domain/keys.ts'
import { joseKey, joseSign } from '../oauth/jose-keys.ts'
import { issuer, start, type TokenWorld, tokenWorld, told } from './token-world.ts'

let world: TokenWorld
beforeEach(async () => {
  world = await tokenWorld()
})

const today = Math.floor(start / 86_400_000)
const client = async () => (await world.store.get([keys.client('client_1')]))[0]

describe('the first token', () => {
  test('makes an enrolled client active, and says when it was seen', async () => {
    await world.records.client({ state: 'enrolled' })
    expect((await world.token()).status).toBe(200)
    expect(await client()).toMatchObject({ state: 'active', seenOn: today, rev: 1 })
  })

  test('of twenty at once', async () => {
    await world.records.client({ state: 'enrolled' })
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.token()))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await client()).toMatchObject({ state: 'active', seenOn: today })
  })

  test('one that was refused says nothing', async () => {
    await world.records.client({ state: 'enrolled' })
    expect((await world.token({ scope: 'admin' })).status).toBe(400)
    expect(await client()).toMatchObject({ state: 'enrolled' })
    expect(await client()).not.toHaveProperty('seenOn')
  })
})

test('a day is written once, and the next one again', async () => {
  const written: string[][] = []
  world = await tokenWorld(store => ({
    store: {
      ...store,
      transact: ops => {
        written.push(ops.filter(({ key }) => key.pk.startsWith('client#')).map(({ kind }) => kind))
        return store.transact(ops)
      },
    },
  }))
  await world.token()
  await world.token()
  world.pass(86_400_000)
  await world.token()
  expect(written).toEqual([['update'], [], ['update']])
  expect((await world.store.get([keys.client('client_1')]))[0]).toMatchObject({ seenOn: today + 1 })
})

test.each<['suspended' | 'revoked', string]>([
  ['suspended', 'client_suspended'],
  ['revoked', 'client_expired'],
])('a client that is %s while its token is made gets none, and stays so', async (state, code) => {
  const raced: TokenWorld = await tokenWorld(store => ({
    store: {
      ...store,
      transact: async ops => {
        await raced.records.client({ state })
        return store.transact(ops)
      },
    },
  }))
  await raced.records.client({ state: 'enrolled' })
  const answer = await raced.token()
  expect(told(answer)).toEqual([400, 'unauthorized_client', expect.any(String), code])
  expect((await raced.store.get([keys.client('client_1')]))[0]).toMatchObject({ state })
})

describe('a rotation by overlap', () => {
  test('the key that was replaced counts until its end, and the new one from the start', async () => {
    const next = await joseKey()
    const [old] = world.client.keys
    if (old === undefined) throw new Error('the client has no key')
    await world.records.client({
      keys: [
        { ...old, until: start + 60_000 },
        { kid: next.kid, alg: next.alg, jwk: next.jwk },
      ],
    })
    const by = async (key = world.clientKey) =>
      (await world.token({ client_assertion: await world.assertion({}, key) })).status
    expect([await by(), await by(next)]).toEqual([200, 200])
    world.pass(59_999)
    expect(await by()).toBe(200)
    world.pass(1)
    expect([await by(), await by(next)]).toEqual([401, 200])
  })

  test('a key that was marked compromised counts no more', async () => {
    const [old] = world.client.keys
    if (old === undefined) throw new Error('the client has no key')
    await world.records.client({ keys: [{ ...old, compromisedAt: start }] })
    const { status, body } = await world.token()
    expect([status, body.error, body.sallyport?.code]).toEqual([401, 'invalid_client', 'client_compromised'])
    expect(body.sallyport?.next).toContain('sallyport client enroll')
    const [entry, ...others] = await world.entries()
    expect([entry?.unmapped?.code, others]).toEqual(['client_compromised', []])
  })

  test('that it is compromised is told to whoever has the key alone', async () => {
    const [old] = world.client.keys
    if (old === undefined) throw new Error('the client has no key')
    await world.records.client({ keys: [{ ...old, compromisedAt: start }] })
    const stranger = await joseKey()
    const claims = { iss: 'client_1', sub: 'client_1', aud: issuer, jti: 'a-random-jti-of-a-stranger' }
    const times = { iat: start / 1000, exp: start / 1000 + 60 }
    const forged = await joseSign(stranger, { kid: old.kid }, { ...claims, ...times })
    const { status, body } = await world.token({ client_assertion: forged })
    expect([status, body.error, body.sallyport?.code]).toEqual([401, 'invalid_client', 'invalid_client'])
    expect(await world.entries()).toEqual([])
  })
})
