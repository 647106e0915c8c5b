/** Appeals that outsiders once saw or upheld, that were once about their own answer, or that many parties once made fail. */
import { beforeEach, describe, expect, test } from 'vitest'
import { appealFacts } from '../../../../functions/governance/appeals/appeals.ts'
import { appealId } from '../../../../functions/governance/appeals/once.ts'
import { viewerOf } from '../../../../functions/governance/engine/sight.ts'
import { holdFacts } from '../../../../functions/governance/holds/holds.ts'
import { placeEmergencyHold } from '../../../../scripts/emergency-holds.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { sees } from '../../../../shared/domain/who-sees.ts'
import { applied, day, proposed, reason, start, told } from './grant-world.ts'
import { french, type HitWorld, hitWorld } from './hit-world.ts'

let world: HitWorld
beforeEach(async () => {
  world = await hitWorld()
})

/** Developer and government: the developer opens it as the API does. */
async function upholding(entry: string) {
  const path = { appeal: appealId(entry, 'cedar') }
  const opened = await world.onAppeal('dana', 'upholdAppeal', { path, rev: 1, body: { reason } })
  return opened as { readonly difference: readonly object[]; readonly proposal: { readonly id: string } }
}

describe('the appeal of a hold by nationality, which is everybody’s', () => {
  let path: { readonly appeal: string }
  beforeEach(async () => {
    await world.client('client_1')
    await world.client('client_2', 'prairie')
    await world.person('uma', { attributes: french })
    const entry = await world.placed({ nationality: 'FR' })
    applied(await world.appeal('pat', entry))
    path = { appeal: appealId(entry, 'cedar') }
  })

  test.each([
    ['zoe', 'zephyr'],
    ['elsa', 'elsewhere'],
  ])('is not there for %s, of %s, which has nothing to do with the partner', async (who, organisation) => {
    expect(await world.onAppeal(who, 'getAppeal', { path })).toBe('record_unknown')
    expect((await world.notices(organisation)).join('\n')).not.toContain('Cedar')
  })

  test.each(['zoe', 'elsa'])('is not upheld by %s, who would lift what another office placed', async who => {
    const asked = { path, rev: 1, body: { reason } }
    expect(await world.onAppeal(who, 'upholdAppeal', asked)).toBe('record_unknown')
    expect(told(await world.decide(who, 'appeal.uphold', path.appeal))).toBe('record_unknown')
    expect(await world.get(keys.hold('hold_1'))).toMatchObject({ state: 'active' })
  })

  test.each(['dana', 'nora'])('is there for %s, who selects the partner and is told', async who => {
    expect(await world.onAppeal(who, 'getAppeal', { path })).toMatchObject({ state: 'open' })
    const { organisation } = await world.actor(who)
    expect((await world.notices(organisation.id)).join('\n')).toContain('Cedar')
  })
})

test('an auditor sees the appeal of a hold that they see', async () => {
  await world.client('client_1')
  const appeal = applied(await world.appeal('pat', await world.placed({ organisation: 'cedar' })))
  const audrey = viewerOf(await world.actor('audrey'))
  expect(sees(audrey, holdFacts(await world.get(keys.hold('hold_1'))))).toBe('whole')
  expect(sees(audrey, appealFacts(appeal))).toBe('whole')
})

test('a hold is placed, appealed, upheld and lifted, however many develop, govern and are hit', async () => {
  const kinds = ['developer', 'government'] as const
  for (let i = 0; i < 45; i++)
    await world.records.organisation({
      id: `decides-${i}`,
      name: `D${i}`,
      kind: kinds[i % 2] ?? 'developer',
      state: 'active',
    })
  for (let i = 0; i < 70; i++) {
    await world.partner(`partner-${i}`)
    await world.client(`client_p${i}`, `partner-${i}`)
  }
  await world.client('client_1')
  const scope = { nationality: 'FR' }

  const entry = await world.placed(scope)
  applied(await world.appeal('pat', entry))
  const { proposal } = await upholding(entry)
  expect(told(await world.answer('nora', 'approve', proposal.id))).toBe('applied')
  expect(await world.get(keys.hold('hold_1'))).toMatchObject({ state: 'lifted' })
  expect((await world.notices('cedar')).at(-1)).toContain('appeal')

  await world.placed(scope, 'hold_2')
  expect(told(await world.decide('nora', 'hold.lift', 'hold_2'))).toBe('applied')

  const emergency = applied(await placeEmergencyHold(world.deps, { scope, reason, operator: 'root' }))
  expect(await world.get(keys.hold(emergency.hold))).toMatchObject({ state: 'active' })
})

describe('there is no appeal about what was declined', () => {
  test('where that was the answer to an appeal: it is answered once', async () => {
    const { entry } = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    applied(await world.appeal('pat', entry))
    const { proposal } = await upholding(entry)
    const declined = applied(await world.answer('nora', 'decline', proposal.id))
    expect((await world.notices('cedar')).join('\n')).not.toContain(`partner appeal ${declined.entry}`)
    expect(told(await world.appeal('pat', declined.entry))).toBe('state_forbids entry')
  })

  test('where it would have taken something away', async () => {
    const id = proposed(await world.decide('dana', 'partner.revoke', 'cedar'))
    const { entry } = applied(await world.answer('nora', 'decline', id))
    expect((await world.notices('cedar')).join('\n')).not.toContain('can appeal')
    expect(told(await world.appeal('pat', entry))).toBe('state_forbids entry')
  })
})

test('who upheld before the sponsor’s confirmation lapsed has not signed that it begins anew', async () => {
  const sponsor = { person: 'uma', confirmedUntil: start + day }
  await world.client('client_1', 'cedar', { sponsor })
  const { entry } = applied(await world.decide('nora', 'client.suspend', 'client_1'))
  applied(await world.appeal('pat', entry))
  const early = await upholding(entry)
  expect(JSON.stringify(early.difference)).not.toContain('anew')
  world.pass(day + 1)
  expect(told(await world.answer('nora', 'approve', early.proposal.id))).toBe('proposal_stale')
  expect(await world.get(keys.client('client_1'))).toMatchObject({ state: 'suspended', sponsor })
})

test('no confirmation begins anew in the name of a sponsor who has no role left', async () => {
  const sponsor = { person: 'uma', confirmedUntil: start + day }
  await world.client('client_1', 'cedar', { sponsor })
  const { entry } = applied(await world.decide('nora', 'client.suspend', 'client_1'))
  applied(await world.appeal('pat', entry))
  await world.person('uma', { roles: [] })
  world.pass(day + 1)
  const { difference, proposal } = await upholding(entry)
  expect(JSON.stringify(difference)).not.toContain('anew')
  expect(told(await world.answer('nora', 'approve', proposal.id))).toBe('applied')
  expect(await world.get(keys.client('client_1'))).toMatchObject({ state: 'suspended', sponsor })
})
