/** An office reads of a finding what was handed to it: what its own consultants say of one is no way around that. */
import { beforeEach, expect, test } from 'vitest'
import type { Finding } from '../../../../shared/domain/findings.ts'
import { type Governed, keys, listed } from '../../../../shared/domain/keys.ts'
import { type ConsultationWorld, consultationWorld } from './consultation-world.ts'
import { applied, start } from './grant-world.ts'

let world: ConsultationWorld
beforeEach(async () => {
  world = await consultationWorld()
  await world.records.model({ sharedWith: ['ofr'] })
})

/** An incident, which has no embargo, and which the developer has shown to consultants of the office. */
async function finding(change: Partial<Finding> = {}): Promise<void> {
  const one: Finding = {
    id: 'finding_1',
    kind: 'incident',
    organisation: 'cedar',
    model: 'aurora',
    developer: 'halcyon',
    governments: ['ofr'],
    severity: 'high',
    title: 'made up',
    text: 'made up',
    salt: 'c2l4dGVlbiByYW5kb20gYg',
    state: 'reported',
    discoveredAt: start,
    reportedAt: start,
    by: {
      person: 'pat',
      name: 'pat',
      organisation: 'cedar',
      role: 'partner-admin',
      at: start,
      authTime: start,
    },
    entry: 'e',
    handedTo: [],
    sharedWith: ['ofr'],
    ...change,
  }
  const item: Governed<Finding> = { ...one, rev: 1, ...listed('finding', one.organisation, one.id) }
  await world.store.write({ kind: 'put', key: keys.finding(one.id), item })
}

const model = { model: 'aurora' }
const opinions = (who: string) => world.items(who, 'listOpinions', { path: model })

test('an administrator of the same office reads it once the finding was handed over, and not before', async () => {
  await finding()
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
  await finding({ handedTo: ['ofr'] })
  expect(await opinions('nora')).toHaveLength(1)
})
