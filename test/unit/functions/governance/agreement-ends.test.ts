/** How an agreement is stopped, ends, and is closed out; and that none of it holds up a developer's model. */
import { beforeEach, describe, expect, test } from 'vitest'
import { agreementShown } from '../../../../functions/api/shapes/agreement.ts'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { restoration } from '../../../../functions/governance/appeals/upheld.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Agreement } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { time } from '../../../../shared/domain/time.ts'
import {
  type AgreementWorld,
  accessBody,
  agreementWorld,
  clausesWith,
  engagementBody,
  words,
} from './agreement-world.ts'
import { applied, day, limits, proposed, start, told } from './grant-world.ts'
import { preceded } from './preceded.ts'

let world: AgreementWorld
beforeEach(async () => {
  world = await agreementWorld()
})

const stateOf = async (id: string) => (await world.agreementOf(id)).state
const shownTo = async (who: string, agreement: string) => {
  const { body } = applied(await world.call(who, 'getAgreement', { path: { agreement } }))
  return agreementShown.parse(body)
}
const meterState = async (id: string) => (await world.meter(id)).state
/** Two sign it. */
async function both(one: string, verb: string, other: string, id: string): Promise<unknown> {
  const { body } = applied(await world.act(one, verb, id))
  const { proposal } = body as { proposal: { id: string } }
  return told(await world.answer(other, 'approve', proposal.id))
}
const withdrawn = (model: string, state = 'released') =>
  world.store.write({ kind: 'update', key: keys.model(model), change: { set: [[['state'], state]] } })

describe('an agreement is suspended', () => {
  test.each(['dana', 'nora'])(
    'by %s alone and at once, with the grants under it and no others',
    async who => {
      const id = await world.inForce()
      await world.granted(id, 'a')
      await world.granted('agreement_1', 'b')
      const answer = await world.act(who, 'suspend', id)
      expect(await stateOf(id)).toBe('suspended')
      expect([await meterState('meter_a'), await meterState('meter_b')]).toEqual(['closed', 'open'])
      const { digest, stop } = await world.agreementOf(id)
      expect(stop?.by.person).toBe(who)
      expect(await world.entryOf(answer)).toMatchObject({ action: 'agreement.suspend', params: { digest } })
      expect((await shownTo('pat', id)).stop?.by.person).toBe(who)
    },
  )

  test('not by its partner, and not what is not in force', async () => {
    const id = await world.inForce()
    expect(told(await world.act('pat', 'suspend', id))).toBe('role_missing')
    const offered = await world.offered(accessBody({ title: 'Another', template: 'sample-access' }))
    expect(told(await world.act('dana', 'suspend', offered))).toBe('state_forbids')
  })

  test('a pool goes on: the agreement alone says no', async () => {
    const pool = { ...words(limits), total: 2_000_000 }
    const clauses = clausesWith({ ...words(limits), pool })
    const id = await world.inForce(accessBody({ clauses }))
    applied(await world.act('dana', 'suspend', id))
    expect(await meterState((await world.agreementOf(id)).pool ?? '')).toBe('open')
  })

  test('by no office where a model of it was released or withdrawn, and by its name', async () => {
    const id = await world.inForce(accessBody({ models: ['aurora', 'borealis'] }))
    for (const state of ['released', 'withdrawn']) {
      await withdrawn('borealis', state)
      const refused = await world.act('nora', 'suspend', id)
      expect(refused instanceof Refusal && refused.facts.detail).toMatch(new RegExp(`^Borealis is ${state}`))
    }
    applied(await world.act('dana', 'suspend', id))
    expect(await stateOf(id)).toBe('suspended')
    expect(told(await world.act('nora', 'reinstate', id))).toBe('role_missing')
    applied(await world.act('dana', 'resume', id))
    expect(await stateOf(id)).toBe('effective')
  })

  test('an office’s stop raises the version of the models, so that a release at the same moment sees it', async () => {
    const id = await world.inForce()
    const { rev } = await world.get(keys.model('aurora'))
    applied(await world.act('nora', 'suspend', id))
    expect((await world.get(keys.model('aurora'))).rev).toBe(rev + 1)
    applied(await world.act('devon', 'terminate', await world.inForce(engagementBody(), ['dana', 'nora'])))
    expect((await world.get(keys.model('aurora'))).rev).toBe(rev + 1)
  })

  test('a mission on a grant under it takes two people, or break-glass', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a', limits, { grant: { missionContinuity: true } })
    const asked = applied(await world.act('nora', 'suspend', id))
    expect(asked.status).toBe(202)
    expect(await stateOf(id)).toBe('effective')
    const { proposal } = asked.body as { proposal: { id: string } }
    expect(told(await world.answer('dana', 'approve', proposal.id))).toBe('applied')
    const { stop } = await world.agreementOf(id)
    expect([stop?.by.organisation, stop?.ratified?.organisation]).toEqual(['halcyon', 'ofr'])
    const other = await world.inForce(accessBody({ models: ['borealis'] }))
    await world.granted(other, 'b', limits, { grant: { missionContinuity: true, model: 'borealis' } })
    applied(await world.act('nora', 'suspend', other, { break_glass: true }))
    expect(await stateOf(other)).toBe('suspended')
  })

  test('a grant that is activated at the same moment has its meter closed too', async () => {
    const id = await world.inForce()
    const store = preceded(world.store, async () => {
      await world.granted(id, 'late')
      await world.store.write({
        kind: 'update',
        key: keys.organisation('cedar'),
        change: { add: [[['granted'], 1]] },
      })
    })
    const before = world.deps.store
    Object.assign(world.deps, { store })
    applied(await world.act('nora', 'suspend', id))
    Object.assign(world.deps, { store: before })
    expect(await meterState('meter_late')).toBe('closed')
  })

  test('another stands by it; who put it in force does not', async () => {
    const id = await world.inForce()
    applied(await world.act('nora', 'suspend', id))
    const { rev } = await world.agreementOf(id)
    const ratify = (who: string) =>
      world.call(who, 'ratifyAgreementSuspension', { path: { agreement: id }, rev })
    expect(told(await ratify('nora'))).toBe('own_proposal')
    applied(await ratify('neil'))
    expect((await world.agreementOf(id)).stop?.ratified?.person).toBe('neil')
  })

  test('its dry run counts those who are stopped by it, and no others', async () => {
    await world.records.client()
    const hits = async (id: string) => {
      const { body } = applied(await world.act('dana', 'suspend', id, { dry_run: true }))
      const { effects } = body as { effects: { client_count: number; continues: { id: string }[] } }
      return [effects.client_count, effects.continues.map(one => one.id)]
    }
    const id = await world.inForce(accessBody({ models: ['aurora', 'borealis'] }))
    // The client calls under another agreement alone.
    expect(await hits(id)).toEqual([0, []])
    await world.granted(id, 'a', limits, { grant: { model: 'borealis' } })
    expect(await hits(id)).toEqual([1, []])
    await world.granted(id, 'b')
    expect(await hits(id)).toEqual([1, ['grant_1']])
  })
})

