/** An office reads of a finding what was handed to it: what its own consultants say of one is no way around that. */
import { beforeEach, expect, test } from 'vitest'
import { keys } from '../../../../shared/domain/keys.ts'
import { type ConsultationWorld, consultationWorld, putFinding } from './consultation-world.ts'
import { applied } from './grant-world.ts'

let world: ConsultationWorld
beforeEach(async () => {
  world = await consultationWorld()
  await world.records.model({ sharedWith: ['ofr'] })
})

/** An incident, which has no embargo, and which the developer has shown to consultants of the office. */
const model = { model: 'aurora' }
const opinions = (who: string) => world.items(who, 'listOpinions', { path: model })

test('an administrator of the same office reads it once the finding was handed over, and not before', async () => {
  await putFinding(world)
  expect((await world.items('nora', 'listFindings')).length).toBe(0)
  const { body } = applied(
    await world.call('tess', 'attachOpinion', {
      path: model,
      body: { text: 'What they found at Cedar: made up.', finding: 'finding_1' },
    }),
  ) as { body: { entry: string } }
  expect(await opinions('tess')).toHaveLength(1)
  expect(await opinions('dana')).toHaveLength(1)
  expect(await opinions('nora')).toEqual([])
  const notices = await world.items('nora', 'listNotices')
  expect(JSON.stringify(notices)).not.toContain('finding')
  // The office reads in the log that its consultant said something of the model.
  expect(await world.call('nora', 'getEntry', { path: { eid: body.entry } })).toMatchObject({ status: 200 })
  expect((await world.get(keys.entry(body.entry))).body).not.toContain('finding')
  await putFinding(world, { handedTo: ['ofr'] })
  expect(await opinions('nora')).toHaveLength(1)
})
