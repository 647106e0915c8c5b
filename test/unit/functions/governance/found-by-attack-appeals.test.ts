/** What an appeal that was upheld once gave back beyond the decision, or for a moment only; what was ratified after its end. */
import { beforeEach, describe, expect, test } from 'vitest'
import { clientOperations } from '../../../../functions/api/operations/clients.ts'
import { grantOperations } from '../../../../functions/api/operations/grants.ts'
import { holdOperations } from '../../../../functions/api/operations/holds.ts'
import { partnerOperations } from '../../../../functions/api/operations/partners.ts'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { restoration } from '../../../../functions/governance/appeals/upheld.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { applied, day, type GrantWorld, grantWorld, proposed, told } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const lodged = async (entry: string) =>
  applied(await lodge(world.deps, await world.actor('pat'), { entry, text: 'It was not us.', request: 'r' }))

/** Lodged by the partner, upheld by office and developer. */
async function upheld(entry: string) {
  const appeal = await lodged(entry)
  const { version } = await restoration(world.store, appeal, world.now())
  const id = proposed(await world.decide('nora', 'appeal.uphold', appeal.id, { version }))
  return told(await world.answer('dana', 'approve', id))
}

describe('an appeal that is upheld', () => {
  test('about a grant opens no meter while the partner itself is suspended', async () => {
    const { entry } = applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    applied(await world.decide('dana', 'partner.suspend', 'cedar'))
    expect(await upheld(entry)).toBe('applied')
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'suspended' })
    const grant = await world.get(keys.grant('grant_1'))
    expect([grant.state, grant.stop]).toEqual(['active', undefined])
    expect((await world.meter()).state).toBe('closed')

    // It opens with the partner, whose suspension was all that was left.
    const back = proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    expect(told(await world.answer('dana', 'approve', back))).toBe('applied')
    expect((await world.meter()).state).toBe('open')
  })

  test('about a partner opens no meter of a grant that is suspended itself', async () => {
    const { entry } = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    applied(await world.decide('dana', 'grant.suspend', 'grant_1'))
    expect(await upheld(entry)).toBe('applied')
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'active' })
    expect((await world.get(keys.grant('grant_1'))).state).toBe('suspended')
    expect((await world.meter()).state).toBe('closed')
  })

  test('about a client counts its days without a use anew: the next sweep does not suspend it again', async () => {
    await world.records.client()
    world.pass(30 * day)
    const { entry } = applied(await world.decide('nora', 'client.suspend', 'client_1'))
    world.pass(8 * day)
    expect(await upheld(entry)).toBe('applied')
    await lapse(world.deps)
    const after = await world.get(keys.client('client_1'))
    expect([after.state, after.stop]).toEqual(['active', undefined])

    // The days do count: 35 whole ones later it is suspended as any other.
    world.pass(37 * day)
    await lapse(world.deps)
    expect((await world.get(keys.client('client_1'))).state).toBe('suspended')
  })
})

describe('nobody ratifies a stop that has ended:', () => {
  const operations = [...clientOperations, ...grantOperations, ...holdOperations, ...partnerOperations]

  /** On the version that stands, as the router calls it. */
  async function ratify(who: string, id: string, path: Record<string, string>, rev: number) {
    const operation = operations.find(one => one.id === id)
    if (operation === undefined) throw new Error(`no operation ${id}`)
    const answer = await operation.answer({
      deps: world.deps as never,
      caller: await world.caller(who),
      path,
      query: undefined,
      body: undefined,
      request: 'r',
      rev,
    })
    return answer instanceof Refusal ? told(answer) : answer.status
  }

  test('of a hold, once it was lifted', async () => {
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'cedar' } }))
    applied(await world.decide('nora', 'hold.lift', 'hold_1'))
    const before = await world.get(keys.hold('hold_1'))
    expect(await ratify('neil', 'ratifyHold', { hold: 'hold_1' }, before.rev)).toBe('state_forbids')
    expect(await world.get(keys.hold('hold_1'))).toEqual(before)
    expect((await world.get(keys.standing)).holds).toEqual({})
  })

  test('of a grant, once it was revoked', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    applied(
      await world.answer('dana', 'approve', proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))),
    )
    const before = await world.get(keys.grant('grant_1'))
    const answered = await ratify('neil', 'ratifyGrantSuspension', { grant: 'grant_1' }, before.rev)
    expect([before.state, answered]).toEqual(['revoked', 'state_forbids'])
    expect(await world.get(keys.grant('grant_1'))).toEqual(before)
  })

  test('of a partner, once it was revoked', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    applied(
      await world.answer('dana', 'approve', proposed(await world.decide('nora', 'partner.revoke', 'cedar'))),
    )
    const before = await world.get(keys.organisation('cedar'))
    expect(before).toMatchObject({ partner: 'revoked' })
    const answered = await ratify('neil', 'ratifyPartnerSuspension', { partner: 'cedar' }, before.rev)
    expect(answered).toBe('state_forbids')
    expect(await world.get(keys.organisation('cedar'))).toEqual(before)
  })

  test('of a client, once it was revoked', async () => {
    await world.records.client()
    applied(await world.decide('nora', 'client.suspend', 'client_1'))
    applied(await world.decide('pat', 'client.revoke', 'client_1'))
    const before = await world.get(keys.client('client_1'))
    const answered = await ratify('neil', 'ratifyClientStop', { client: 'client_1' }, before.rev)
    expect([before.state, answered]).toEqual(['revoked', 'state_forbids'])
    expect(await world.get(keys.client('client_1'))).toEqual(before)
  })

  test('while it stands, a second person does', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const { rev } = await world.get(keys.organisation('cedar'))
    expect(await ratify('neil', 'ratifyPartnerSuspension', { partner: 'cedar' }, rev)).toBe(200)
  })
})