describe('it goes on', () => {
  test('by developer and government together, with the meters of grants that are active', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a')
    await world.granted(id, 'b', limits, { grant: { state: 'suspended' } })
    applied(await world.act('nora', 'suspend', id))
    expect(await both('dana', 'reinstate', 'nora', id)).toBe('applied')
    const { state, stop } = await world.agreementOf(id)
    expect([state, stop]).toEqual(['effective', undefined])
    expect([await meterState('meter_a'), await meterState('meter_b')]).toEqual(['open', 'closed'])
  })

  test('the last signature’s entry names the digest', async () => {
    const id = await world.inForce()
    applied(await world.act('nora', 'suspend', id))
    const { body } = applied(await world.act('nora', 'reinstate', id))
    const { proposal } = body as { proposal: { id: string } }
    const done = applied(await world.answer('dana', 'approve', proposal.id))
    const { digest } = await world.agreementOf(id)
    expect(await world.entry(done.entry)).toMatchObject({ action: 'agreement.reinstate', params: { digest } })
  })

  test('what its developer stopped alone, by its developer alone', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a')
    applied(await world.act('dana', 'suspend', id))
    expect(told(await world.act('nora', 'resume', id))).toBe('role_missing')
    expect(told(await world.act('nora', 'reinstate', id))).toBe('role_missing')
    applied(await world.act('devon', 'resume', id))
    expect([await stateOf(id), await meterState('meter_a')]).toEqual(['effective', 'open'])
  })

  test('what the office has a part in, not by its developer alone', async () => {
    const id = await world.inForce()
    applied(await world.act('nora', 'suspend', id))
    expect(told(await world.act('dana', 'resume', id))).toBe('role_missing')
    const own = await world.inForce(accessBody({ models: ['borealis'] }))
    applied(await world.act('dana', 'suspend', own))
    const { rev } = await world.agreementOf(own)
    applied(await world.call('nora', 'ratifyAgreementSuspension', { path: { agreement: own }, rev }))
    expect(told(await world.act('dana', 'resume', own))).toBe('role_missing')
  })

  test('the meters of a partner that is suspended itself stay closed', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a')
    applied(await world.act('dana', 'suspend', id))
    await world.store.write({
      kind: 'update',
      key: keys.organisation('cedar'),
      change: { set: [[['partner'], 'suspended']] },
    })
    applied(await world.act('dana', 'resume', id))
    expect(await meterState('meter_a')).toBe('closed')
  })

  test('where its partner appeals the suspension, and is upheld', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a')
    const { entry } = applied(await world.act('nora', 'suspend', id)).body as { entry: string }
    const lodged = await lodge(world.deps, await world.actor('pat'), { entry, text: 'Not us.', request: 'r' })
    const appeal = applied(lodged)
    const { version } = await restoration(world.store, appeal, world.now())
    const uphold = proposed(await world.decide('nora', 'appeal.uphold', appeal.id, { version }))
    expect(told(await world.answer('dana', 'approve', uphold))).toBe('applied')
    expect([await stateOf(id), await meterState('meter_a')]).toEqual(['effective', 'open'])
  })

  test('not after its term', async () => {
    const id = await world.inForce()
    applied(await world.act('dana', 'suspend', id))
    world.pass(101 * day)
    expect(told(await world.act('dana', 'resume', id))).toBe('state_forbids')
  })
})

