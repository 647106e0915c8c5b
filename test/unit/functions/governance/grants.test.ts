import { beforeEach, describe, expect, test } from 'vitest'
import { look } from '../../../../functions/governance/engine/approve.ts'
import { preview } from '../../../../functions/governance/engine/decide.ts'
import { grantIdOf } from '../../../../functions/governance/grants/grant-id.ts'
import { activate } from '../../../../functions/governance/grants/grant-request.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Refusal } from '../../../../shared/domain/refusal.ts'
import { defaultRules } from '../../../../shared/domain/rules.ts'
import { time } from '../../../../shared/domain/time.ts'
import {
  active,
  applied,
  ceiling,
  day,
  type GrantWorld,
  grantWorld,
  limits,
  proposed,
  reason,
  start,
  told,
} from './grant-world.ts'

const of = { organisation: 'cedar', model: 'borealis', agreement: 'agreement_1' }
const asked = { ...of, limits: ceiling, expires_at: time(start + 30 * day) }

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const request = async (who: string, change: object = {}) => {
  const params = { ...asked, ...change }
  return world.decide(who, 'grant.activate', await grantIdOf(world.store, params), params)
}
const grantOf = async (id: string) => world.get(keys.grant(id))

describe('a partner asks for a grant', () => {
  test('the request stands while it waits for both offices, and nothing can be spent', async () => {
    const outcome = applied(await request('pat'))
    expect(outcome).toMatchObject({ step: 'proposed', proposal: { signatures: [] } })
    const grant = await grantOf(outcome.subject.id)
    expect(grant).toMatchObject({ state: 'requested', rev: 1, organisation: 'cedar', model: 'borealis' })
    expect(await world.has(keys.meter(grant.meters[0] ?? ''))).toBe(false)
  })

  test('with both signatures it is active, with its meter and its entry', async () => {
    const outcome = applied(await request('pat'))
    const proposal = proposed(outcome)
    world.pass(1_000)
    expect(told(await world.answer('nora', 'approve', proposal))).toBe('open')
    expect((await grantOf(outcome.subject.id)).state).toBe('requested')
    const done = applied(await world.answer('dana', 'approve', proposal))
    const grant = await grantOf(outcome.subject.id)
    expect([done.state, grant.state, grant.startsAt, grant.rev]).toEqual([
      'applied',
      'active',
      start + 1_000,
      2,
    ])
    const meter = await world.meter(grant.meters[0])
    expect([meter.state, meter.limits, meter.remaining]).toEqual(['open', limits, limits.total])
    const entry = await world.entry(done.entry)
    expect(entry).toMatchObject({ action: 'grant.activate', decision: 'applied', model: 'borealis' })
    expect((entry.signatures as readonly { person: string }[]).map(({ person }) => person)).toEqual([
      'nora',
      'dana',
    ])
  })

  test('two of one office are not enough', async () => {
    const proposal = proposed(await request('pat'))
    applied(await world.answer('nora', 'approve', proposal))
    expect(told(await world.answer('neil', 'approve', proposal))).toBe('approval_required')
  })

  test.each(['decline', 'withdraw'] as const)('%s: the request ends, and can be made again', async how => {
    const outcome = applied(await request('pat'))
    await world.answer(how === 'decline' ? 'dana' : 'pat', how, proposed(outcome))
    expect((await grantOf(outcome.subject.id)).state).toBe('expired')
    const again = applied(await request('pat'))
    expect(again.step).toBe('proposed')
    expect(again.subject.id).not.toBe(outcome.subject.id)
  })

  test('nobody answers: the request ends with its proposal', async () => {
    const outcome = applied(await request('pat'))
    const proposal = proposed(outcome)
    world.pass(73 * 3_600_000)
    expect(told(await world.answer('dana', 'approve', proposal))).toBe('state_forbids')
    expect((await grantOf(outcome.subject.id)).state).toBe('expired')
  })

  test('a user of it cannot, nor can another partner, nor an auditor', async () => {
    expect(told(await request('uma'))).toBe('role_missing')
    expect(told(await request('rita'))).toBe('record_unknown agreement')
    expect(told(await request('zoe'))).toBe('record_unknown agreement')
  })
})

