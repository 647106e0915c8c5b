/** Texts and signatures of one party that once came to another. */
import { beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../../../shared/domain/keys.ts'
import { type AgreementWorld, agreementWorld } from './agreement-world.ts'
import { applied, told } from './grant-world.ts'

let world: AgreementWorld
beforeEach(async () => {
  world = await agreementWorld()
})

describe('what was offered to one partner, and is drafted anew for another,', () => {
  test('is not read by the other', async () => {
    const id = await world.offered()
    const { digest } = await world.agreementOf(id)
    applied(await world.act('pat', 'return', id))
    applied(await world.redraft('dana', id, { counterparty: 'prairie' }))
    applied(await world.act('dana', 'offer', id))
    const path = { agreement: id, digest }
    const listed = applied(await world.call('rita', 'listAgreementVersions', { path })).body
    expect(JSON.stringify(listed)).not.toContain('Cedar')
    expect(told(await world.call('rita', 'getAgreementVersion', { path }))).toBe('record_unknown')
    expect(told(await world.call('rita', 'exportAgreement', { path, query: { digest } }))).toBe(
      'record_unknown',
    )
    expect(told(await world.call('rita', 'getAgreementDifference', { path, query: { from: digest } }))).toBe(
      'record_unknown',
    )
    expect(told(await world.call('dana', 'getAgreementVersion', { path }))).toMatchObject({ status: 200 })
  })
})

describe('nobody signs for two parties', () => {
  const moves = async (who: string, organisation: string, role: string) => {
    const before = await world.get(keys.person(who))
    const item = { ...before, organisation, roles: [role], owner: organisation, rev: before.rev + 1 }
    await world.store.write({ kind: 'put', key: keys.person(who), item: item as typeof before })
  }

  test('also who went from one to the other meanwhile', async () => {
    const id = await world.offered()
    applied(await world.sign('devon', id))
    await moves('devon', 'cedar', 'partner-admin')
    expect(told(await world.sign('devon', id))).toBe('role_missing')
    expect((await world.agreementOf(id)).state).toBe('offered')
    applied(await world.sign('pat', id))
    expect((await world.agreementOf(id)).state).toBe('effective')
  })

  test('nor with the key of the other', async () => {
    const id = await world.offered()
    const key = await world.signingKey('dana')
    const { signingKeys } = await world.get(keys.person('dana'))
    await world.store.write({
      kind: 'update',
      key: keys.person('pat'),
      change: { set: [[['signingKeys'], signingKeys]] },
    })
    const { document } = await world.versionOf((await world.agreementOf(id)).digest)
    const signature = await world.signed(key, 'sallyport-agreement+jws', document)
    applied(await world.sign('dana', id, { signature }))
    expect(told(await world.sign('pat', id, { signature }))).toBe('body_malformed signature')
  })
})
