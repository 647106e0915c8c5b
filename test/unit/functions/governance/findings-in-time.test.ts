/** What time makes of a finding: it is told, and nothing of the record changes. */
import { describe, expect, test } from 'vitest'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { indexes, keys } from '../../../../shared/domain/keys.ts'
import type { Notice } from '../../../../shared/domain/notices.ts'
import type { Key } from '../../../../shared/ports/store.ts'
import { type FindingWorld, findingWorld, reportBody } from './finding-world.ts'
import { applied, day } from './grant-world.ts'

/** Whom a reminder was told, by its type. */
async function told({ store }: FindingWorld, type: string): Promise<readonly string[]> {
  const page = await store.query({ index: indexes.byRecord, partition: 'notice', order: 'asc', limit: 1000 })
  const notices = await store.get(page.keys as readonly Key<Notice>[])
  return notices.flatMap(one => (one?.type === type ? [one.organisation] : [])).toSorted()
}

describe('the end of an embargo', () => {
  test('is told a week ahead to reporter and developer, once, while nothing was handed off', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    world.pass(23 * day - 1)
    await lapse(world.deps)
    expect(await told(world, 'finding.embargo_ending')).toEqual([])
    world.pass(1)
    for (let i = 0; i < 3; i++) await lapse(world.deps)
    expect(await told(world, 'finding.embargo_ending')).toEqual(['cedar', 'halcyon'])
    expect((await world.finding(id)).rev).toBe(1)
  })

  test('that has come is not told as one that will', async () => {
    const world = await findingWorld()
    await world.report('pat')
    world.pass(30 * day)
    await lapse(world.deps)
    expect(await told(world, 'finding.embargo_ending')).toEqual([])
    expect(await told(world, 'finding.embargo_ended')).toEqual(['cedar', 'halcyon'])
  })

  test('is told in its second half, where it is short', async () => {
    const world = await findingWorld()
    await world.report('audrey', { embargo_days: 2 })
    world.pass(day - 1)
    await lapse(world.deps)
    expect(await told(world, 'finding.embargo_ending')).toEqual([])
    world.pass(1)
    await lapse(world.deps)
    expect(await told(world, 'finding.embargo_ending')).toEqual(['auditors', 'halcyon'])
  })

  test('is told when it comes, to the office too that was handed it, and never of an incident', async () => {
    const world = await findingWorld()
    const id = await world.report('pat')
    await world.report('pat', { kind: 'incident' })
    applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr' } }))
    world.pass(30 * day)
    for (let i = 0; i < 2; i++) await lapse(world.deps)
    expect(await told(world, 'finding.embargo_ended')).toEqual(['cedar', 'halcyon', 'ofr'])
    expect(await told(world, 'finding.embargo_ending')).toEqual([])
    expect(await world.everythingTold()).not.toContain(reportBody.title)
  })
})

test('a hand-off without a receipt for three days is told to all three, once', async () => {
  const world = await findingWorld()
  const id = await world.report('pat')
  applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr' } }))
  world.pass(3 * day - 1)
  await lapse(world.deps)
  expect(await told(world, 'finding.hand_off_overdue')).toEqual([])
  world.pass(1)
  for (let i = 0; i < 2; i++) await lapse(world.deps)
  expect(await told(world, 'finding.hand_off_overdue')).toEqual(['cedar', 'halcyon', 'ofr'])
  expect(await world.finding(id)).toMatchObject({ state: 'handed_off', due: 'hand_off', rev: 2 })
})

test('one that was received is overdue no more', async () => {
  const world = await findingWorld()
  const id = await world.report('pat')
  applied(await world.call('dana', 'handOffFinding', { finding: id, rev: 1, body: { to: 'ofr' } }))
  await world.store.write({ kind: 'update', key: keys.finding(id), change: { remove: [['due']] } })
  world.pass(4 * day)
  await lapse(world.deps)
  expect(await told(world, 'finding.hand_off_overdue')).toEqual([])
})
