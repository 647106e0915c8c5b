/** By what an office once learnt that there is a finding, before it was handed over. */
import { expect, test } from 'vitest'
import { indexes } from '../../../../shared/domain/keys.ts'
import { type FindingWorld, findingWorld } from './finding-world.ts'
import { applied } from './grant-world.ts'

/** What those who act for an organisation find in its inbox, and its webhooks are sent. */
async function inbox({ store }: FindingWorld, organisation: string): Promise<string> {
  const range = { index: indexes.byOwner, partition: organisation, from: 'notice#', to: 'notice$' }
  const { keys: found } = await store.query({ ...range, order: 'asc', limit: 100 })
  return JSON.stringify(await store.get(found))
}

test('shared with the consultants of an office, it is not told to the office, which does not see it', async () => {
  const world = await findingWorld()
  const id = await world.report('pat')
  const share = (rev: number, body: object) => world.call('dana', 'shareFinding', { finding: id, rev, body })
  for (const organisation of ['elsewhere', 'ofr']) {
    applied(await share((await world.finding(id)).rev, { organisation }))
    expect(await world.shown(organisation === 'ofr' ? 'nora' : 'elsa', id)).toBeUndefined()
    expect(await world.shown(organisation === 'ofr' ? 'conny' : 'hugo', id)).toMatchObject({
      id,
      withheld: true,
    })
    applied(await share((await world.finding(id)).rev, { organisation, shared: false }))
    expect(await inbox(world, organisation)).not.toContain(id)
  }
})

test('resolved, late, or with its embargo over, it is told to no office that it was not handed to', async () => {
  const world = await findingWorld()
  const id = await world.report('pat')
  applied(await world.call('dana', 'resolveFinding', { finding: id, rev: 1, body: { text: 'Mended.' } }))
  const { lapse } = await import('../../../../functions/sweeper/run.ts')
  for (let i = 0; i < 40; i++) {
    world.pass(86_400_000)
    await lapse(world.deps)
  }
  for (const organisation of ['ofr', 'elsewhere', 'prairie', 'auditors'])
    expect(await inbox(world, organisation)).not.toContain(id)
  expect(await inbox(world, 'halcyon')).toContain(id)
})
