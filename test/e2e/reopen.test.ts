/** A provider that bills beyond its reservation: the one exception to invariant 2, which a person looks at. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keys } from '../../shared/domain/keys.ts'
import { told } from './entries.ts'
import { openWorld, quiet, type World } from './world.ts'

let world: World
let alarms: Record<string, unknown>[]
beforeEach(async () => {
  alarms = []
  const telemetry = {
    ...quiet,
    alarm: (name: string, facts: object) => void alarms.push({ name, ...facts }),
  }
  world = await openWorld({ wiring: { telemetry } })
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
  expect(closed).toMatchObject({
    state: 'closed',
    closed: 'overrun',
    closedBy: expect.any(String),
    leases: {},
  })
  expect(closed.used + closed.remaining).toBe(closed.limits.total)
  expect(closed.used - before).toBeGreaterThanOrEqual(Number(charge))
  expect(alarms).toEqual([{ name: 'overrun', entry: closed.closedBy, charge, reserved: reserve }])

  const refused = await cedar.chat()
  expect(refused.status).toBe(403)
  expect(await refused.json()).toMatchObject({
    error: { sallyport: { code: 'meter_closed', meter: 'grant_cedar' } },
  })

  const { stdout } = await reopen(
    'grant_cedar',
    '--raise',
    `overhead.request=${Number(charge)}`,
    '--reason',
    'the provider adds a system text of its own',
  )
  expect(stdout).toContain(`was billed ${charge} tokens and had reserved ${reserve}`)
  const opened = await world.meter('cedar')
  expect(opened).toMatchObject({ state: 'open', used: closed.used, rev: closed.rev + 1 })
  expect(opened).not.toHaveProperty('closed')
  expect(opened).not.toHaveProperty('closedBy')

  expect((await cedar.chat()).status).toBe(200)
  const entries = (await world.entries('cedar')).map(({ entry }) => told(entry))
  expect(entries).toContainEqual(
    expect.objectContaining({
      kind: 'reopening',
      meter: 'grant_cedar',
      model: 'aurora-preview',
      overrun: closed.closedBy,
      raised: { 'overhead.request': { from: 16, to: charge } },
    }),
  )
  const last = entries.filter(one => one.kind === 'outcome').at(-1)
  expect(last?.reserve).toBe(Number(reserve) + Number(charge) - 16)
})

describe('reopening is refused, and nothing changed,', () => {
  const reason = ['--reason', 'x']

  test('without a bound that is raised, told which command would do', async () => {
    const { charge, reserve } = await overrun()
    const needed = 16 + Number(charge) - Number(reserve)
    expect(await failed('grant_cedar')).toContain(`--raise overhead.request=${needed} --reason`)
    expect(await failed('grant_cedar', '--raise', `image=${charge}`)).toContain('say why')
    expect(await failed('grant_cedar', '--raise', 'overhead.request=16', ...reason)).toContain(
      'is 16 already',
    )
    expect(await failed('grant_cedar', '--raise', 'price=16', ...reason)).toContain('price is no figure')
    expect(await failed('grant_cedar', '--raise', 'image=-1', ...reason)).toContain('image=-1')
    expect(await world.meter('cedar')).toMatchObject({ state: 'closed' })
  })

  test('for a meter that is open, is not there, or was closed by a decision', async () => {
    const raise = ['--raise', 'overhead.request=100', ...reason]
    expect(await failed('grant_cedar', ...raise)).toContain('grant_cedar is open')
    expect(await failed('grant_nobody', ...raise)).toContain('no meter grant_nobody')
    await world.sallyport.store.write({
      kind: 'update',
      key: keys.meter('grant_cedar'),
      change: { set: [[['state'], 'closed']] },
    })
    expect(await failed('grant_cedar', ...raise)).toContain('by a decision')
    expect(await failed()).toContain('name one meter')
  })
})
