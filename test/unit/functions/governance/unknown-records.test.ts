/** Whoever does not see a record hears the same of it as of one that there is not, with the same next step. */
import { beforeEach, expect, test } from 'vitest'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { type GrantWorld, grantWorld } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
  await world.records.model({ id: 'cirrus', developer: 'halcyon', governments: ['ofr'], state: 'engaged' })
})

const factsOf = async (model: string): Promise<unknown> => {
  const answer = await world.call('rita', 'killModel', { path: { model }, body: {} })
  return answer instanceof Refusal && JSON.parse(JSON.stringify(answer).replaceAll(model, '<id>'))
}

test('of a model', async () => {
  const unseen = await factsOf('cirrus')
  expect(unseen).toMatchObject({
    code: 'record_unknown',
    facts: { next: expect.stringContaining('model list') },
  })
  expect(unseen).toEqual(await factsOf('nowhere'))
})
