/** Any order of versions, quotas, stops and reinstatements: no token is lost or made, no limit is above the ceiling, no meter stays shut for nothing. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lapse } from '../../../../functions/sweeper/run.ts'
import { judgeAgreement, judgeGrant, judgePartner } from '../../../../shared/domain/authority.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { type Limits, reserve, settle } from '../../../../shared/domain/meter.ts'
import { aboveCeiling } from '../../../../shared/domain/meter-decisions.ts'
import { isDevelopersAlone } from '../../../../shared/domain/model-step.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { type Store, StoreUnavailable } from '../../../../shared/ports/store.ts'
import { type AgreementWorld, accessBody, agreementWorld, clausesWith, words } from './agreement-world.ts'
import { limits, sum } from './grant-world.ts'

const own = (total: number): Limits => ({ ...limits, total, perDay: Math.min(100_000, total) })
const grants = ['grant_a', 'grant_b', 'grant_c']

type Act = (world: AgreementWorld, id: string) => Promise<unknown>

/** One asks, and the other side agrees where it takes two. */
const both =
  (name: string, of: (id: string) => string, params: object = {}): Act =>
  async (world, id) => {
    const outcome = await world.decide('dana', name as 'grant.suspend', of(id), params)
    if (!(outcome instanceof Refusal) && outcome.step === 'proposed')
      await world.answer('nora', 'approve', outcome.proposal.id)
    return outcome
  }
const alone =
  (who: string, name: string, of: (id: string) => string, params: object = {}): Act =>
  (world, id) =>
    world.decide(who, name as 'grant.suspend', of(id), params)

const version =
  (total: number, pool: number | undefined, signers: readonly string[]): Act =>
  async (world, id) => {
    const { next } = await world.agreementOf(id)
    if (next?.state !== 'offered') {
      await world.redraft('dana', id, {
        clauses: clausesWith({ ...words(own(total)), ...(pool !== undefined && { pool: words(own(pool)) }) }),
      })
      await world.act('dana', 'offer', id)
    }
    for (const who of signers) await world.sign(who, id)
  }

/** A call of `r` tokens that is charged `used`, where a meter lets it. */
const call =
  (grant: string, r: number, used: number, settles: boolean): Act =>
  async world => {
    const { meters } = await world.get(keys.grant(grant))
    const eid = `entry_${world.now()}`
    world.pass(1_000)
    for (const id of meters) {
      const op = reserve(await world.meter(id), eid, r, world.now(), 60_000)
      if (!('kind' in op)) continue
      const { ok, item } = await world.store.write(op)
      if (ok && settles && item)
        for (const one of [settle(item, eid, used)].flat() as never[]) await world.store.write(one)
    }
  }

const grant = fc.constantFrom(...grants)
const amounts = fc.constantFrom(1_000, 50_000, 200_000, 400_000, 900_000)
const acts: fc.Arbitrary<Act> = fc.oneof(
  fc
    .tuple(
      amounts,
      fc.option(fc.constantFrom(900_000, 1_000_000), { nil: undefined }),
      fc.subarray(['dana', 'pat']),
    )
    .map(([total, pool, signers]) => version(total, pool, signers)),
  fc
    .tuple(grant, amounts)
    .map(([id, total]) => alone('dana', 'grant.quota', () => id, { limits: words(own(total)) })),
  fc.tuple(grant, fc.constantFrom('dana', 'nora')).map(([id, who]) => alone(who, 'grant.suspend', () => id)),
  grant.map(id => both('grant.reinstate', () => id)),
  fc.constant(alone('dana', 'model.release', () => 'aurora')),
  fc.constantFrom('dana', 'nora').map(who => alone(who, 'agreement.suspend', id => id)),
  fc.constantFrom(
    both('agreement.reinstate', id => id),
    alone('dana', 'agreement.resume', id => id),
    alone('nora', 'partner.suspend', () => 'cedar'),
    alone('dana', 'partner.suspend', () => 'cedar'),
    both('partner.reinstate', () => 'cedar'),
    both('partner.reinstate', () => 'cedar'),
    both('agreement.reinstate', id => id),
    (world: AgreementWorld) => lapse(world.deps),
  ),
  fc
    .tuple(grant, fc.constantFrom(10, 5_000, 60_000), fc.constantFrom(0, 10, 4_000), fc.boolean())
    .map(([id, r, used, settles]) => call(id, r, Math.min(r, used), settles)),
)

/** Some answers are lost: what was written stands, or it does not. */
function lossy(store: Store, losses: readonly ('before' | 'after' | 'none')[]): Store {
  const left = [...losses]
  return {
    get: store.get.bind(store),
    query: store.query.bind(store),
    write: store.write.bind(store),
    writeInOrder: store.writeInOrder.bind(store),
    transact: async ops => {
      const loss = left.shift()
      if (loss === 'before') throw new StoreUnavailable('lost')
      const done = await store.transact(ops)
      if (loss === 'after') throw new StoreUnavailable('lost')
      return done
    },
  }
}

async function judge(world: AgreementWorld, id: string): Promise<void> {
  const agreement = await world.agreementOf(id)
  const cedar = await world.get(keys.organisation('cedar'))
  const model = await world.get(keys.model('aurora'))
  for (const name of grants) {
    const one = await world.get(keys.grant(name))
    const meter = await world.meter(name.replace('grant_', 'meter_'))
    expect(sum(meter)).toBe(meter.limits.total)
    if (agreement.ceiling) expect(aboveCeiling(meter.limits, agreement.ceiling)).toBeUndefined()
    expect(one.meters.includes(agreement.pool ?? one.meters[0] ?? '')).toBe(true)
    const token = {
      ...{ organisation: 'cedar', model: 'aurora', purpose: agreement.purposes[0] ?? '' },
      agreement: { id, digest: agreement.digest },
    }
    const goes = ![
      judgePartner(cedar, one),
      judgeAgreement({ ...agreement, consentedAt: 1 }, token, world.now(), model),
      judgeGrant(one, token, world.now()),
    ].some(judged => judged instanceof Refusal)
    // Open wherever it goes on; shut wherever the grant itself is.
    if (goes) expect(`${name} ${meter.state}`).toBe(`${name} open`)
    if (one.state === 'suspended' && !isDevelopersAlone(model)) expect(meter.state).toBe('closed')
  }
  if (agreement.pool !== undefined) {
    const pool = await world.meter(agreement.pool)
    expect(sum(pool)).toBe(pool.limits.total)
    expect(pool.state).toBe('open')
  }
}

test('at every moment, answers lost or not', { timeout: 120_000 }, async () => {
  const loss = fc.constantFrom(
    'none' as const,
    'none' as const,
    'none' as const,
    'before' as const,
    'after' as const,
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(acts, { minLength: 10, maxLength: 30, size: 'max' }),
      fc.array(loss, { maxLength: 40 }),
      async (all, losses) => {
        const world = await agreementWorld()
        const id = await world.inForce(accessBody({ clauses: clausesWith(words(own(900_000))) }))
        for (const name of grants) await world.granted(id, name.replace('grant_', ''), own(200_000))
        Object.assign(world.deps, { store: lossy(world.store, losses) })
        for (const act of all) {
          await act(world, id)
          world.pass(60_000)
          await judge(world, id)
        }
        await lapse(world.deps)
        await judge(world, id)
      },
    ),
    { numRuns: 60 },
  )
})