describe('it ends before its time', () => {
  test('by two people, with the grants under it', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a')
    expect(applied(await world.act('nora', 'terminate', id)).status).toBe(202)
    expect(await stateOf(id)).toBe('effective')
    const again = await world.inForce(accessBody({ models: ['borealis'] }))
    await world.granted(again, 'b', limits, { grant: { model: 'borealis' } })
    expect(await both('nora', 'terminate', 'neil', again)).toBe('applied')
    const { state, ended, closeOut, stop } = await world.agreementOf(again)
    expect([state, ended?.how, closeOut?.dueAt, stop]).toEqual([
      'terminated',
      'terminated',
      start + 30 * day,
      undefined,
    ])
    expect(await meterState('meter_b')).toBe('closed')
  })

  test.each(['terminate', 'leave'])('its partner goes on its own, by %s', async verb => {
    const id = await world.inForce()
    await world.granted(id, 'a')
    expect(applied(await world.act('pat', verb, id)).status).toBe(200)
    expect([await stateOf(id), await meterState('meter_a')]).toEqual(['terminated', 'closed'])
    expect((await shownTo('dana', id)).ended).toMatchObject({ how: 'left', by: { person: 'pat' } })
    const { body } = applied(await world.call('dana', 'getGrant', { path: { grant: 'grant_a' } }))
    expect(body).toMatchObject({
      state: 'active',
      agreement_state: 'terminated',
      quota: [{ binding: 'agreement_not_effective' }],
    })
  })

  test.each([
    ['dana', 'terminate'],
    ['nora', 'terminate'],
    ['dana', 'leave'],
    ['nora', 'leave'],
  ])('of an engagement either side goes on its own: %s by %s', async (who, verb) => {
    const id = await world.inForce(engagementBody(), ['dana', 'nora'])
    applied(await world.act(who, verb, id))
    expect(await stateOf(id)).toBe('terminated')
  })

  test('of an access agreement neither its developer nor an office leaves alone', async () => {
    const id = await world.inForce(accessBody({ third_party: 'ofr' }), ['dana', 'nora', 'pat'])
    expect(told(await world.act('dana', 'leave', id))).toBe('role_missing')
    expect(told(await world.act('nora', 'leave', id))).toBe('role_missing')
    expect(told(await world.act('uma', 'leave', id))).toBe('role_missing')
  })

  test('of a model that was released, by its developer alone', async () => {
    const id = await world.inForce()
    await withdrawn('aurora')
    expect(told(await world.act('nora', 'terminate', id))).toBe('role_missing')
    expect(applied(await world.act('dana', 'terminate', id)).status).toBe(200)
  })

  test('a version to come goes with it', async () => {
    const id = await world.inForce()
    applied(await world.redraft('dana', id, { ends_at: time(start + 200 * day) }))
    applied(await world.act('dana', 'offer', id))
    applied(await world.act('pat', 'leave', id))
    expect((await world.agreementOf(id)).next).toBeUndefined()
    expect(told(await world.sign('pat', id))).toBe('state_forbids')
  })
})

