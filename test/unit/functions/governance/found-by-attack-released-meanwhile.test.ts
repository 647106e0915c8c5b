/** Two of an office who began before the release finish nothing after it that stops the released model. */
import { beforeEach, expect, test } from 'vitest'
import { keys } from '../../../../shared/domain/keys.ts'
import type { ActionName } from '../../../../shared/domain/who-decides.ts'
import { applied, type GrantWorld, grantWorld, proposed, told } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const stops: readonly (readonly [ActionName, string])[] = [
  ['partner.revoke', 'cedar'],
  ['grant.revoke', 'grant_1'],
  ['agreement.terminate', 'agreement_1'],
]

test.each(stops)('%s', async (name, id) => {
  await world.records.agreement({ governments: ['ofr'] })
  const proposal = proposed(await world.decide('nora', name, id))
  applied(await world.decide('dana', 'model.release', 'aurora'))
  expect(told(await world.answer('neil', 'approve', proposal))).not.toBe('applied')
  expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
  expect((await world.get(keys.agreement('agreement_1'))).state).toBe('effective')
  expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'active' })
  expect((await world.meter()).state).toBe('open')
})

test('grant.suspend of a mission that went on, which the suspension of its partner left to two', async () => {
  await world.records.grant({ missionContinuity: true })
  const decided = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
  const [left] = decided.step === 'applied' ? decided.proposals : []
  if (left === undefined) throw new Error('nothing was left to two')
  applied(await world.decide('dana', 'model.release', 'aurora'))
  expect(told(await world.answer('neil', 'approve', left.id))).not.toBe('applied')
  expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
  expect((await world.meter()).state).toBe('open')
})
