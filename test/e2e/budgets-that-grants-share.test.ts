/** A pool of affiliates and an agreement-wide total: further meters of the same calls. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { freshMeter, type Meter } from '../../shared/domain/meter.ts'
import { atRest, brokeDown, turnedAway } from '../world/busy.ts'
import { told } from '../world/entries.ts'
import { heldUpstream } from '../world/held-upstream.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

const affiliates = ['cedar', 'prairie'] as const
const poolTotal = 6_000

/** Both partners' grants are charged to one pool as well. */
async function pool(limits: Partial<Meter['limits']> = {}): Promise<void> {
  const { store } = world
  const whole = { total: poolTotal, rpm: 60_000, burst: 1_000, streams: 256, ...limits }
  await store.write({
    kind: 'put',
    key: keys.meter('pool_valley'),
    item: freshMeter('pool_valley', whole, Date.now(), 'pool'),
  })
  for (const id of affiliates)
    await store.write({
      kind: 'update',
      key: keys.grant(world.grant(id)),
      change: { set: [[['meters'], [world.meterId(id), 'pool_valley']]] },
    })
}

async function meterOf(id: string): Promise<Meter> {
  const [meter] = await world.store.get([keys.meter(id)])
  if (meter === undefined) throw new Error(`no meter ${id}`)
  return meter
}

const outcomes = async (): Promise<Record<string, unknown>[]> =>
  (await Promise.all(affiliates.map(id => world.entries(id))))
    .flat()
    .map(({ entry }) => told(entry))
    .filter(one => one.kind === 'outcome')

test('affiliates together stay within their pool, and each refusal gives back what the grant had reserved', async () => {
  await pool()
  const clients = await Promise.all(
    affiliates.map(async id => {
      const raw = world.raw(id)
      return { raw, token: await raw.token() }
    }),
  )
  const size = world.live ? 20 : 60
  if (!world.live) await world.script({ tokens: size })
  const refusals = new Map<string, string | undefined>()
  for (let wave = 0, admitted = 1; admitted > 0; wave++) {
    const answers = await Promise.all(
      Array.from({ length: Math.min(60, world.atOnce) }, async (_, i) => {
        const { raw, token } = clients[i % 2] as (typeof clients)[0]
        const response = await raw.chat({ max_tokens: size }, { token })
        const body = (await response.json()) as { error?: { sallyport: { code: string; meter?: string } } }
        if (body.error) refusals.set(body.error.sallyport.code, body.error.sallyport.meter)
        return response.status
      }),
    )
    admitted = answers.filter(status => status === 200).length
    expect(wave).toBeLessThan(100)
  }
  const busy = turnedAway(world)
  expect([...refusals].filter(([code]) => !busy.has(code))).toEqual([['pool_exhausted', 'pool_valley']])

  const charged = ['pool_valley', world.meterId('cedar'), world.meterId('prairie')]
  const outage = brokeDown(refusals.keys())
  if (outage) await atRest(world, ...charged)
  const [shared, ...own] = await Promise.all(charged.map(meterOf))
  expect(shared?.used).toBeLessThanOrEqual(poolTotal)
  expect(shared?.used).toBeGreaterThan(poolTotal * 0.95)
  for (const meter of [shared, ...own]) {
    expect(meter?.leases).toEqual({})
    expect((meter?.used ?? 0) + (meter?.remaining ?? 0)).toBe(meter?.limits.total)
  }
  // What got no answer may have been reserved on the grant's own meter alone.
  const sum = own.reduce((sum, meter) => sum + meter.used, 0)
  if (outage) expect(sum).toBeGreaterThanOrEqual(shared?.used ?? 0)
  else expect(sum).toBe(shared?.used)
})

