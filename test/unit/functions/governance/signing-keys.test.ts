/** Keys that people sign agreements with: each registers and ends their own, and shows that they have it. */
import { beforeEach, describe, expect, test } from 'vitest'
import { type StatementType, statementTypes } from '../../../../shared/agreements/statement.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Signer } from '../../../../shared/ports/keys.ts'
import { type AgreementWorld, agreementWorld, issuer, memorySigner } from './agreement-world.ts'
import { applied, start, told } from './grant-world.ts'

let world: AgreementWorld
beforeEach(async () => {
  world = await agreementWorld()
})

const seconds = () => Math.floor(world.now() / 1000)
const proofOf = (
  signer: Signer,
  change: object = {},
  type: StatementType = statementTypes.signatory,
): Promise<string> =>
  world.signed(
    signer,
    type,
    JSON.stringify({ aud: issuer, sub: 'pat', iat: seconds(), jti: 'once', ...change }),
  )
const register = (who: string, person: string, body: object) =>
  world.call(who, 'registerSigningKey', { path: { person }, body })
const keysOf = async (person: string) => (await world.get(keys.person(person))).signingKeys ?? {}

describe('a key to sign with is registered', () => {
  test('by whoever has it, for themselves', async () => {
    const signer = memorySigner()
    const answer = await register('pat', 'pat', {
      public_key: signer.publicJwk,
      proof: await proofOf(signer),
    })
    const { entry } = applied(answer).body as { entry: string }
    expect((await keysOf('pat'))[signer.kid]).toEqual({
      jwk: signer.publicJwk,
      alg: 'ES256',
      registeredAt: start,
      entry,
    })
    expect(await world.entry(entry)).toMatchObject({ action: 'person.signing_key', organisation: 'cedar' })
  })

  test('and an agreement is signed with it', async () => {
    const signer = memorySigner()
    applied(await register('pat', 'pat', { public_key: signer.publicJwk, proof: await proofOf(signer) }))
    const id = await world.offered()
    const { digest } = await world.agreementOf(id)
    const { document } = await world.versionOf(digest)
    const signature = await world.signed(signer, statementTypes.document, document)
    applied(await world.sign('pat', id, { signature }))
    expect((await world.versionOf(digest)).signatures.cedar?.kid).toBe(signer.kid)
  })

  test('not for another, not even by their administrator', async () => {
    const signer = memorySigner()
    const body = { public_key: signer.publicJwk, proof: await proofOf(signer, { sub: 'uma' }) }
    expect(told(await register('pat', 'uma', body))).toBe('role_missing')
    const own = { public_key: signer.publicJwk, proof: await proofOf(signer) }
    expect(told(await register('pat', 'uma', own))).toBe('role_missing')
    expect(await keysOf('uma')).toEqual({})
  })

  test('not by a user, who signs nothing', async () => {
    const signer = memorySigner()
    const body = { public_key: signer.publicJwk, proof: await proofOf(signer, { sub: 'uma' }) }
    expect(told(await register('uma', 'uma', body))).toBe('role_missing')
  })

  test.each([
    ['for another deployment', { aud: 'https://other.example' }],
    ['about another person', { sub: 'dana' }],
    ['of two minutes ago', { iat: start / 1000 - 120 }],
    ['of the future', { iat: start / 1000 + 120 }],
    ['without an id', { jti: undefined }],
  ])('not with a proof %s', async (_, change) => {
    const signer = memorySigner()
    const body = { public_key: signer.publicJwk, proof: await proofOf(signer, change) }
    expect(told(await register('pat', 'pat', body))).toBe('body_malformed proof')
  })

  test('not with a proof by another key, or of another type', async () => {
    const signer = memorySigner()
    const stranger = { ...memorySigner(), kid: signer.kid }
    for (const proof of [
      await proofOf(stranger),
      await proofOf(signer, {}, statementTypes.document),
      'not-a-jws',
    ])
      expect(told(await register('pat', 'pat', { public_key: signer.publicJwk, proof }))).toBe(
        'body_malformed proof',
      )
  })

  test('not one that carries its private half', async () => {
    const signer = memorySigner()
    const body = { public_key: { ...signer.publicJwk, d: 'secret' }, proof: await proofOf(signer) }
    expect(told(await register('pat', 'pat', body))).toBe('body_malformed public_key')
  })

  test('not twice', async () => {
    const signer = memorySigner()
    const body = { public_key: signer.publicJwk, proof: await proofOf(signer) }
    applied(await register('pat', 'pat', body))
    expect(told(await register('pat', 'pat', body))).toBe('record_exists')
  })
})

describe('a key is one person’s alone', () => {
  const own = async (who: string, signer: Signer) =>
    register(who, who, { public_key: signer.publicJwk, proof: await proofOf(signer, { sub: who }) })

  test('whoever was given its private half does not register it too, also when it has ended', async () => {
    const signer = memorySigner()
    applied(await own('pat', signer))
    const answer = await own('dana', signer)
    expect(told(answer)).toBe('record_exists')
    expect(JSON.stringify(answer)).not.toMatch(/cedar|\bpat\b/i)
    expect(await keysOf('dana')).toEqual({})
    applied(await world.call('pat', 'endSigningKey', { path: { person: 'pat', kid: signer.kid } }))
    expect(told(await own('dana', signer))).toBe('record_exists')
  })

  test('nor at the same moment', async () => {
    const signer = memorySigner()
    const answers = await Promise.all([own('pat', signer), own('dana', signer)])
    expect(answers.filter(answer => told(answer) === 'record_exists')).toHaveLength(1)
    const held = [await keysOf('pat'), await keysOf('dana')]
    expect(held.filter(keys => Object.hasOwn(keys, signer.kid))).toHaveLength(1)
  })
})

describe('it ends', () => {
  const end = (who: string, person: string, kid: string) =>
    world.call(who, 'endSigningKey', { path: { person, kid } })

  test('by whoever has it; it signs nothing more, stays to be seen, and does not come back', async () => {
    const signer = await world.signingKey('pat')
    expect(told(await end('dana', 'pat', signer.kid))).toBe('role_missing')
    applied(await end('pat', 'pat', signer.kid))
    expect((await keysOf('pat'))[signer.kid]?.endedAt).toBe(start)
    expect(told(await end('pat', 'pat', signer.kid))).toBe('state_forbids')
    const body = { public_key: signer.publicJwk, proof: await proofOf(signer) }
    expect(told(await register('pat', 'pat', body))).toBe('record_exists')
    const { body: shown } = applied(await world.call('dana', 'getPerson', { path: { person: 'pat' } }))
    expect((shown as { signing_keys: { kid: string; ended_at: string }[] }).signing_keys).toMatchObject([
      { kid: signer.kid, ended_at: new Date(start).toISOString() },
    ])
  })

  test.each(['unheard-of', 'constructor', '__proto__'])('a key that there is not: %s', async kid => {
    expect(told(await end('pat', 'pat', kid))).toBe('record_unknown kid')
  })
})
