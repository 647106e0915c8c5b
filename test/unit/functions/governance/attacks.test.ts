/** What somebody who means harm, or two who act at the same moment, could once do here. */
import { beforeEach, describe, expect, test } from 'vitest'
import { approve } from '../../../../functions/governance/engine/approve.ts'
import { decide, preview } from '../../../../functions/governance/engine/decide.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Client } from '../../../../shared/domain/records.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, reason, start, told } from './grant-world.ts'
import { preceded } from './preceded.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const client = (change: Partial<Client> = {}) => world.records.client(change)
const french = { nationality: { value: 'FR', expiresAt: start + 100 * day, by: 'pat' } }

/** Something happens between the judgement of a decision and its transaction, once. */
const meanwhile = (act: () => Promise<unknown>) => ({ ...world.deps, store: preceded(world.store, act) })

const standings = async () => ({
  partner: ((await world.get(keys.organisation('cedar'))) as { readonly partner?: string }).partner,
  grant: (await world.get(keys.grant('grant_1'))).state,
  meter: (await world.meter()).state,
})

describe('a stop', () => {
  test.each([
    ['120 grants that ended long ago', 'expired', 120],
    ['50 that are active', 'active', 50],
  ] as const)('takes one transaction, also of a partner with %s', async (_, state, many) => {
    for (let i = 0; i < many; i++) {
      await world.records.grant({ id: `grant_x${i}`, state, meters: [`meter_x${i}`] })
      await world.records.meter(`meter_x${i}`, state === 'expired' ? { state: 'closed' } : {})
    }
    expect(told(await world.decide('nora', 'partner.suspend', 'cedar'))).toBe('applied')
  })

  test('sees a mission that came to hang on a grant while it was being decided', async () => {
    const waiting = proposed(
      await world.decide('nora', 'grant.continuity', 'grant_1', { mission_continuity: true }),
    )
    const deps = meanwhile(async () => applied(await world.answer('dana', 'approve', waiting)))
    const action = { name: 'partner.suspend', id: 'cedar', params: {} } as const
    applied(await decide(deps, await world.actor('neil'), { action, reason, request: 'r' }))
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ continues: ['grant_1'] })
    expect(await standings()).toEqual({ partner: 'suspended', grant: 'active', meter: 'open' })
  })

  test('that has ended leaves no proposal behind that could still stop something', async () => {
    await world.records.grant({ missionContinuity: true })
    const stopped = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const left = 'proposals' in stopped ? (stopped.proposals[0]?.id ?? '') : ''
    const back = proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    applied(await world.answer('dana', 'approve', back))
    expect(told(await world.answer('dana', 'approve', left))).toBe('proposal_stale')
    expect(await standings()).toEqual({ partner: 'active', grant: 'active', meter: 'open' })
  })
})

describe('a meter stays closed under a stop that comes at the same moment as', () => {
  test('the reinstatement of its grant', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    const proposal = proposed(await world.decide('nora', 'grant.reinstate', 'grant_1'))
    const deps = meanwhile(async () => applied(await world.decide('devon', 'partner.suspend', 'cedar')))
    applied(await approve(deps, await world.actor('dana'), { proposal, rev: 1, request: 'r' }))
    expect(await standings()).toEqual({ partner: 'suspended', grant: 'active', meter: 'closed' })
  })

  test('the reinstatement of its partner', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const proposal = proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    const deps = meanwhile(async () => applied(await world.decide('devon', 'grant.suspend', 'grant_1')))
    applied(await approve(deps, await world.actor('dana'), { proposal, rev: 1, request: 'r' }))
    expect(await standings()).toEqual({ partner: 'active', grant: 'suspended', meter: 'closed' })
  })

  test('the release of its model', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    const deps = meanwhile(async () => applied(await world.decide('devon', 'partner.suspend', 'cedar')))
    const action = { name: 'model.release', id: 'aurora', params: {} } as const
    applied(await decide(deps, await world.actor('dana'), { action, reason, request: 'r' }))
    expect(await standings()).toEqual({ partner: 'suspended', grant: 'active', meter: 'closed' })
  })
})

test('a release leaves no grant behind whose suspension it ends while its partner is being suspended', async () => {
  await world.records.agreement({ consentedAt: start, state: 'draft' })
  applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
  const deps = meanwhile(async () => applied(await world.decide('nora', 'partner.suspend', 'cedar')))
  const action = { name: 'model.release', id: 'aurora', params: {} } as const
  applied(await decide(deps, await world.actor('dana'), { action, reason, request: 'r' }))
  expect(await world.get(keys.organisation('cedar'))).toMatchObject({ continues: ['grant_1'] })
})

