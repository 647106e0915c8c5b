/** Nothing holds up a release or a withdrawal: whatever state anything is in, one administrator of the developer does it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from '../../../../functions/governance/engine/decide.ts'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { agreementMachine } from '../../../../shared/domain/agreement-step.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { grantMachine } from '../../../../shared/domain/machines.ts'
import { modelMachine } from '../../../../shared/domain/model-step.ts'
import { partnerStates } from '../../../../shared/domain/parties.ts'
import type { Agreement, GovernmentWindow, Grant, Model } from '../../../../shared/domain/records.ts'
import type { Stop } from '../../../../shared/domain/stop.ts'
import { type Store, StoreUnavailable } from '../../../../shared/ports/store.ts'
import { applied, day, type GrantWorld, grantWorld, reason, start } from './grant-world.ts'

/** One that the machine does not know, too: a later version may have written it. */
const oneOf = <S extends string>(states: readonly S[]) =>
  fc.constantFrom<S>(...states, 'from_a_later_version' as S)
const side = fc.constantFrom('halcyon', 'ofr', 'cedar')
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined })
const moment = fc.constantFrom(start - day, start, start + 1, start + day)

const situation = fc.record({
  verb: fc.constantFrom('release' as const, 'withdraw' as const),
  model: oneOf(modelMachine.states),
  killed: fc.boolean(),
  assessed: maybe(moment),
  window: maybe(fc.record({ opensAt: moment, endsAt: moment, granted: fc.boolean() })),
  agreement: oneOf(agreementMachine.states),
  agreementEnds: moment,
  agreementStop: maybe(side),
  partner: oneOf(partnerStates),
  partnerStop: maybe(side),
  continues: fc.boolean(),
  grants: fc.array(
    fc.record({
      state: oneOf(grantMachine.states),
      stop: maybe(side),
      meter: fc.constantFrom('open', 'closed', 'none'),
    }),
    { maxLength: 5 },
  ),
  holds: fc.array(fc.record({ by: fc.constantFrom('nora', 'dana'), whole: fc.boolean() }), { maxLength: 4 }),
  proposals: fc.boolean(),
  meanwhile: fc.array(
    fc.constantFrom('grant.suspend', 'partner.suspend', 'model.designate', 'model.kill', 'unavailable'),
    { maxLength: 3 },
  ),
})
type Situation = typeof situation extends fc.Arbitrary<infer S> ? S : never

const stopBy = (organisation: string | undefined): { readonly stop?: Stop } =>
  organisation === undefined
    ? {}
    : {
        stop: {
          by: { organisation, person: 'x', role: 'counsel' },
          reason,
          entry: 'e',
          ratifyBy: start + 9 * day,
        } as never,
      }

async function lay(world: GrantWorld, given: Situation): Promise<void> {
  const { window, assessed } = given
  const of: GovernmentWindow | undefined = window && {
    government: 'ofr',
    opensAt: window.opensAt,
    endsAt: window.endsAt,
    becomes: 'designated',
    grant: window.granted ? 'grant_w' : 'grant_none',
    entry: 'e',
  }
  const model: Partial<Model> = {
    state: given.model,
    killed: given.killed,
    ...(assessed !== undefined && {
      assessment: { by: {} as never, startedAt: start - 2 * day, endsAt: assessed },
    }),
    ...(of && { window: of }),
  }
  await world.records.model(model)
  const agreement: Partial<Agreement> = {
    state: given.agreement,
    endsAt: given.agreementEnds,
    models: given.killed ? ['aurora'] : ['aurora', 'borealis'],
  }
  await world.records.agreement({ ...agreement, ...stopBy(given.agreementStop) })
  const cedar = await world.get(keys.organisation('cedar'))
  await world.records.organisation({
    ...cedar,
    partner: given.partner,
    ...stopBy(given.partnerStop),
    ...(given.continues && { continues: ['grant_1'] }),
  } as never)
  if (window?.granted)
    await world.records.grant({
      id: 'grant_w',
      organisation: 'ofr',
      meters: ['meter_w'],
      expiresAt: window.endsAt,
    })
  for (const [i, { state, stop, meter }] of given.grants.entries()) {
    const grant: Partial<Grant> = { id: `grant_${i + 2}`, state, meters: [`meter_${i + 2}`] }
    await world.records.grant({ ...grant, ...stopBy(stop) })
    if (meter !== 'none') await world.records.meter(`meter_${i + 2}`, { state: meter as 'open' })
  }
  for (const [i, { by, whole }] of given.holds.entries())
    await world.hold(`hold_${i}`, by, { model: 'aurora', ...(!whole && { organisation: 'cedar' }) })
  if (given.proposals) {
    await world.decide('nora', 'grant.revoke', 'grant_1')
    await world.decide('nora', 'partner.revoke', 'cedar')
  }
}

