/** After a restore: the meters are made to agree with the outcomes in the log. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { type Meter, renew } from '../../shared/domain/meter.ts'
import { leaveDeadCall } from '../world/dead-call.ts'
import { told } from '../world/entries.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

const beyondAnyCall = 17 * 60_000

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

const failed = (...args: string[]): Promise<string> =>
  world.operate('recount', '--reason', 'test', ...args).then(
    ({ stdout }) => `it did not fail: ${stdout}`,
    (error: { stderr: string }) => error.stderr,
  )

async function called(id: 'cedar' | 'prairie', calls: number): Promise<Meter> {
  const client = world.raw(id)
  const token = await client.token()
  for (let i = 0; i < calls; i++) expect((await client.chat({}, { token })).status).toBe(200)
  return world.meter(id)
}

/** As a restore would leave it that went back too far. */
const wreck = (id: string, change: Partial<Meter>) =>
  world.store.write({
    kind: 'update',
    key: keys.meter(id),
    change: { set: Object.entries(change).map(([name, value]) => [[name], value] as const) },
  })

test('a meter that was set back gets its figures from the outcomes, with an entry, and serves on', async () => {
  const right = await called('cedar', 3)
  const other = await called('prairie', 1)
  const wrong = { used: 1, remaining: right.limits.total - 1, dayUsed: 1, seq: 1 }
  await wreck(world.meterId('cedar'), wrong)

  const planned = await world.operate('recount', '--dry-run')
  expect(planned.stdout).toContain(`${world.meterId('cedar')}: used 1 → ${right.used}`)
  expect(planned.stdout).toContain('would be recounted')
  expect(await world.meter('cedar')).toMatchObject(wrong)

  const { stdout } = await world.operate('recount', '--reason', 'restored to noon')
  expect(stdout.split('\n')).toEqual([
    `${world.meterId('cedar')}: used 1 → ${right.used}, remaining ${wrong.remaining} → ${right.remaining}, ` +
      `today 1 → ${right.dayUsed}, seq 1 → 3`,
    'Of 2 meters 1 agrees with its outcomes, 1 was recounted.',
    '',
  ])
  const { used, remaining, dayUsed, seq, limits, state } = right
  expect(await world.meter('cedar')).toMatchObject({
    used,
    remaining,
    dayUsed,
    seq,
    limits,
    state,
    leases: {},
  })
  expect(await world.meter('prairie')).toEqual(other)
  const recounts = (await world.entries('cedar'))
    .map(({ entry }) => JSON.parse(entry.body))
    .filter(({ unmapped }) => unmapped.kind === 'recount')
  expect(recounts).toEqual([
    expect.objectContaining({
      actor: { user: { name: expect.stringMatching(/./) }, app_name: 'recount' },
      comment: 'restored to noon',
      unmapped: {
        kind: 'recount',
        meter: world.meterId('cedar'),
        before: { used: 1, remaining: wrong.remaining, today: 1, reserved: 0, seq: 1 },
        after: { used, remaining, today: dayUsed, reserved: 0, seq },
      },
    }),
  ])

  const after = await called('cedar', 1)
  expect(after).toMatchObject({ seq: 4, used: right.used + (after.used - used) })
  expect(after.used + after.remaining).toBe(limits.total)
  expect((await world.operate('recount', '--reason', 'again')).stdout).toContain(
    '2 agree with their outcomes, 0 were recounted',
  )
})

test('a call that nobody ended is charged what it reserved, and its reservation is not kept', async () => {
  const { used } = await called('cedar', 1)
  const eid = await leaveDeadCall(world, 700, beyondAnyCall)
  await wreck(world.meterId('cedar'), { used: 0 })
  await world.operate('recount', '--reason', 'test')
  expect(await world.meter('cedar')).toMatchObject({ used: used + 700, leases: {}, seqs: {}, lefts: {} })
  const meter = await world.meter('cedar')
  expect(meter.used + meter.remaining).toBe(meter.limits.total)
  const [intent, outcome] = await world.store.get([keys.entry(eid), keys.entry(`${eid}.outcome`)])
  expect(intent?.open).toBeUndefined()
  expect(outcome && told(outcome)).toMatchObject({
    ending: 'estimated',
    charge: 700,
    meters: [{ meter: world.meterId('cedar'), reserved: 700 }],
  })
})

test('while a call may be under way it refuses, and changes nothing', async () => {
  await called('cedar', 1)
  await leaveDeadCall(world, 700, beyondAnyCall)
  const young = await leaveDeadCall(world, 300, 60_000)
  // As whoever is at it keeps it.
  await world.store.write(renew(world.meterId('cedar'), young, Date.now() + 600_000))
  await wreck(world.meterId('cedar'), { used: 0 })
  const told = await failed()
  expect(told).toMatch(
    /calls may be under way: close the gate and run it again after \d{4}-\d\d-\d\dT.*Z\.\n$/,
  )
  const { used, leases } = await world.meter('cedar')
  expect(leases).toMatchObject({ [young]: { r: 300 } })
  // A sweeper that comes by on its schedule settles the dead call by itself.
  expect([0, 700]).toContain(used)
})

test('a meter that is gone is told, fails the run, and keeps none of the others', async () => {
  const right = await called('cedar', 1)
  const { used } = await called('prairie', 1)
  await world.store.write({ kind: 'remove', key: keys.meter(world.meterId('prairie')) })
  await wreck(world.meterId('cedar'), { used: 0 })
  expect(await failed()).toContain(
    `there is no meter ${world.meterId('prairie')}; its outcomes come to ${used} tokens`,
  )
  expect(await world.meter('cedar')).toMatchObject({ used: right.used, remaining: right.remaining })
})
