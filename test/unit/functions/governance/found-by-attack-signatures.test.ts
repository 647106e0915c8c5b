/** Proposals that an attack once carried through, or once stopped: who still counts as having signed, and what stays open. */
import { beforeEach, describe, expect, test } from 'vitest'
import { approve } from '../../../../functions/governance/engine/approve.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Person } from '../../../../shared/domain/parties.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, start, told } from './grant-world.ts'
import { preceded } from './preceded.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const nominee = () =>
  world.records.organisation({
    id: 'fjord',
    name: 'Fjord Ferries',
    kind: 'partner',
    state: 'active',
    partner: 'vetting',
    developers: ['halcyon'],
    governments: ['ofr'],
  })

/** The person as they are from now on, however that came about. */
async function becomes(who: string, change: Partial<Person>) {
  const before = await world.get(keys.person(who))
  const item = { ...before, ...change, rev: before.rev + 1 }
  await world.store.write({ kind: 'put', key: keys.person(who), item })
}

const proposal = (id: string) => world.get(keys.proposal(id))
const partnerOf = async (id: string) =>
  ((await world.get(keys.organisation(id))) as { readonly partner?: string }).partner

describe('a signature of somebody', () => {
  test.each([
    ['who was suspended since', { state: 'suspended' }],
    ['who was removed since', { state: 'removed', roles: [] }],
    ['who lost the role in which they signed', { roles: ['counsel'] }],
    ['who went to another organisation, in the same role', { organisation: 'elsewhere' }],
    ['whose sponsor did not confirm them', { sponsor: { person: 'neil', confirmedUntil: start } }],
  ] as const satisfies readonly (readonly [string, Partial<Person>])[])(
    '%s fills no seat: the partner is not selected by the developer alone',
    async (_, change) => {
      await nominee()
      const id = proposed(await world.decide('nora', 'partner.select', 'fjord'))
      await becomes('nora', change)
      expect(told(await world.answer('dana', 'approve', id))).toBe('open')
      expect(await partnerOf('fjord')).toBe('vetting')
      expect((await proposal(id)).ended).toBeUndefined()

      // Somebody who may fills the seat, and the log names those two who decided, and nobody else.
      const done = applied(await world.answer('neil', 'approve', id))
      expect(done.state).toBe('applied')
      expect(await partnerOf('fjord')).toBe('selected')
      const { signatures } = await world.entry(done.entry)
      expect((signatures as { person: string }[]).map(one => one.person)).toEqual(['dana', 'neil'])
    },
  )

  test('who is still who they were fills it: a role beside the one they signed in takes nothing away', async () => {
    await nominee()
    const id = proposed(await world.decide('nora', 'partner.select', 'fjord'))
    await becomes('nora', { roles: ['nsa-admin', 'counsel'] })
    expect(told(await world.answer('dana', 'approve', id))).toBe('applied')
    expect(await partnerOf('fjord')).toBe('selected')
  })

  test('who is removed between the judgement and the transaction fills no seat', async () => {
    const id = proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))
    const racing = preceded(world.store, async () =>
      applied(await world.decide('neil', 'person.remove', 'nora')),
    )
    const asked = { proposal: id, rev: 1, request: 'r' }
    const outcome = await approve({ ...world.deps, store: racing }, await world.actor('dana'), asked)
    expect(told(outcome)).toBe('open')
    expect((await world.get(keys.grant('grant_1'))).state).toBe('active')
    expect((await world.meter()).state).toBe('open')
  })
})

describe('the proposal to revoke a partner', () => {
  const hooks = [1, 2, 3].map(n => ({ register: `webhook_${n}`, url: 'https://hooks.example/' }))

  test('is not made stale by webhooks that its administrator registers and removes', async () => {
    const { rev } = await world.get(keys.organisation('cedar'))
    const id = proposed(await world.decide('nora', 'partner.revoke', 'cedar'))
    for (const hook of hooks)
      expect(await world.decide('pat', 'organisation.webhooks', 'cedar', hook)).toMatchObject({ rev })
    applied(await world.decide('pat', 'organisation.webhooks', 'cedar', { remove: 'webhook_2' }))
    const cedar = await world.get(keys.organisation('cedar'))
    expect(cedar.rev).toBe(rev)
    expect(Object.keys(cedar.webhooks ?? {})).toEqual(['webhook_1', 'webhook_3'])

    expect(told(await world.answer('dana', 'approve', id))).toBe('applied')
    expect(await partnerOf('cedar')).toBe('revoked')
    expect((await world.meter()).state).toBe('closed')
  })
})

test('though webhooks keep the version, of seven that are registered at once five stand, and no more', async () => {
  const register = (n: number) =>
    world.decide('pat', 'organisation.webhooks', 'cedar', {
      register: `webhook_${n}`,
      url: 'https://hooks.example/',
    })
  const outcomes = (await Promise.all([1, 2, 3, 4, 5, 6, 7].map(register))).map(told)
  expect(outcomes.toSorted()).toEqual([...Array(5).fill('applied'), 'state_forbids', 'state_forbids'])
  const { webhooks } = await world.get(keys.organisation('cedar'))
  expect(Object.keys(webhooks ?? {})).toHaveLength(5)
})

describe('the proposal that a partner’s suspension opened for its mission', () => {
  test('stops the grant while the suspension stands, with two people', async () => {
    await world.records.grant({ missionContinuity: true })
    const stopped = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const left = 'proposals' in stopped ? (stopped.proposals[0]?.id ?? '') : ''
    expect((await world.meter()).state).toBe('open')
    world.pass(day / 24)
    expect(told(await world.answer('dana', 'approve', left))).toBe('applied')
    expect((await world.get(keys.grant('grant_1'))).state).toBe('suspended')
    expect((await world.meter()).state).toBe('closed')
  })
})
