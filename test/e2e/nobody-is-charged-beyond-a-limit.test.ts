/** Invariant 2: on the partner whose grant has 10,000 tokens, whatever the concurrency and the aborts. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { reservedNow } from '../../shared/domain/meter.ts'
import { atRest, brokeDown, turnedAway } from '../world/busy.ts'
import { told } from '../world/entries.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

const total = 10_000
let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

interface Wave {
  readonly admitted: number
  readonly billed: number
  readonly codes: ReadonlyMap<string, number>
}

/** Calls at once, each read to its end; what the provider billed is in the replies. */
async function wave(calls: number, body: object = {}): Promise<Wave> {
  const prairie = world.raw('prairie')
  const token = await prairie.token()
  const codes = new Map<string, number>()
  let admitted = 0
  let billed = 0
  await Promise.all(
    Array.from({ length: calls }, async () => {
      const response = await prairie.chat(body, { token })
      const answer = (await response.json()) as {
        usage?: { total_tokens: number }
        error?: { sallyport: { code: string } }
      }
      if (response.status === 200) {
        admitted += 1
        billed += answer.usage?.total_tokens ?? Number.NaN
      } else {
        const code = answer.error?.sallyport.code ?? `http ${response.status}`
        codes.set(code, (codes.get(code) ?? 0) + 1)
      }
    }),
  )
  return { admitted, billed, codes }
}

test('calls all at once: none over, and further waves use at least 95 %', async () => {
  let billed = 0
  let admitted = 0
  let outage = false
  const expected = new Set([...turnedAway(world), 'budget_exhausted'])
  // Where few go at once, each takes more, so that the budget is not spent in forty waves.
  const size = world.live ? 20 : 60
  if (!world.live) await world.script({ tokens: size })
  for (let waves = 0; waves < 60; waves++) {
    const done = await wave(world.atOnce, { max_tokens: size })
    expect([...done.codes.keys()].filter(code => !expected.has(code))).toEqual([])
    // A call without an answer of the store may be charged what it had reserved.
    outage ||= brokeDown(done.codes.keys())
    if (outage) await atRest(world, world.meterId('prairie'))
    billed += done.billed
    admitted += done.admitted
    const meter = await world.meter('prairie')
    if (outage) expect(meter.used).toBeGreaterThanOrEqual(billed)
    else expect(meter.used).toBe(billed)
    expect(meter).toMatchObject({ remaining: total - meter.used, leases: {} })
    expect(meter.used).toBeLessThanOrEqual(total)
    if (done.admitted === 0) break
  }
  expect(billed).toBeGreaterThanOrEqual(0.95 * total)
  const outcomes = (await world.entries('prairie'))
    .map(({ entry }) => told(entry))
    .filter(one => one.kind === 'outcome')
  const charges = outcomes.map(({ charge }) => charge as number)
  expect(charges.reduce((sum, charge) => sum + charge, 0)).toBe((await world.meter('prairie')).used)
  const atACharge = charges.filter(charge => charge > 0).length
  if (outage) expect(atACharge).toBeGreaterThanOrEqual(admitted)
  else expect(atACharge).toBe(admitted)
})

test('at any moment, what is used, reserved and left is the whole', async () => {
  await world.script({ pace_ms: 2 })
  const running = wave(Math.min(64, world.atOnce))
  let settled = false
  void running.finally(() => {
    settled = true
  })
  let seen = 0
  while (!settled) {
    const meter = await world.meter('prairie')
    seen = Math.max(seen, Object.keys(meter.leases).length)
    expect(meter.remaining + meter.used + reservedNow(meter)).toBe(total)
    expect(meter.remaining).toBeGreaterThanOrEqual(0)
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(seen).toBeGreaterThan(world.live ? 5 : 1)
  expect(seen).toBeLessThanOrEqual(64)
})

test.each([
  ['breaks off', { break_after: 5, tokens: 100, times: 1 }],
  ['never says what it cost', { omit_usage: true, tokens: 10, times: 1 }],
])(
  'a stream whose upstream %s is charged at least what was produced, at most its reservation',
  async (_, script) => {
    await world.script(script)
    const prairie = world.raw('prairie')
    const response = await prairie.chat({ stream: true, max_tokens: 100 })
    await response.text().catch(() => undefined)
    const { used, leases } = await world.meter('prairie')
    const outcome = (await world.entries('prairie'))
      .map(({ entry }) => told(entry))
      .find(one => one.kind === 'outcome')
    expect(leases).toEqual({})
    expect(used).toBe(outcome?.charge)
    expect(used).toBeGreaterThanOrEqual((await world.stats()).tokens_produced)
    expect(used).toBeLessThanOrEqual(outcome?.reserve as number)
  },
)

test('an upstream error costs nothing; one that bills beyond the reservation is charged in full and closes the meter', async () => {
  await world.script({ fail: { status: 500, times: 1 }, bill: 1_000, times: 2 })
  const prairie = world.raw('prairie')
  expect((await prairie.chat()).status).toBe(502)
  expect(await world.meter('prairie')).toMatchObject({ used: 0, state: 'open' })
  expect((await prairie.chat()).status).toBe(200)
  const meter = await world.meter('prairie')
  expect(meter.used).toBeGreaterThan(total)
  expect(meter).toMatchObject({ state: 'closed', closed: 'overrun', remaining: total - meter.used })
  const outcomes = (await world.entries('prairie')).map(({ entry }) => told(entry))
  expect(outcomes).toContainEqual(
    expect.objectContaining({ kind: 'outcome', overrun: true, charge: meter.used }),
  )
  expect((await prairie.chat()).status).toBe(403)
})