describe('developer or government propose a grant', () => {
  test.each([
    ['dana', 'nora'],
    ['nora', 'dana'],
  ])('%s proposes with a signature, %s completes it', async (first, second) => {
    const outcome = applied(await request(first))
    const proposal = proposed(outcome)
    expect(told(await world.answer(first, 'approve', proposal))).toBe('own_proposal')
    expect(told(await world.answer('pat', 'approve', proposal))).toBe('role_missing')
    expect(told(await world.answer(second, 'approve', proposal))).toBe('applied')
    expect((await grantOf(outcome.subject.id)).state).toBe('active')
  })
})

describe('what a grant rests on', () => {
  test.each([
    ['limits.total', { limits: { ...ceiling, total: ceiling.total + 1 } }],
    ['limits.per_day', { limits: { total: 1, rpm: 1, burst: 1, streams: 1 } }],
    ['limits.rpm', { limits: { ...ceiling, rpm: 601 } }],
    ['expires_at', { expires_at: time(start + 366 * day) }],
    ['starts_at', { starts_at: time(start - 2 * day) }],
  ])('more than the agreement: %s', async (field, change) => {
    expect(told(await request('pat', change))).toBe(`ceiling_exceeded ${field}`)
  })

  test('a day that is left out where the agreement limits it: how much can be asked for', async () => {
    const limits = { total: 1, rpm: 1, burst: 1, streams: 1 }
    const refused = await request('pat', { limits })
    expect((refused as Refusal).next).toMatch(/^Give --per-day, 100,000 at most/)
  })

  test('somebody of the partner who does not ask is told who may', async () => {
    const refused = await request('uma')
    expect(told(refused)).toBe('role_missing')
    expect((refused as Refusal).next).toMatch(/partner-admin may ask/)
  })

  test('an agreement without a ceiling covers nothing', async () => {
    const { ceiling: _, ...without } = await world.get(keys.agreement('agreement_1'))
    await world.store.write({ kind: 'put', key: keys.agreement('agreement_1'), item: without })
    expect(told(await request('pat'))).toBe('ceiling_exceeded limits')
  })

  test.each([
    ['another model', { model: 'cirrus' }, 'agreement_not_effective model'],
    ['another organisation', { organisation: 'prairie' }, 'agreement_not_effective organisation'],
    ['a term that ends before it starts', { expires_at: time(start - 1) }, 'body_malformed expires_at'],
    ['a pool that there is not', { pools: ['meter_9'] }, 'record_unknown pools'],
    ['the meter of somebody alone', { pools: ['meter_1'] }, 'record_unknown pools'],
  ])('%s', async (_, change, code) => {
    expect(told(await request('pat', change))).toBe(code)
  })

  test.each(['offered', 'suspended', 'terminated'] as const)('an agreement that is %s', async state => {
    await world.records.agreement({ state })
    expect(told(await request('pat'))).toBe('agreement_not_effective agreement')
  })

  test.each([
    ['nominated', 'state_forbids'],
    ['suspended', 'partner_suspended'],
    ['revoked', 'partner_revoked'],
  ] as const)('a partner that is %s', async (partner, code) => {
    const organisation = await world.get(keys.organisation('cedar'))
    await world.records.organisation({ ...organisation, partner } as never)
    expect(told(await request('dana'))).toBe(code)
  })

  test('a pool is charged beside its own meter, in key order', async () => {
    await world.records.meter('a_pool', { shared: 'pool' })
    const outcome = applied(await request('pat', { pools: ['a_pool'] }))
    expect((await grantOf(outcome.subject.id)).meters).toEqual([
      'a_pool',
      outcome.subject.id.replace('grant_', 'meter_'),
    ])
  })

  test('the pool of another developer’s grants is not there', async () => {
    await world.records.model({ id: 'foreign', developer: 'zephyr' })
    await world.records.meter('a_pool', { shared: 'pool' })
    await world.records.grant({ id: 'grant_f', model: 'foreign', meters: ['a_pool'] })
    expect(told(await request('pat', { pools: ['a_pool'] }))).toBe('record_unknown pools')
  })

  test('what changed since it was asked makes the request stale', async () => {
    const outcome = applied(await request('pat'))
    await world.records.agreement({ state: 'terminated' })
    await world.answer('nora', 'approve', proposed(outcome))
    expect((await world.get(keys.proposal(proposed(outcome)))).state).toBe('stale')
    expect((await grantOf(outcome.subject.id)).state).not.toBe('active')
  })
})