/** Before each of the first transactions something else happens. */
function busy(world: GrantWorld, acts: Situation['meanwhile']): Store {
  const left = [...acts]
  return {
    ...world.store,
    transact: async ops => {
      const act = left.shift()
      if (act === 'unavailable') throw new StoreUnavailable('busy')
      if (act === 'grant.suspend') await world.decide('nora', act, 'grant_1')
      if (act === 'partner.suspend') await world.decide('nora', act, 'cedar')
      if (act === 'model.designate')
        await world.decide('nora', act, 'aurora', { determination: 'D-1', signer: 'S' })
      if (act === 'model.kill') await world.decide('devon', act, 'aurora')
      return world.store.transact(ops)
    },
  }
}

const isOfOthers = (stop: Stop | undefined): boolean =>
  stop !== undefined && stop.by.organisation !== 'halcyon'

/** Nothing of anybody but its developer stands on it. */
async function judge(world: GrantWorld, verb: Situation['verb']): Promise<void> {
  const model = await world.get(keys.model('aurora'))
  expect(model.state).toBe(verb === 'release' ? 'released' : 'withdrawn')
  if (verb === 'withdraw') expect(model).not.toHaveProperty('window')
  const standing = await world.get(keys.standing)
  for (const [id, hold] of Object.entries(standing.holds))
    if (hold.scope.model === 'aurora')
      expect((await world.get(keys.hold(id))).placedBy.organisation).toBe('halcyon')
  const agreement = await world.get(keys.agreement('agreement_1'))
  const cedar = await world.get(keys.organisation('cedar'))
  // One that covers a further model stays suspended for that one, and admission goes by the model.
  if (agreement.state === 'suspended' && agreement.endsAt > world.now() && isOfOthers(agreement.stop))
    expect(agreement.models).toEqual(['aurora', 'borealis'])
  for (const id of ['grant_1', ...[2, 3, 4, 5, 6].map(i => `grant_${i}`)]) {
    const [grant] = await world.store.get([keys.grant(id)])
    if (grant?.state === 'suspended') expect(isOfOthers(grant.stop)).toBe(false)
    if (grant?.state !== 'active' || cedar.kind !== 'partner') continue
    if (cedar.partner === 'suspended' && isOfOthers(cedar.stop)) expect(cedar.continues ?? []).toContain(id)
  }
}

test('from every state of everything, at once, by one administrator with a sign-in of yesterday', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(situation, async given => {
      const { verb } = given
      fc.pre(given.model !== modelMachine.events[verb].to)
      const world = await grantWorld()
      await lay(world, given)
      const dana = { ...(await world.actor('dana')), authTime: start - day }
      const asked = {
        action: { name: `model.${verb}`, id: 'aurora', params: {} },
        reason,
        request: 'r',
      } as const
      const deps = { ...world.deps, store: busy(world, given.meanwhile) }
      const done = applied(await decide(deps, dana, asked))
      expect(done.step).toBe('applied')
      await judge(world, verb)
      await lapse(world.deps)
      await judge(world, verb)
    }),
    { numRuns: 60 },
  )
})

