/** What people are told: why they do not get what they asked for, what waits on them, and where to go from there. */
import { beforeEach, describe, expect, test } from 'vitest'
import { partnerOperations } from '../../../../functions/api/operations/partners.ts'
import { proposalOperations } from '../../../../functions/api/operations/proposals.ts'
import { quotasOf } from '../../../../functions/api/quota.ts'
import { grantShown } from '../../../../functions/api/shapes/grant.ts'
import { partnerShown } from '../../../../functions/api/shapes/partner.ts'
import { proposalShown } from '../../../../functions/api/shapes/proposal.ts'
import { showWaits, waitsOn } from '../../../../functions/api/waits.ts'
import { lodge } from '../../../../functions/governance/appeals/lodge-appeal.ts'
import { grantIdOf } from '../../../../functions/governance/grants/grant-id.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import type { Client, HoldScope } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { time } from '../../../../shared/domain/time.ts'
import {
  applied,
  ceiling,
  day,
  type GrantWorld,
  grantWorld,
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
const refused = (outcome: unknown): Refusal => {
  if (!(outcome instanceof Refusal)) throw new Error('it was not refused')
  return outcome
}
/** What the notices of an organisation say of a decision. */
const notice = async (entry: string, organisation: string) =>
  world.get(keys.notice(`${entry}-${organisation}`))

describe('a request that is declined', () => {
  const sealed = { ...reason, code: 'requirements_not_met', text: 'not for them', sealed: true } as const

  test('tells its partner the code of the reason, the version of the rules, and how to appeal', async () => {
    const id = proposed(await request('pat'))
    const { entry } = applied(await world.answer('nora', 'decline', id, sealed))
    const read = proposalOperations.find(one => one.id === 'getProposal')
    const shown = async (who: string) => {
      const caller = await world.caller(who)
      const answer = await read?.answer({
        deps: world.deps as never,
        caller,
        path: { proposal: id },
      } as never)
      return proposalShown.parse((answer as { body: object }).body).ended
    }
    expect(await shown('pat')).toMatchObject({
      reason: { code: 'requirements_not_met', text: null, sealed: true },
      rules: 1,
      appeal: `sallyport partner appeal ${entry} --text '…'`,
    })
    expect(await shown('dana')).toMatchObject({ reason: { text: 'not for them' }, appeal: null })
    expect(await world.entry(entry)).toMatchObject({
      decision: 'declined',
      reason: 'requirements_not_met',
      rules: 1,
    })
    const { text } = await notice(entry, 'cedar')
    expect(text).toContain('requirements_not_met')
    expect(text).toContain(`sallyport partner appeal ${entry}`)
    expect(text).not.toContain('not for them')
    // What they are told to do can be done.
    expect(
      told(await lodge(world.deps, await world.actor('pat'), { entry, text: 'why', request: 'r' })),
    ).toBe('open')
  })

  test('what is declined for those who decide has nobody to appeal it', async () => {
    const id = proposed(await world.decide('dana', 'rules.change', 'rules', { proposalHours: 48 }))
    const { entry } = applied(await world.answer('nora', 'decline', id))
    expect((await notice(entry, 'halcyon')).text).not.toContain('appeal')
  })

  test.each([
    ['declined', 'nora', 'decline'],
    ['withdrawn', 'pat', 'withdraw'],
  ] as const)('its grant is expired, and says that it was %s', async (how, who, verb) => {
    const outcome = applied(await request('pat'))
    world.pass(1_000)
    const { entry } = applied(await world.answer(who, verb, proposed(outcome)))
    const { body } = applied(await world.call('pat', 'getGrant', { path: { grant: outcome.subject.id } }))
    expect(grantShown.parse(body)).toMatchObject({
      state: 'expired',
      ended: {
        how,
        at: time(start + 1_000),
        entry,
        appeal: how === 'declined' ? `sallyport partner appeal ${entry} --text '…'` : null,
      },
    })
  })

  test('one that nobody answers was timed out, and one that cannot be made any more too', async () => {
    for (const lost of [false, true]) {
      const outcome = applied(await request('pat'))
      if (lost) await world.records.agreement({ state: 'terminated' })
      world.pass(73 * 3_600_000)
      await world.answer('dana', 'approve', proposed(outcome))
      const grant = await world.get(keys.grant(outcome.subject.id))
      expect(grant).toMatchObject({ state: 'expired', ended: { how: 'timed_out', at: world.now() } })
      expect(await world.entry(grant.ended?.entry ?? '')).toMatchObject({ decision: 'timed_out' })
    }
  })

  test('a grant that is revoked names its entry', async () => {
    const id = proposed(await world.decide('dana', 'grant.revoke', 'grant_1'))
    const { entry } = applied(await world.answer('nora', 'approve', id))
    expect((await world.get(keys.grant('grant_1'))).ended).toMatchObject({ how: 'revoked', entry, reason })
  })
})

test('a proposal waits for nobody once what it is about has changed: it could only be found stale', async () => {
  const waiting = async () =>
    (await waitsOn(world.store, await world.caller('nora'), world.now())).proposals.map(({ id }) => id)
  applied(await world.decide('dana', 'grant.suspend', 'grant_1'))
  const id = proposed(await world.decide('dana', 'grant.reinstate', 'grant_1'))
  expect(await waiting()).toEqual([id])
  const { rev } = await world.get(keys.grant('grant_1'))
  await world.store.write({
    kind: 'update',
    key: keys.grant('grant_1'),
    change: {
      set: [
        [['state'], 'active'],
        [['rev'], rev + 1],
      ],
    },
  })
  expect(await waiting()).toEqual([])
})

describe('an appeal waits on those who may answer it', () => {
  const waiting = async (who: string) => {
    const waits = showWaits(await waitsOn(world.store, await world.caller(who), world.now()))
    return { count: waits.appeals, items: waits.items.filter(({ kind }) => kind === 'appeal') }
  }
  let id: string
  beforeEach(async () => {
    const { entry } = applied(await world.decide('dana', 'grant.suspend', 'grant_1'))
    const lodged = applied(
      await lodge(world.deps, await world.actor('pat'), { entry, text: 'why', request: 'r' }),
    )
    id = lodged.id
  })

  test('of both offices and their counsel, and on nobody else', async () => {
    for (const who of ['dana', 'devon', 'nora', 'neil', 'olga']) {
      const { count, items } = await waiting(who)
      expect([who, count, items.map(one => [one.id, one.subject, one.until])]).toEqual([
        who,
        1,
        [[id, 'grant', time(start + 10 * day)]],
      ])
    }
    for (const who of ['zoe', 'elsa', 'pat', 'uma', 'rita', 'audrey'])
      expect([who, (await waiting(who)).count]).toEqual([who, 0])
  })

  test('no longer once an answer is proposed, and again where that is withdrawn', async () => {
    const proposal = proposed(await world.decide('dana', 'appeal.dismiss', id))
    for (const who of ['dana', 'nora']) expect((await waiting(who)).count).toBe(0)
    applied(await world.answer('dana', 'withdraw', proposal))
    for (const who of ['dana', 'nora']) expect((await waiting(who)).count).toBe(1)
    const again = proposed(await world.decide('dana', 'appeal.dismiss', id))
    applied(await world.answer('nora', 'approve', again))
    for (const who of ['dana', 'nora']) expect((await waiting(who)).count).toBe(0)
  })
})

describe('an auditor', () => {
  test('is told by their role that they decide nothing of what they see, and sees nothing else', async () => {
    for (const name of ['partner.suspend', 'partner.revoke'] as const) {
      expect([name, told(await world.decide('audrey', name, 'cedar'))]).toEqual([name, 'role_missing'])
      expect([name, told(await world.decide('audrey', name, 'prairie'))]).toEqual([name, 'record_unknown'])
    }
  })
})

describe('the quota of a model that is held', () => {
  const client = { id: 'client_1', organisation: 'cedar', attributes: { nationality: { value: 'FR' } } }
  const refusals = async (scope: HoldScope, who?: unknown) => {
    const hold = { scope, reason: 'other' as const, placedAt: start }
    await world.store.write({
      kind: 'put',
      key: keys.standing,
      item: { holds: { hold_1: hold }, compromised: {} },
    })
    const cedar = await world.get(keys.organisation('cedar'))
    const quotas = await quotasOf(world.store, cedar, world.now(), who as Client)
    return quotas.map(({ refused: one }) => one && [one.code, one.detail])
  }
  const held = [['hold_active', 'The hold hold_1 is in force: other.']]

  test.each<[string, HoldScope]>([
    ['the model', { model: 'aurora' }],
    ['the organisation', { organisation: 'cedar' }],
    ['both', { organisation: 'cedar', model: 'aurora' }],
  ])('says so to people and workloads where the hold names %s', async (_, scope) => {
    expect(await refusals(scope)).toEqual(held)
    expect(await refusals(scope, client)).toEqual(held)
  })

  test('says so to the workload that is meant alone where it names one', async () => {
    for (const scope of [{ client: 'client_1' }, { nationality: 'FR' }]) {
      expect(await refusals(scope, client)).toEqual(held)
      expect(await refusals(scope)).toEqual([null])
    }
    for (const scope of [{ model: 'borealis' }, { organisation: 'prairie' }, { client: 'client_2' }])
      expect(await refusals(scope, client)).toEqual([null])
  })

  test('what else refuses is said the same way', async () => {
    await world.records.model({ killed: true })
    expect(await refusals({ organisation: 'prairie' })).toEqual([
      ['model_killed', 'Aurora is stopped by its kill switch.'],
    ])
  })
})

describe('a next step', () => {
  test('a user of a partner is told that they do not ask, whatever else is wrong with it', async () => {
    await world.records.agreement({ state: 'suspended' })
    expect(told(await request('uma', { limits: { ...ceiling, rpm: 601 } }))).toBe('role_missing')
    expect(told(await request('pat'))).toBe('agreement_not_effective agreement')
  })

  test('a limit above the ceiling is told the ceiling', async () => {
    const more = { ...ceiling, total: ceiling.total + 1 }
    const expected =
      'limits.total is 1000001; the ceiling of the agreement agreement_1 is 1000000. More takes a new version of the agreement.'
    expect(refused(await request('pat', { limits: more })).facts.detail).toBe(expected)
    const changed = await world.decide('dana', 'grant.quota', 'grant_1', { limits: more })
    expect(refused(changed).facts.detail).toBe(expected)
    const endless = { total: 1, rpm: 1, burst: 1, streams: 1 }
    expect(refused(await request('pat', { limits: endless })).facts.detail).toContain(
      'limits.per_day is left out; the ceiling of the agreement agreement_1 is 100000.',
    )
  })

  test('what was asked for already is named, and what is not there is listed by its command', async () => {
    const id = proposed(await request('pat'))
    expect(refused(await request('pat')).next).toContain(`sallyport proposal get ${id}`)
    expect(refused(await request('pat', { model: 'aurora' })).next).toContain('sallyport grant get grant_1')
    expect(refused(await world.decide('dana', 'grant.suspend', 'Aurora')).next).toContain(
      'sallyport grant list',
    )
    expect(refused(await world.decide('dana', 'partner.suspend', 'Cedar')).next).toContain(
      'sallyport partner list',
    )
  })

  test('who cannot ratify is told who sees that it waits; who proposed it, how to take it back', async () => {
    applied(await world.decide('dana', 'grant.suspend', 'grant_1'))
    const { call } = world
    const own = await call('dana', 'ratifyGrantSuspension', { path: { grant: 'grant_1' }, rev: 2 })
    expect([refused(own).code, refused(own).next]).toEqual([
      'own_proposal',
      expect.stringContaining('sallyport auth status'),
    ])
    const id = proposed(await world.decide('dana', 'partner.revoke', 'cedar'))
    expect(refused(await world.answer('dana', 'decline', id)).next).toContain(
      `sallyport proposal withdraw ${id}`,
    )
  })

  test('a partner that reads why it is suspended is given the command that appeals it; deciders are not', async () => {
    const { entry } = applied(await world.decide('dana', 'partner.suspend', 'cedar'))
    const read = partnerOperations.find(one => one.id === 'getPartner')
    const shown = async (who: string) => {
      const caller = await world.caller(who)
      const answer = await read?.answer({ deps: world.deps, caller, path: { partner: 'cedar' } } as never)
      return partnerShown.parse((answer as { body: object }).body).stop?.appeal
    }
    expect(await shown('pat')).toBe(`sallyport partner appeal ${entry} --text '…'`)
    expect([await shown('dana'), await shown('nora')]).toEqual([null, null])
    const cedar = await world.get(keys.organisation('cedar'))
    const [quota] = await quotasOf(world.store, cedar, world.now())
    expect(quota?.refused).toMatchObject({
      code: 'partner_suspended',
      next: expect.stringContaining(`sallyport partner appeal ${entry}`),
    })
  })
})

test('a notice reads as a sentence', async () => {
  await world.records.organisation({
    ...(await world.get(keys.organisation('cedar'))),
    partner: 'nominated',
  } as never)
  const { entry } = applied(await world.decide('dana', 'partner.vet', 'cedar'))
  expect((await notice(entry, 'cedar')).text).toBe(
    'Cedar County Hospital is being vetted as a trusted partner.',
  )
  const { entry: released } = applied(await world.decide('dana', 'model.release', 'aurora'))
  expect((await notice(released, 'ofr')).text).toBe(
    'Aurora is released by its developer. No hold or suspension of the government was on it.',
  )
})