describe('one grant of a model to an organisation under an agreement', () => {
  test('a second is refused while one goes on or is asked for', async () => {
    const again = await request('pat', { model: 'aurora' })
    expect(told(again)).toBe('record_exists')
    // Only the developer changes a quota.
    expect((again as Refusal).next).toMatch(/sallyport grant get .*is the developer’s to change/)
    expect(((await request('dana', { model: 'aurora' })) as Refusal).next).toMatch(/change its quota instead/)
    applied(await request('pat'))
    for (const who of ['pat', 'dana', 'nora']) expect(told(await request(who))).toBe('record_exists')
  })

  test('of many that ask at once one does', async () => {
    const id = await grantIdOf(world.store, of)
    const outcomes = await Promise.all(
      ['pat', 'dana', 'nora', 'neil', 'devon'].map(who => world.decide(who, 'grant.activate', id, asked)),
    )
    expect(outcomes.map(told).sort()).toEqual([
      'proposed',
      'record_exists',
      'record_exists',
      'record_exists',
      'record_exists',
    ])
  })

  test('after its end there can be another', async () => {
    const grant = await grantOf('grant_1')
    await world.records.grant({ ...grant, state: 'revoked' })
    expect(applied(await request('pat', { model: 'aurora' })).step).toBe('proposed')
  })

  test('a request whose proposal went stale is taken over', async () => {
    const first = applied(await request('pat'))
    await world.store.write({
      kind: 'update',
      key: keys.proposal(proposed(first)),
      change: { set: [[['state'], 'stale']] },
    })
    const again = applied(await request('pat', { limits: { ...ceiling, total: 5 } }))
    expect(again.subject.id).toBe(first.subject.id)
    applied(await world.answer('nora', 'approve', proposed(again)))
    applied(await world.answer('dana', 'approve', proposed(again)))
    expect((await grantOf(first.subject.id)).state).toBe('active')
  })

  test.each(['agreement#agreement_1', 'organisation#cedar'])(
    'a decision is not written once %s has changed under it',
    async pk => {
      const proposal = await world.get(keys.proposal(proposed(await request('pat'))))
      const plan = applied(
        (await look(world.deps, proposal, { rules: defaultRules, now: start, eid: 'entry' })).plan,
      )
      await world.store.write({
        kind: 'update',
        key: { table: 'registry', pk, sk: '-' },
        change: { add: [[['rev'], 1]] },
      })
      const ops = plan.writes({ now: start } as never)
      expect((await world.store.transact(ops)).ok).toBe(false)
      expect((await grantOf(proposal.action.id)).state).toBe('requested')
    },
  )

  test('a decision finds the request or refuses: time makes no grant out of nothing', async () => {
    const planning = { now: start, rules: defaultRules, reason, breakGlass: false }
    const action = { name: 'grant.activate' as const, id: 'grant_none', params: asked }
    expect(told(await activate.plan(world.deps, action, planning))).toBe('record_unknown')
  })
})