test('a release is not held up by a stop of its partner that the government makes at the same moment', async () => {
  const deps = meanwhile(async () => applied(await world.decide('nora', 'partner.suspend', 'cedar')))
  const action = { name: 'model.release', id: 'aurora', params: {} } as const
  applied(await decide(deps, await world.actor('dana'), { action, reason, request: 'r' }))
  expect(await standings()).toEqual({ partner: 'suspended', grant: 'active', meter: 'open' })
  expect(await world.get(keys.organisation('cedar'))).toMatchObject({ continues: ['grant_1'] })
})

describe('a signature fills no seat once its signer', () => {
  test.each([
    ['was suspended', 'person.suspend'],
    ['was removed', 'person.remove'],
  ] as const)('%s', async (_, stop) => {
    const proposal = proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))
    applied(await world.decide('neil', stop, 'nora'))
    expect(told(await world.answer('olga', 'approve', proposal))).toBe('open')
    expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
  })
})

describe('whom a hold hits', () => {
  test('does not attest another nationality to get out of it', async () => {
    await client({ attributes: french })
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { nationality: 'FR' } }))
    const away = { nationality: null }
    expect(told(await world.decide('pat', 'client.attributes', 'client_1', away))).toBe('hold_active')
  })

  test('is named only to those who see them', async () => {
    await client({ attributes: french })
    await client({ id: 'client_2', name: 'nobody vouches for it' })
    const action = { name: 'hold.place', id: 'hold_x', params: { scope: { nationality: 'FR' } } } as const
    const shown = await preview(world.deps, await world.actor('zoe'), { action, reason, request: 'r' })
    expect(shown).toMatchObject({ effects: { clients: [], clientCount: 1 } })
    expect(JSON.stringify(shown)).not.toContain('client_')
  })

  test('is not hit again by a hold that has lapsed', async () => {
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'cedar' } }))
    world.pass(15 * day)
    expect(told(await world.decide('dana', 'hold.concur', 'hold_1'))).toBe('state_forbids')
  })
})

test('a partner does not make its own revocation stale', async () => {
  const proposal = proposed(await world.decide('nora', 'partner.revoke', 'cedar'))
  const webhook = { register: 'webhook_1', url: 'https://hooks.example/' }
  applied(await world.decide('pat', 'organisation.webhooks', 'cedar', webhook))
  expect(told(await world.answer('dana', 'approve', proposal))).toBe('applied')
})

test('a developer does not take a credential that stands in no record now', async () => {
  const upstreams = { openai: { url: 'https://zephyr.example/v1', credential: 'spare', model: 'm' } }
  const tokens = { overhead: { request: 1, message: 1, tool: 1 }, hidden_output: false }
  const model = {
    name: 'U',
    developer: 'zephyr',
    government: 'ofr',
    agreement: 'agreement_z',
    tokens,
    upstreams,
  }
  await world.records.agreement({
    id: 'agreement_z',
    kind: 'engagement',
    developer: 'zephyr',
    counterparty: 'ofr',
    models: ['ulysses'],
  })
  expect(told(await world.decide('zoe', 'model.engage', 'ulysses', model))).toBe('record_unknown upstreams')
})

test('a person whose sponsor did not confirm is not reinstated to be suspended by the next sweep', async () => {
  const sponsor = { person: 'pat', confirmedUntil: start + day }
  const change = { set: [[['sponsor'], sponsor]] } as const
  await world.store.write({ kind: 'update', key: keys.person('uma'), change })
  world.pass(2 * day)
  await lapse(world.deps)
  expect((await world.get(keys.person('uma'))).state).toBe('suspended')
  expect(told(await world.decide('pat', 'person.reinstate', 'uma'))).toBe('state_forbids')
})

test('whoever withdraws without a word is not given those with which they proposed', async () => {
  const proposal = proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))
  const { entry } = applied(await world.answer('nora', 'withdraw', proposal)) as { readonly entry: string }
  const told = await world.entry(entry)
  expect(told).toMatchObject({ decision: 'withdrawn' })
  expect(told).not.toHaveProperty('reason')
})

test('whoever approves is not given the words of the proposer as their own', async () => {
  const proposal = proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))
  const { entry } = applied(await world.answer('dana', 'approve', proposal)) as { readonly entry: string }
  expect(await world.entry(entry)).toMatchObject({ decision: 'applied', words_of: { person: 'nora' } })
})
