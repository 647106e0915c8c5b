/** What is decided about a partner leaves its grants of released models to their developer. */
import { beforeEach, describe, expect, test } from 'vitest'
import { authoriseModel } from '../../../../shared/domain/authority.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { PartnerFields } from '../../../../shared/domain/parties.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { applied, effective, type GrantWorld, grantWorld, proposed, told } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
  await world.records.client()
  await world.records.grant({ id: 'grant_2', model: 'borealis', meters: ['meter_2'] })
  await world.records.meter('meter_2')
  await world.records.model({ state: 'released' })
})

/** Whether the gate would admit a call of this model. */
async function admits(model: 'aurora' | 'borealis'): Promise<string> {
  const grantId = model === 'aurora' ? 'grant_1' : 'grant_2'
  const [standing, client, organisation, found, agreement, grant, meter] = await world.store.get([
    keys.standing,
    keys.client('client_1'),
    keys.organisation('cedar'),
    keys.model(model),
    keys.agreement('agreement_1'),
    keys.grant(grantId),
    keys.meter(model === 'aurora' ? 'meter_1' : 'meter_2'),
  ])
  const authority = authoriseModel(
    {
      client: 'client_1',
      organisation: 'cedar',
      tokenId: 't',
      signedBy: 'k',
      scopes: [],
      model,
      grant: grantId,
      agreement: { id: 'agreement_1', digest: effective.digest },
      purpose: 'defence',
    },
    { standing, client, organisation, model: found, agreement, grant, revokedToken: undefined },
    world.now(),
  )
  if (authority instanceof Refusal) return authority.code
  return meter?.state === 'open' ? 'admitted' : 'meter_closed'
}

test('an office suspends its partner: the released model goes on, the others stop', async () => {
  const decided = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
  expect(decided).toMatchObject({
    step: 'applied',
    proposals: [],
    effects: { continues: [{ id: 'grant_1' }] },
  })
  expect(await admits('aurora')).toBe('admitted')
  expect(await admits('borealis')).toBe('partner_suspended')
  expect((await world.meter('meter_2')).state).toBe('closed')
})

test('its developer suspends it: everything stops', async () => {
  applied(await world.decide('dana', 'partner.suspend', 'cedar'))
  expect([await admits('aurora'), await admits('borealis')]).toEqual([
    'partner_suspended',
    'partner_suspended',
  ])
})

test('an office does so alone, past the rule: the released model goes on all the same', async () => {
  await world.records.grant({ missionContinuity: true })
  applied(await world.decide('nora', 'partner.suspend', 'cedar', {}, { breakGlass: true }))
  expect([await admits('aurora'), await admits('borealis')]).toEqual(['admitted', 'partner_suspended'])
})

test('the developer stops what goes on', async () => {
  applied(await world.decide('nora', 'partner.suspend', 'cedar'))
  expect(told(await world.decide('nora', 'grant.suspend', 'grant_1'))).toBe('role_missing')
  applied(await world.decide('dana', 'grant.suspend', 'grant_1'))
  expect(await admits('aurora')).not.toBe('admitted')
  const partner = (await world.get(keys.organisation('cedar'))) as unknown as PartnerFields
  expect(partner.continues).toBeUndefined()
})

describe('a partner that holds a grant of a released model', () => {
  test('is not revoked by two of one office', async () => {
    const id = proposed(await world.decide('nora', 'partner.revoke', 'cedar'))
    expect(told(await world.answer('neil', 'approve', id))).toBe('approval_required')
    expect(await admits('aurora')).toBe('admitted')
    expect(told(await world.answer('dana', 'approve', id))).toBe('applied')
    expect(await admits('aurora')).toBe('partner_revoked')
  })

  test('is revoked by two of an office once it holds none', async () => {
    await world.records.grant({ state: 'expired' })
    const id = proposed(await world.decide('nora', 'partner.revoke', 'cedar'))
    expect(told(await world.answer('neil', 'approve', id))).toBe('applied')
  })
})

test('a suspension that is planned before the release, and made after it, is judged again', async () => {
  await world.records.model({ state: 'partner_access' })
  const { store } = world
  let released = false
  const racing: typeof store = {
    ...store,
    get: store.get.bind(store),
    write: store.write.bind(store),
    writeInOrder: store.writeInOrder.bind(store),
    query: store.query.bind(store),
    async transact(ops) {
      if (!released) {
        released = true
        applied(await world.decide('devon', 'model.release', 'aurora'))
      }
      return store.transact(ops)
    },
  }
  const { decide } = await import('../../../../functions/governance/engine/decide.ts')
  const outcome = await decide({ ...world.deps, store: racing }, await world.actor('nora'), {
    action: { name: 'partner.suspend', id: 'cedar', params: {} },
    reason: { code: 'operational', text: 'made up for a test' },
    request: 'request-race',
  })
  expect(told(outcome)).toBe('applied')
  expect([await admits('aurora'), await admits('borealis')]).toEqual(['admitted', 'partner_suspended'])
})