describe('a grant is suspended', () => {
  test('at once by one person, its meter with it', async () => {
    expect(told(await world.decide('nora', 'grant.suspend', 'grant_1'))).toBe('applied')
    const grant = await grantOf('grant_1')
    expect([grant.state, grant.stop?.by.person, (await world.meter()).state]).toEqual([
      'suspended',
      'nora',
      'closed',
    ])
  })

  test('a pool that others are charged to goes on', async () => {
    await world.records.meter('a_pool', { shared: 'pool' })
    await world.records.grant({ meters: ['a_pool', 'meter_1'] })
    applied(await world.decide('dana', 'grant.suspend', 'grant_1'))
    expect([(await world.meter('a_pool')).state, (await world.meter()).state]).toEqual(['open', 'closed'])
  })

  test('the partner does not, and another developer or office finds no grant', async () => {
    expect(told(await world.decide('pat', 'grant.suspend', 'grant_1'))).toBe('role_missing')
    for (const who of ['zoe', 'elsa', 'rita'])
      for (const action of ['grant.suspend', 'grant.revoke', 'grant.quota', 'grant.reinstate'] as const)
        expect(told(await world.decide(who, action, 'grant_1', { limits: ceiling }))).toBe('record_unknown')
  })

  test('the dry run counts over its organisation and model', async () => {
    const action = { name: 'grant.suspend' as const, id: 'grant_1', params: {} }
    const shown = applied(
      await preview(world.deps, await world.actor('nora'), { action, reason, request: 'r' }),
    )
    expect(shown.difference).toEqual([{ field: 'state', from: 'active', to: 'suspended' }])
    expect((await grantOf('grant_1')).state).toBe('active')
  })

  test('another person ratifies it', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    const ratify = (who: string) =>
      world.call(who, 'ratifyGrantSuspension', { path: { grant: 'grant_1' }, rev: 2 })
    expect(told(await ratify('nora'))).toBe('own_proposal')
    expect(told(await ratify('rita'))).toBe('record_unknown')
    applied(await ratify('neil'))
    expect((await grantOf('grant_1')).stop?.ratified?.person).toBe('neil')
  })

  test('it is reinstated by both, and its meter opens', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    const proposal = proposed(await world.decide('nora', 'grant.reinstate', 'grant_1'))
    expect((await grantOf('grant_1')).state).toBe('suspended')
    applied(await world.answer('dana', 'approve', proposal))
    const grant = await grantOf('grant_1')
    expect([grant.state, grant.stop, (await world.meter()).state]).toEqual(['active', undefined, 'open'])
  })

  test('while its partner is suspended its meter stays closed, and opens with the partner', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const grant = proposed(await world.decide('nora', 'grant.reinstate', 'grant_1'))
    applied(await world.answer('dana', 'approve', grant))
    expect([(await grantOf('grant_1')).state, (await world.meter()).state]).toEqual(['active', 'closed'])
    const partner = proposed(await world.decide('nora', 'partner.reinstate', 'cedar'))
    applied(await world.answer('dana', 'approve', partner))
    expect((await world.meter()).state).toBe('open')
  })

  test('one whose term is over is not reinstated', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    world.pass(301 * day)
    expect(told(await world.decide('nora', 'grant.reinstate', 'grant_1'))).toBe('state_forbids')
  })

  test('a meter that a bill has closed stays closed', async () => {
    await world.records.meter('meter_1', { state: 'closed', closed: 'overrun', overruns: { call: 5 } })
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    const proposal = proposed(await world.decide('nora', 'grant.reinstate', 'grant_1'))
    applied(await world.answer('dana', 'approve', proposal))
    expect((await world.meter()).closed).toBe('overrun')
  })
})

describe('a grant that a mission hangs on', () => {
  beforeEach(async () => {
    await world.records.grant({ missionContinuity: true })
  })

  test('takes two people to suspend; both then stand by it', async () => {
    const proposal = proposed(await world.decide('nora', 'grant.suspend', 'grant_1'))
    expect((await grantOf('grant_1')).state).toBe('active')
    expect((await world.meter()).state).toBe('open')
    applied(await world.answer('dana', 'approve', proposal))
    const { state, stop } = await grantOf('grant_1')
    expect([state, stop?.by.person, stop?.ratified?.person]).toEqual(['suspended', 'dana', 'nora'])
    expect((await world.meter()).state).toBe('closed')
  })

  test('two of the government are enough', async () => {
    const proposal = proposed(await world.decide('nora', 'grant.suspend', 'grant_1'))
    expect(told(await world.answer('olga', 'approve', proposal))).toBe('applied')
  })

  test('in an emergency one person does, and that is marked', async () => {
    const outcome = await world.decide('nora', 'grant.suspend', 'grant_1', {}, { breakGlass: true })
    expect(told(outcome)).toBe('applied')
    expect((await grantOf('grant_1')).stop?.breakGlass).toBe(true)
  })

  test('goes on though its partner is suspended, until two have decided', async () => {
    const outcome = applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const continuing = async () =>
      ((await world.get(keys.organisation('cedar'))) as { continues?: readonly string[] }).continues
    expect([await continuing(), (await world.meter()).state]).toEqual([['grant_1'], 'open'])
    const [left] = outcome.step === 'applied' ? outcome.proposals : []
    applied(await world.answer('dana', 'approve', left?.id ?? ''))
    expect([await continuing(), (await world.meter()).state]).toEqual([undefined, 'closed'])
    expect((await grantOf('grant_1')).state).toBe('suspended')
  })

  test('with its revocation its listing ends', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const proposal = proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))
    applied(await world.answer('dana', 'approve', proposal))
    expect(await world.get(keys.organisation('cedar'))).not.toHaveProperty('continues')
    expect((await world.meter()).state).toBe('closed')
  })

  test('once none hangs on it any more, it stops with its partner', async () => {
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const params = { mission_continuity: false }
    const proposal = proposed(await world.decide('dana', 'grant.continuity', 'grant_1', params))
    applied(await world.answer('nora', 'approve', proposal))
    expect((await grantOf('grant_1')).missionContinuity).toBeUndefined()
    expect(await world.get(keys.organisation('cedar'))).not.toHaveProperty('continues')
    expect((await world.meter()).state).toBe('closed')
  })
})

