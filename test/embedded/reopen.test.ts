/** A provider that bills beyond its reservation: the one exception to invariant 2, which a person looks at. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { freshMeter } from '../../shared/domain/meter.ts'
import type { WriteOp } from '../../shared/ports/store.ts'
import { type EmbeddedWorld, openEmbedded, quiet } from '../world/embedded.ts'
import { told } from '../world/entries.ts'

let world: EmbeddedWorld
let alarms: Record<string, unknown>[]
beforeEach(async () => {
  alarms = []
  const telemetry = {
    ...quiet,
    alarm: (name: string, facts: object) => void alarms.push({ name, ...facts }),
  }
  world = await openEmbedded({ wiring: { telemetry } })
})
afterEach(() => world.close())

const run = promisify(execFile)
const reopen = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run('node', ['scripts/reopen.ts', ...args], { env: { PATH: process.env.PATH, SALLYPORT_DATA: world.data } })
const failed = (...args: string[]): Promise<string> =>
  reopen(...args).then(
    ({ stdout }) => `it did not fail: ${stdout}`,
    (error: { stderr: string }) => error.stderr,
  )

/** The outcome of a call that is billed ten times what it reserves. */
async function overrun(): Promise<Record<string, unknown>> {
  const cedar = world.raw('cedar')
  expect((await cedar.chat()).status).toBe(200)
  const outcomes = async () =>
    (await world.entries('cedar')).map(({ entry }) => told(entry)).filter(one => one.kind === 'outcome')
  const [{ reserve } = {}] = await outcomes()
  const bill = { input_tokens: 9 * Number(reserve), output_tokens: Number(reserve) }
  await world.script({ bill, times: 1 })
  expect((await cedar.chat()).status).toBe(200)
  const found = (await outcomes()).find(one => one.overrun)
  expect(found).toMatchObject({ charge: 10 * Number(reserve), reserve })
  return found ?? {}
}

test('it is charged in full, flagged, alarmed, and its meter closed until a bound is raised', async () => {
  const cedar = world.raw('cedar')
  const before = (await world.meter('cedar')).used
  const { charge, reserve } = await overrun()
  const closed = await world.meter('cedar')
  const [call = ''] = Object.keys(closed.overruns)
  expect(closed).toMatchObject({ state: 'closed', closed: 'overrun', leases: {} })
  expect(closed.overruns).toEqual({ [call]: Number(charge) - Number(reserve) })
  expect(closed.used + closed.remaining).toBe(closed.limits.total)
  expect(closed.used - before).toBeGreaterThanOrEqual(Number(charge))
  expect(alarms).toEqual([{ name: 'overrun', entry: call, charge, reserved: reserve }])

  const refused = await cedar.chat()
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({
    error: { sallyport: { code: 'meter_closed', meter: world.meterId('cedar') } },
  })

  const { stdout } = await reopen(
    world.meterId('cedar'),
    '--raise',
    `overhead.request=${Number(charge)}`,
    '--reason',
    'the provider adds a system text of its own',
  )
  expect(stdout).toContain(`was billed ${charge} tokens and had reserved ${reserve}`)
  const opened = await world.meter('cedar')
  expect(opened).toMatchObject({ state: 'open', used: closed.used, rev: closed.rev + 1 })
  expect(opened).not.toHaveProperty('closed')
  expect(opened.overruns).toEqual({})

  expect((await cedar.chat()).status).toBe(200)
  const entries = (await world.entries('cedar')).map(({ entry }) => told(entry))
  expect(entries).toContainEqual(
    expect.objectContaining({
      kind: 'reopening',
      meters: [world.meterId('cedar')],
      model: 'aurora-preview',
      overruns: [call],
      raised: { 'overhead.request': { from: 16, to: charge } },
    }),
  )
  const reserves = entries.filter(one => one.kind === 'outcome').map(one => Number(one.reserve))
  expect(Math.max(...reserves)).toBe(Number(reserve) + Number(charge) - 16)
})