test('the outcome tells of each meter what was reserved there and what remained', async () => {
  await pool()
  expect((await world.raw('cedar').chat()).status).toBe(200)
  const [outcome] = await outcomes()
  const [own, shared] = await Promise.all([meterOf(world.meterId('cedar')), meterOf('pool_valley')])
  expect(outcome).toMatchObject({
    charge: own.used,
    meters: [
      { meter: world.meterId('cedar'), seq: 1, remaining: own.limits.total - Number(outcome?.reserve) },
      { meter: 'pool_valley', seq: 1, remaining: poolTotal - Number(outcome?.reserve) },
    ],
  })
  expect(shared.used).toBe(own.used)
})

test('an agreement-wide total binds across the models of the agreement', async () => {
  const { store } = world
  const limits = { total: 100_000, rpm: 600, burst: 100, streams: 256 }
  const item = {
    ...freshMeter(world.agreement('cedar'), limits, Date.now(), 'agreement'),
    remaining: 50,
    used: 99_950,
  }
  await store.write({ kind: 'put', key: keys.meter(item.id), item })
  await store.write({
    kind: 'update',
    key: keys.grant(world.grant('cedar')),
    change: { set: [[['meters'], [world.agreement('cedar'), world.meterId('cedar')]]] },
  })
  const response = await world.raw('cedar').chat()
  expect(response.status).toBe(429)
  expect(await response.json()).toMatchObject({
    error: { sallyport: { code: 'pool_exhausted', meter: world.agreement('cedar'), clause: 'quota-1' } },
  })
  expect(await meterOf(world.meterId('cedar'))).toMatchObject({ used: 0, leases: {} })
  const quotas = await world.gateway('cedar').quota()
  expect(quotas).toMatchObject([
    { meter: world.agreement('cedar'), shared: 'agreement', remaining: 50, binding: null },
    { meter: world.meterId('cedar'), shared: null, used: 0 },
  ])
})

test('streams are limited by the pool too, and the meter that binds is named', async () => {
  await pool({ total: 10_000_000, streams: 2 })
  await using upstream = await heldUpstream(world)
  const [cedar, prairie] = [world.raw('cedar'), world.raw('prairie')]
  const calls = [cedar.chat(), prairie.chat()]
  while (upstream.held < 2) await new Promise(resolve => setTimeout(resolve, 5))
  const refused = await prairie.chat()
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toMatchObject({
    error: { sallyport: { code: 'streams_exhausted', meter: 'pool_valley' } },
  })
  upstream.release()
  for (const call of calls) expect((await call).status).toBe(200)
  upstream.hold(false)
  expect((await prairie.chat()).status).toBe(200)
})

test('a client that keeps knocking at a limit writes one entry a minute for it', async () => {
  await pool({ total: poolTotal, rpm: 1, burst: 1 })
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  expect((await cedar.chat({}, { token })).status).toBe(200)
  const since = Math.floor(Date.now() / 60_000)
  const answers = await Promise.all(
    Array.from({ length: Math.min(50, world.atOnce) }, () => cedar.chat({}, { token })),
  )
  for (const answer of answers) expect(answer.status).toBe(429)
  const minutes = Math.floor(Date.now() / 60_000) - since + 1
  const refusals = (await world.entries('cedar')).filter(({ entry }) => told(entry).kind === 'refusal')
  expect(refusals.length).toBeGreaterThan(0)
  expect(refusals.length).toBeLessThanOrEqual(minutes)
})

test('a pool that the grant comes to name no more while a call runs is settled all the same', async () => {
  await pool()
  await using upstream = await heldUpstream(world)
  const running = world.raw('cedar').chat()
  while (upstream.held === 0) await new Promise(resolve => setTimeout(resolve, 5))
  await world.store.write({
    kind: 'update',
    key: keys.grant(world.grant('cedar')),
    change: { set: [[['meters'], [world.meterId('cedar')]]] },
  })
  upstream.release()
  expect((await running).status).toBe(200)
  expect((await meterOf('pool_valley')).leases).toEqual({})
  expect((await meterOf('pool_valley')).used).toBe((await meterOf(world.meterId('cedar'))).used)
})