describe('time makes of it what it says', () => {
  test('its term begins: recorded once, and everybody is told', async () => {
    const id = await world.offered(accessBody({ starts_at: time(start + day) }))
    applied(await world.sign('dana', id))
    applied(await world.sign('pat', id))
    world.pass(day)
    await Promise.all([lapse(world.deps), lapse(world.deps)])
    const { state, digest, rev } = await world.agreementOf(id)
    expect(state).toBe('effective')
    expect((await world.versionOf(digest)).effectiveAt).toBe(start + day)
    await lapse(world.deps)
    expect((await world.agreementOf(id)).rev).toBe(rev)
  })

  test.each(['effective', 'suspended'])('its term is over, from %s', async from => {
    const id = await world.inForce()
    await world.granted(id, 'a')
    if (from === 'suspended') applied(await world.act('nora', 'suspend', id))
    world.pass(100 * day)
    // Whoever asks does not wait for it to be recorded.
    expect((await shownTo('pat', id)).state).toBe('expired')
    expect((await shownTo('pat', id)).ended).toMatchObject({ how: 'expired', entry: null })
    await lapse(world.deps)
    const { state, ended, closeOut, stop } = await world.agreementOf(id)
    expect([state, ended?.how, ended?.at, closeOut?.dueAt, stop]).toEqual([
      'expired',
      'expired',
      start + 100 * day,
      start + 130 * day,
      undefined,
    ])
    expect(await meterState('meter_a')).toBe('closed')
    expect(await world.entry(ended?.entry ?? '')).toMatchObject({ decision: 'lapsed', subject: { id } })
    for (const organisation of ['halcyon', 'cedar', 'ofr'])
      expect(await world.has(keys.notice(`${ended?.entry}-${organisation}`))).toBe(true)
  })

  test('a draft and an offer are left alone', async () => {
    const ids = [await world.drafted(), await world.offered(accessBody({ models: ['borealis'] }))]
    world.pass(200 * day)
    await lapse(world.deps)
    expect([await stateOf(ids[0] ?? ''), await stateOf(ids[1] ?? '')]).toEqual(['draft', 'offered'])
  })

  test('a stop that nobody stands by in time is flagged', async () => {
    const id = await world.inForce()
    applied(await world.act('nora', 'suspend', id))
    world.pass(30 * day)
    await lapse(world.deps)
    expect((await world.agreementOf(id)).stop?.missed).toBe(true)
  })
})

describe('it is closed out', () => {
  const attest = (who: string, id: string, text = 'All copies are destroyed.') =>
    world.act(who, 'attest', id, { text })

  test('its counterparty attests the destruction, then its developer closes it', async () => {
    const id = await world.inForce()
    applied(await world.act('pat', 'leave', id))
    const early = await world.act('dana', 'close', id)
    expect(told(early)).toBe('state_forbids')
    expect(early instanceof Refusal && early.facts.next).toContain('attest')
    expect(told(await attest('dana', id))).toBe('role_missing')
    expect(told(await attest('nora', id))).toBe('role_missing')
    expect(told(await attest('pat', id, '(S//NF) done'))).toBe('classification_exceeded text')
    const entry = await world.entryOf(await attest('pat', id))
    const { state, digest, closeOut } = await world.agreementOf(id)
    expect([state, closeOut?.attested?.text, closeOut?.dueAt]).toEqual([
      'closing_out',
      'All copies are destroyed.',
      start + 30 * day,
    ])
    expect(entry.params).toMatchObject({ digest })
    expect(told(await world.act('pat', 'close', id))).toBe('role_missing')
    applied(await world.act('dana', 'close', id))
    expect(await stateOf(id)).toBe('closed')
    expect((await shownTo('pat', id)).close_out?.closed).toMatchObject({
      by: { person: 'dana' },
      at: time(world.now()),
    })
    expect(told(await attest('pat', id))).toBe('state_forbids')
  })

  test('without a clause on destruction nothing is owed', async () => {
    const clauses = clausesWith(undefined, { without: ['destruction'] })
    const id = await world.inForce(accessBody({ clauses }))
    applied(await world.act('pat', 'leave', id))
    expect((await world.agreementOf(id)).closeOut).toEqual({})
    applied(await world.act('dana', 'close', id))
  })

  test('not while it is in force', async () => {
    const id = await world.inForce()
    expect(told(await attest('pat', id))).toBe('state_forbids')
    expect(told(await world.act('dana', 'close', id))).toBe('state_forbids')
  })

  test('right after its term, before anybody has recorded that it is over', async () => {
    const id = await world.inForce()
    await world.granted(id, 'a')
    world.pass(100 * day)
    applied(await attest('pat', id))
    const { state, ended, closeOut } = await world.agreementOf(id)
    expect([state, ended?.how, closeOut?.dueAt]).toEqual(['closing_out', 'expired', start + 130 * day])
    expect(await meterState('meter_a')).toBe('closed')
  })
})

test('whatever becomes of an agreement, its developer releases and withdraws the model', async () => {
  const states: Agreement['state'][] = [
    'draft',
    'offered',
    'signed',
    'effective',
    'suspended',
    'expired',
    'terminated',
    'closing_out',
    'closed',
  ]
  for (const state of states)
    for (const verb of ['release', 'withdraw']) {
      world = await agreementWorld()
      const id = await world.inForce()
      await world.store.write({
        kind: 'update',
        key: keys.agreement(id),
        change: { set: [[['state'], state]] },
      })
      const done = await world.call('dana', `${verb}Model`, { path: { model: 'aurora' } })
      expect(applied(done).status).toBe(200)
    }
})