test.each(['release', 'withdraw'] as const)(
  '%s takes one transaction of at most 100, however much there is to end',
  async verb => {
    const world = await grantWorld()
    await world.records.model({
      state: 'partner_access',
      window: {
        government: 'ofr',
        opensAt: start,
        endsAt: start + day,
        becomes: 'designated',
        grant: 'grant_w',
        entry: 'e',
      },
    })
    await world.records.grant({ id: 'grant_w', organisation: 'ofr', meters: ['meter_w'] })
    await world.records.meter('meter_w')
    const cedar = await world.get(keys.organisation('cedar'))
    for (let i = 0; i < 40; i++) {
      const id = `p${i}`
      await world.records.organisation({ ...cedar, id, partner: 'suspended', ...stopBy('ofr') } as never)
      for (const own of [`a${i}`, `b${i}`]) await world.records.meter(own, { state: 'closed' })
      await world.records.grant({ id: `a${i}`, organisation: id, meters: [`a${i}`] })
      await world.records.grant({
        id: `b${i}`,
        organisation: id,
        meters: [`b${i}`],
        state: 'suspended',
        ...stopBy('ofr'),
      })
      await world.records.agreement({
        id: `agreement_x${i}`,
        counterparty: id,
        models: ['aurora'],
        state: 'suspended',
        ...stopBy('ofr'),
      })
      await world.hold(`hold_${i}`, 'nora', { model: 'aurora', organisation: id })
    }
    const sizes: number[] = []
    const store: Store = {
      ...world.store,
      transact: ops => {
        sizes.push(ops.length)
        const named = ops.map(({ key }) => `${key.table} ${key.pk}`)
        expect(new Set(named).size).toBe(named.length)
        return world.store.transact(ops)
      },
    }
    const asked = {
      action: { name: `model.${verb}`, id: 'aurora', params: {} },
      reason,
      request: 'r',
    } as const
    applied(await decide({ ...world.deps, store }, await world.actor('dana'), asked))
    expect(sizes).toHaveLength(1)
    expect(sizes[0]).toBeLessThanOrEqual(100)
    expect((await world.get(keys.standing)).holds).toEqual({})
    await lapse(world.deps)
    await judge(world, verb)
    for (let i = 0; i < 40; i++) {
      expect((await world.get(keys.organisation(`p${i}`))) as object).toMatchObject({
        continues: expect.arrayContaining([`a${i}`, `b${i}`]),
      })
      expect((await world.get(keys.agreement(`agreement_x${i}`))).state).toBe('effective')
      for (const own of [`a${i}`, `b${i}`]) expect((await world.meter(own)).state).toBe('open')
    }
  },
)

test('however many grants there are, of whomever: a release reads so many at most, and the sweeper finds the rest', async () => {
  const world = await grantWorld()
  await world.records.model({ state: 'partner_access' })
  await world.records.meter('meter_z', { state: 'closed' })
  for (let i = 0; i < 2_500; i++)
    await world.records.grant({ id: `asked_${i}`, model: 'borealis', state: 'requested', meters: [] })
  await world.records.grant({ id: 'zz', meters: ['meter_z'], state: 'suspended', ...stopBy('ofr') })
  let reads = 0
  const store: Store = {
    ...world.store,
    query: (...of) => {
      reads++
      return world.store.query(...of)
    },
  }
  const asked = { action: { name: 'model.release', id: 'aurora', params: {} }, reason, request: 'r' } as const
  applied(await decide({ ...world.deps, store }, await world.actor('dana'), asked))
  expect(reads).toBeLessThanOrEqual(25)
  await lapse(world.deps)
  expect((await world.get(keys.grant('zz'))).state).toBe('active')
  expect((await world.meter('meter_z')).state).toBe('open')
})

describe('an agreement that an office has suspended, and that covers a further model', () => {
  const stopped = async () => {
    const world = await grantWorld()
    await world.records.grant({ id: 'grant_2', model: 'borealis', meters: ['meter_2'] })
    await world.records.meter('meter_2')
    applied(await world.decide('nora', 'agreement.suspend', 'agreement_1'))
    return world
  }
  const met = async (world: GrantWorld) => [
    (await world.meter('meter_1')).state,
    (await world.meter('meter_2')).state,
  ]

  test('stays suspended for that one, and the grants of the released one go on', async () => {
    const world = await stopped()
    expect(await met(world)).toEqual(['closed', 'closed'])
    applied(await world.decide('dana', 'model.release', 'aurora'))
    expect(await met(world)).toEqual(['open', 'closed'])
    expect(await world.get(keys.agreement('agreement_1'))).toMatchObject({ state: 'suspended' })
    await lapse(world.deps)
    expect(await met(world)).toEqual(['open', 'closed'])
    expect(await world.get(keys.agreement('agreement_1'))).toMatchObject({ state: 'suspended' })
  })

  test('is in force again once that one is released, too', async () => {
    const world = await stopped()
    for (const model of ['aurora', 'borealis']) applied(await world.decide('dana', 'model.release', model))
    expect(await met(world)).toEqual(['open', 'open'])
    expect(await world.get(keys.agreement('agreement_1'))).toMatchObject({ state: 'effective' })
  })

  test('what the transaction had no room for, the sweeper opens', async () => {
    const world = await stopped()
    await world.records.model({ state: 'released' })
    await lapse(world.deps)
    expect(await met(world)).toEqual(['open', 'closed'])
  })
})
