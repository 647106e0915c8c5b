/** Who is given access to a released model is its developer's decision alone. */
import { beforeEach, expect, test } from 'vitest'
import { keys } from '../../../../shared/domain/keys.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, start, told } from './grant-world.ts'

const asked = {
  organisation: 'cedar',
  model: 'borealis',
  agreement: 'agreement_1',
  limits: { total: 1_000, per_day: 1_000, rpm: 60, burst: 10, streams: 2 },
  expires_at: new Date(start + 30 * day).toISOString(),
}

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const ask = (who: string) => world.decide(who, 'grant.activate', 'grant_new', asked)

test('before the release developer and office grant it together', async () => {
  const id = proposed(await ask('dana'))
  expect(told(await world.answer('devon', 'approve', id))).toBe('approval_required')
  expect(told(await world.answer('nora', 'approve', id))).toBe('applied')
})

test('after it one developer-admin grants it, with its meter', async () => {
  await world.records.model({ id: 'borealis', name: 'Borealis', state: 'released' })
  expect(applied(await ask('dana'))).toMatchObject({ step: 'applied' })
  expect(await world.get(keys.grant('grant_new'))).toMatchObject({ state: 'active', model: 'borealis' })
  expect(await world.meter('meter_new')).toMatchObject({ state: 'open', remaining: 1_000 })
})

test('after it an office has no part in it', async () => {
  await world.records.model({ id: 'borealis', name: 'Borealis', state: 'released' })
  expect(told(await ask('nora'))).toBe('role_missing')
})

test('what a partner has asked for before the release, the developer grants alone after it', async () => {
  const id = proposed(await ask('pat'))
  await world.records.model({ id: 'borealis', name: 'Borealis', state: 'released' })
  expect(told(await world.answer('nora', 'approve', id))).toBe('role_missing')
  expect(told(await world.answer('dana', 'approve', id))).toBe('applied')
})