test('one bill closes every meter of its call, and one raise opens them all', async () => {
  const { store } = world
  const limits = { total: 1_000_000, rpm: 6_000, burst: 100, streams: 256 }
  const pool = freshMeter('pool_valley', limits, Date.now(), 'pool')
  await store.write({ kind: 'put', key: keys.meter(pool.id), item: pool })
  for (const id of ['cedar', 'prairie'] as const)
    await store.write({
      kind: 'update',
      key: keys.grant(world.grant(id)),
      change: { set: [[['meters'], [world.meterId(id), pool.id]]] },
    })
  await world.script({ pace_ms: 20, tokens: 10, bill: 100, times: 2 })
  const calls = await Promise.all([
    world.raw('cedar').chat({ stream: true }),
    world.raw('prairie').chat({ stream: true }),
  ])
  for (const call of calls) expect(await call.text()).toContain('[DONE]')
  expect((await world.raw('cedar').chat()).status).toBe(403)
  const { stdout } = await reopen(world.meterId('cedar'), '--raise', 'overhead.request=2000', '--reason', 'x')
  expect(stdout.match(/was billed/g)).toHaveLength(2)
  for (const id of [world.meterId('cedar'), world.meterId('prairie'), 'pool_valley']) {
    expect(stdout).toContain(`${id} is open`)
    const [meter] = await store.get([keys.meter(id)])
    expect(meter).toMatchObject({ state: 'open', overruns: {} })
  }
})

test('what a decision has closed, before a bill or after it, stays closed', async () => {
  const { store } = world
  const decide: WriteOp = {
    kind: 'update',
    key: keys.meter(world.meterId('cedar')),
    change: { set: [[['state'], 'closed']], add: [[['rev'], 1]], remove: [['closed']] },
  }
  await world.script({ pace_ms: 50, tokens: 10, bill: 100, times: 1 })
  const running = world.raw('cedar').chat({ stream: true })
  while (Object.keys((await world.meter('cedar')).leases).length === 0) await new Promise(setImmediate)
  await store.write(decide)
  await (await running).text()
  const meter = await world.meter('cedar')
  expect(Object.values(meter.overruns)).toHaveLength(1)
  expect(meter).not.toHaveProperty('closed')
  expect(alarms).toHaveLength(1)
  const raise = ['--raise', 'overhead.request=9000', '--reason', 'x']
  expect(await failed(world.meterId('cedar'), ...raise)).toContain('by a decision')
})

describe('reopening is refused, and nothing changed,', () => {
  const reason = ['--reason', 'x']

  test('without a bound that is raised, told which command would do', async () => {
    const { charge, reserve } = await overrun()
    const needed = 16 + Number(charge) - Number(reserve)
    expect(await failed(world.meterId('cedar'))).toContain(`--raise overhead.request=${needed} --reason`)
    expect(await failed(world.meterId('cedar'), '--raise', `image=${charge}`)).toContain('say why')
    expect(await failed(world.meterId('cedar'), '--raise', 'overhead.request=16', ...reason)).toContain(
      'is 16 already',
    )
    expect(await failed(world.meterId('cedar'), '--raise', 'price=16', ...reason)).toContain(
      'price is no figure',
    )
    expect(await failed(world.meterId('cedar'), '--raise', 'image=-1', ...reason)).toContain('image=-1')
    const twice = ['--raise', 'image=9000', '--raise', 'image=9001']
    expect(await failed(world.meterId('cedar'), ...twice, ...reason)).toContain('raised twice')
    expect(await failed(world.meterId('cedar'), '--raise', 'image=9999999999', ...reason)).toContain(
      'a whole budget',
    )
    expect(await failed(world.meterId('cedar'), '--raise', 'image=9000', '--reason', ' ')).toContain(
      'say why',
    )
    await world.store.write({
      kind: 'update',
      key: keys.model('aurora-preview'),
      change: { remove: [['tokens', 'image']] },
    })
    expect(await failed(world.meterId('cedar'), '--raise', 'image=9000', ...reason)).toContain(
      'no figure image',
    )
    expect(await world.meter('cedar')).toMatchObject({ state: 'closed' })
  })

  test('for a meter that is open, is not there, or was closed by a decision', async () => {
    const raise = ['--raise', 'overhead.request=100', ...reason]
    expect(await failed(world.meterId('cedar'), ...raise)).toContain(`${world.meterId('cedar')} is open`)
    expect(await failed('grant_nobody', ...raise)).toContain('no meter grant_nobody')
    await world.store.write({
      kind: 'update',
      key: keys.meter(world.meterId('cedar')),
      change: { set: [[['state'], 'closed']] },
    })
    expect(await failed(world.meterId('cedar'), ...raise)).toContain('by a decision')
    expect(await failed()).toContain('name one meter')
  })
})
