import { beforeEach, describe, expect, test } from 'vitest'
import { reserveOn } from '../../../../functions/gate/reserve.ts'
import { keys } from '../../../../shared/domain/keys.ts'
import { settle } from '../../../../shared/domain/meter.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { applied, ceiling, type GrantWorld, grantWorld, limits, sum, told } from './grant-world.ts'

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

const change = (who: string, limitsAsked: object, rev?: number) =>
  world.decide(who, 'grant.quota', 'grant_1', { limits: limitsAsked }, { ...(rev !== undefined && { rev }) })

describe('a quota is changed', () => {
  test('at or below the ceiling by one of the developer, at once', async () => {
    const done = applied(await change('dana', { ...ceiling, total: 400_000 }))
    expect(done.step).toBe('applied')
    const meter = await world.meter()
    expect([meter.limits.total, meter.remaining, meter.rev]).toEqual([400_000, 400_000, 2])
    expect((await world.get(keys.grant('grant_1'))).rev).toBe(2)
  })

  test('the government and the partner are told, with the entry', async () => {
    const { entry } = applied(await change('dana', { ...ceiling, total: 400_000 }))
    for (const organisation of ['ofr', 'cedar', 'halcyon'])
      expect(await world.get(keys.notice(`${entry}-${organisation}`))).toMatchObject({
        type: 'grant.quota_changed',
        entry,
      })
    expect((await world.entry(entry)).difference).toEqual([
      { field: 'limits', from: ceiling, to: { ...ceiling, total: 400_000 } },
    ])
  })

  test.each([
    ['limits.total', { ...ceiling, total: ceiling.total + 1 }],
    ['limits.per_day', { total: 10, rpm: 1, burst: 1, streams: 1 }],
    ['limits.rpm', { ...ceiling, rpm: 601 }],
    ['limits.burst', { ...ceiling, burst: 101 }],
  ])('above it, by %s, it takes a new version of the agreement', async (field, asked) => {
    const refused = await change('dana', asked)
    expect(told(refused)).toBe(`ceiling_exceeded ${field}`)
    if (refused instanceof Refusal) expect(refused.facts.detail).toContain('a new version of the agreement')
    expect((await world.meter()).limits).toEqual(limits)
  })

  test('not to what it is already', async () => {
    const { limits } = await world.meter()
    const { perDay, ...rest } = limits
    const asked = { ...rest, ...(perDay !== undefined && { per_day: perDay }) }
    expect(told(await change('dana', asked))).toBe('state_forbids')
  })

  test('not by the government, nor by the partner', async () => {
    for (const who of ['nora', 'pat', 'uma'])
      expect(told(await change(who, { ...ceiling, total: 1 }))).toBe('role_missing')
  })

  test('not on another version than the one that was seen', async () => {
    expect(told(await change('dana', { ...ceiling, total: 1 }, 7))).toBe('version_stale')
  })

  test('not below what is used already', async () => {
    await world.records.meter('meter_1', { remaining: 400_000, used: 600_000 })
    expect(told(await change('dana', { ...ceiling, total: 599_999 }))).toBe('state_forbids limits.total')
    expect(told(await change('dana', { ...ceiling, total: 600_000 }))).toBe('applied')
    expect((await world.meter()).remaining).toBe(0)
  })

  test.each(['requested', 'expired', 'revoked'] as const)('not of one that is %s', async state => {
    await world.records.grant({ state })
    expect(told(await change('dana', { ...ceiling, total: 1 }))).toBe('state_forbids')
  })

  test('not while the agreement is not in force', async () => {
    await world.records.agreement({ state: 'suspended' })
    expect(told(await change('dana', { ...ceiling, total: 1 }))).toBe('agreement_not_effective')
  })

  test('a pool is not changed by it', async () => {
    await world.records.meter('a_pool', { shared: 'pool' })
    await world.records.grant({ meters: ['a_pool', 'meter_1'] })
    applied(await change('dana', { ...ceiling, total: 5 }))
    expect([(await world.meter('a_pool')).limits.total, (await world.meter()).limits.total]).toEqual([
      limits.total,
      5,
    ])
  })

  test('one that is closed stays so', async () => {
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    applied(await change('dana', { ...ceiling, total: 5 }))
    expect((await world.meter()).state).toBe('closed')
  })
})

describe('under a hundred live calls', () => {
  const calls = Array.from({ length: 100 }, (_, i) => `call_${i}`)

  test('nothing is lost and nothing is granted, whatever the order', async () => {
    await world.records.meter('meter_1', { limits: { ...limits, rpm: 1_000_000, burst: 10_000 } })
    const wide = { ...ceiling, rpm: 600, burst: 100 }
    const outcomes: unknown[] = []
    /** Others go on meanwhile. */
    const turns = async (count: number) => {
      for (let turn = 0; turn < count; turn++) await world.meter()
    }
    const quotas = (async () => {
      for (const total of [400_000, 900_000, 200_000, 700_000]) {
        await turns(12)
        outcomes.push(told(await change('dana', { ...wide, total })))
      }
    })()
    const admitted: string[] = []
    const live = calls.map(async (eid, i) => {
      await turns(i % 60)
      const reservation = await reserveOn(
        world.deps,
        await world.meter(),
        { eid, r: 500 + i, deadline: world.now() + 20_000, clause: 'quota-1' },
        30_000,
      )
      if (reservation instanceof Refusal) return
      admitted.push(eid)
      if (i % 3 === 0) return
      for (;;) {
        const op = settle(await world.meter(), eid, 400)
        if (op === undefined || (await world.store.write(op)).ok) return
      }
    })
    await Promise.all([quotas, ...live])
    const meter = await world.meter()
    expect(outcomes).toEqual(['applied', 'applied', 'applied', 'applied'])
    expect(admitted.length).toBeGreaterThan(50)
    expect(sum(meter)).toBe(meter.limits.total)
    expect(meter.used).toBe(400 * admitted.filter(eid => Number(eid.slice(5)) % 3 !== 0).length)
    expect(Object.keys(meter.leases).length).toBe(
      admitted.filter(eid => Number(eid.slice(5)) % 3 === 0).length,
    )
  })

  test('a call that is under way keeps what it has reserved when the total falls to it', async () => {
    const reservation = await reserveOn(
      world.deps,
      await world.meter(),
      { eid: 'call', r: 900, deadline: world.now() + 20_000, clause: 'quota-1' },
      30_000,
    )
    expect(reservation).not.toBeInstanceOf(Refusal)
    expect(told(await change('dana', { ...ceiling, total: 899 }))).toBe('state_forbids limits.total')
    expect(told(await change('dana', { ...ceiling, total: 900 }))).toBe('applied')
    const meter = await world.meter()
    expect([meter.remaining, sum(meter)]).toEqual([0, 900])
    const op = settle(meter, 'call', 100)
    if (op) await world.store.write(op)
    expect((await world.meter()).remaining).toBe(800)
  })
})