describe('mission continuity is set like a grant', () => {
  test('by both, not by one, and not by the partner', async () => {
    const params = { mission_continuity: true }
    expect(told(await world.decide('pat', 'grant.continuity', 'grant_1', params))).toBe('role_missing')
    const proposal = proposed(await world.decide('nora', 'grant.continuity', 'grant_1', params))
    expect((await grantOf('grant_1')).missionContinuity).toBeUndefined()
    applied(await world.answer('dana', 'approve', proposal))
    expect((await grantOf('grant_1')).missionContinuity).toBe(true)
    expect(told(await world.decide('nora', 'grant.continuity', 'grant_1', params))).toBe('state_forbids')
  })

  test('set while a suspension is asked for, that is judged anew', async () => {
    const suspension = proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))
    const continuity = proposed(
      await world.decide('nora', 'grant.continuity', 'grant_1', { mission_continuity: true }),
    )
    applied(await world.answer('dana', 'approve', continuity))
    expect(told(await world.answer('dana', 'approve', suspension))).toBe('proposal_stale')
  })
})

describe('a grant is revoked', () => {
  test('by two people; nothing leads back', async () => {
    const proposal = proposed(await world.decide('nora', 'grant.revoke', 'grant_1'))
    applied(await world.answer('olga', 'approve', proposal))
    expect([(await grantOf('grant_1')).state, (await world.meter()).state]).toEqual(['revoked', 'closed'])
    expect(told(await world.decide('nora', 'grant.reinstate', 'grant_1'))).toBe('state_forbids')
  })
})

describe('over the API', () => {
  test('a request is made with an id of its own, and answers 202', async () => {
    const answer = applied(await world.call('pat', 'requestGrant', { body: asked }))
    expect([answer.status, answer.location?.startsWith('/proposals/')]).toEqual([202, true])
    const { subject } = answer.body as { subject: { id: string } }
    expect(await grantOf(subject.id)).toMatchObject({ state: 'requested', model: 'borealis' })
  })

  test('what was proposed is what is decided: the plan of the proposal finds the same', async () => {
    const proposal = await world.get(keys.proposal(proposed(await request('pat'))))
    const plan = applied(
      (await look(world.deps, proposal, { rules: defaultRules, now: start, eid: 'entry' })).plan,
    )
    expect(plan.subject).toEqual(proposal.subject)
  })

  test.each([
    ['pat', true],
    ['uma', true],
    ['dana', true],
    ['nora', true],
    ['audrey', true],
    ['rita', false],
    ['zoe', false],
    ['elsa', false],
  ])('%s sees it, with its quota: %s', async (who, seen) => {
    const one = await world.call(who, 'getGrant', { path: { grant: 'grant_1' } })
    const { items } = applied(await world.call(who, 'listGrants')).body as {
      items: readonly { id: string; quota: readonly { remaining: number }[] }[]
    }
    expect(told(one) === 'record_unknown').toBe(!seen)
    expect(items.map(({ id }) => id)).toEqual(seen ? ['grant_1'] : [])
    if (seen) expect(items[0]?.quota[0]?.remaining).toBe(limits.total)
  })

  test('a sealed reason is for the deciding side', async () => {
    const sealed = { code: 'insider_risk' as const, text: 'a name', sealed: true as const }
    applied(await world.decide('nora', 'grant.suspend', 'grant_1', {}, { reason: sealed }))
    const textFor = async (who: string) => {
      const { body } = applied(await world.call(who, 'getGrant', { path: { grant: 'grant_1' } }))
      return (body as { stop: { reason: { text: string | null } } }).stop.reason.text
    }
    expect([await textFor('pat'), await textFor('dana')]).toEqual([null, 'a name'])
  })

  test('lists can be narrowed', async () => {
    await world.records.grant({ ...active, id: 'grant_2', model: 'borealis', state: 'expired' })
    const idsFor = async (query: object) => {
      const { body } = applied(await world.call('dana', 'listGrants', { query }))
      return (body as { items: readonly { id: string }[] }).items.map(({ id }) => id)
    }
    expect(await idsFor({})).toEqual(['grant_1', 'grant_2'])
    expect(await idsFor({ model: 'borealis' })).toEqual(['grant_2'])
    expect(await idsFor({ state: 'active' })).toEqual(['grant_1'])
    expect(await idsFor({ organisation: 'prairie' })).toEqual([])
  })
})
