/** Ways to have a signature of an organisation recorded that its signatory did not give. */
import { beforeEach, describe, expect, test } from 'vitest'
import { decide } from '../../../../functions/governance/engine/decide.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Person } from '../../../../shared/domain/parties.ts'
import type { Signer } from '../../../../shared/ports/keys.ts'
import { type AgreementWorld, agreementWorld, issuer } from './agreement-world.ts'
import { applied, day, reason, told } from './grant-world.ts'
import { preceded } from './preceded.ts'

let world: AgreementWorld
let id: string
beforeEach(async () => {
  world = await agreementWorld()
  id = await world.offered()
})

const digest = () => world.pendingDigest(id)
const document = async () => (await world.versionOf(await digest())).document
const signedBy = async () => Object.keys((await world.versionOf(await digest())).signatures)

const change = async (who: string, fields: Partial<Person>) => {
  const before = await world.get(keys.person(who))
  await world.store.write({
    kind: 'put',
    key: keys.person(who),
    item: { ...before, ...fields, rev: before.rev + 1 },
  })
}

/** As the operation asks for it, with something that happens between the judgement and the write. */
const signing = async (who: string, params: object, first?: () => Promise<unknown>) =>
  decide(
    { ...world.deps, statements: world.statements, ...(first && { store: preceded(world.store, first) }) },
    await world.actor(who),
    {
      action: { name: 'agreement.sign', id, params: { digest: await digest(), ...params } },
      reason,
      request: 'r',
    },
  )

const attestation = async (who: string, signer: Signer = world.statements, over: object = {}) => {
  const claims = {
    iss: issuer,
    agreement: id,
    digest: await digest(),
    version: 1,
    organisation: 'cedar',
    person: who,
    iat: Math.floor(world.now() / 1000),
    ...over,
  }
  return world.signed(signer, 'sallyport-attestation+jwt', JSON.stringify(claims))
}

describe('through the operation', () => {
  test('nobody brings an attestation of their own, not even a true one', async () => {
    applied(await world.sign('pat', id))
    const { signatures } = await world.versionOf(await digest())
    const jws = signatures.cedar?.jws ?? ''
    applied(await world.act('dana', 'return', id))
    applied(await world.act('dana', 'offer', id))
    for (const who of ['pat', 'dana', 'uma'])
      expect(['body_malformed signature', 'role_missing']).toContain(
        told(await world.sign(who, id, { signature: jws })),
      )
    expect(await signedBy()).toEqual([])
  })

  test('counsel, users, auditors and offices that are no party of it sign nothing', async () => {
    for (const who of ['uma', 'rita', 'nora', 'olga', 'elsa', 'audrey', 'zoe'])
      expect(['role_missing', 'record_unknown']).toContain(told(await world.sign(who, id)))
    expect(await signedBy()).toEqual([])
  })

  test('a JWS of another version, of another agreement, of another type or over other bytes does not count', async () => {
    const key = await world.signingKey('pat')
    const text = await document()
    const other = await world.offered()
    const { document: elsewhere } = await world.versionOf(await world.pendingDigest(other))
    for (const signature of [
      await world.signed(key, 'sallyport-agreement+jws', elsewhere),
      await world.signed(key, 'sallyport-signatory+jwt', text),
      await world.signed(key, 'sallyport-attestation+jwt', text),
      await world.signed(key, 'sallyport-agreement+jws', ` ${text}`),
      await world.signed(world.statements, 'sallyport-agreement+jws', text),
    ])
      expect(told(await world.sign('pat', id, { signature }))).toBe('body_malformed signature')
    const true_ = await world.signed(key, 'sallyport-agreement+jws', text)
    // Of hers: he cannot bring it, and for his organisation it says nothing.
    for (const who of ['dana', 'devon'])
      expect(told(await world.sign(who, id, { signature: true_ }))).toBe('body_malformed signature')
    applied(await world.sign('pat', id, { signature: true_ }))
  })
})

describe('an attestation', () => {
  test.each([
    ['by another key', async () => ({ jws: await attestation('pat', await world.signingKey('pat')) })],
    ['without the consent', async () => ({ jws: await attestation('pat') })],
    ['of another person', async () => ({ jws: await attestation('uma') })],
    [
      'of another organisation',
      async () => ({ jws: await attestation('pat', undefined, { organisation: 'halcyon' }) }),
    ],
  ])('%s does not count', async (_, made) => {
    expect(told(await signing('pat', { kind: 'attested', ...(await made()) }))).toBe(
      'body_malformed signature',
    )
    expect(await signedBy()).toEqual([])
  })
})

describe('between the judgement and the write', () => {
  test.each([
    ['who signs is suspended', { state: 'suspended' }],
    ['who signs loses the role', { roles: ['partner-user'] }],
    ['who signs goes elsewhere', { organisation: 'prairie' }],
  ] as const satisfies readonly (readonly [string, Partial<Person>])[])('%s', async (_, fields) => {
    const key = await world.signingKey('pat')
    const jws = await world.signed(key, 'sallyport-agreement+jws', await document())
    const outcome = await signing('pat', { kind: 'key', jws }, () => change('pat', fields))
    expect(told(outcome)).toBe('person_suspended')
    expect(await signedBy()).toEqual([])
  })

  test('the key is ended', async () => {
    const key = await world.signingKey('pat')
    const jws = await world.signed(key, 'sallyport-agreement+jws', await document())
    const outcome = await signing('pat', { kind: 'key', jws }, () =>
      world.decide('pat', 'person.signing_key', 'pat', { kid: key.kid }),
    )
    expect(told(outcome)).toBe('person_suspended')
    expect(await signedBy()).toEqual([])
    expect(told(await world.sign('pat', id, { signature: jws }))).toBe('body_malformed signature')
  })

  test('the offer is taken back, or replaced', async () => {
    const key = await world.signingKey('pat')
    const jws = await world.signed(key, 'sallyport-agreement+jws', await document())
    const first = await digest()
    const outcome = await signing('pat', { kind: 'key', jws }, async () => {
      applied(await world.act('dana', 'return', id))
      applied(await world.redraft('dana', id, { title: 'Another' }))
      applied(await world.act('dana', 'offer', id))
    })
    expect(told(outcome)).toBe('version_stale digest')
    expect((await world.versionOf(first)).signatures).toEqual({})
    expect(await signedBy()).toEqual([])
  })
})

test('a sign-in that is not fresh attests nothing', async () => {
  let signed = 0
  const sign = world.statements.sign
  Object.assign(world.statements, {
    sign: (bytes: Uint8Array) => {
      signed++
      return sign(bytes)
    },
  })
  const { caller } = world
  const stale = async (who: string) => ({ ...(await caller(who)), authTime: world.now() - day })
  const operations = (await import('../../../../functions/api/operations/agreements.ts')).agreementOperations
  const operation = operations.find(one => one.id === 'signAgreement')
  const outcome = await operation?.answer({
    deps: { ...world.deps, issuer, statements: world.statements } as never,
    caller: await stale('pat'),
    path: { agreement: id },
    query: {},
    body: { reason: { code: 'request', text: 'x' }, digest: await digest() },
    request: 'r',
  } as never)
  expect(told(outcome)).toBe('fresh_sign_in_required')
  expect(signed).toBe(0)
})
