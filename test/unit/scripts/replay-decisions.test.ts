/** A registry that was restored has forgotten decisions: what stopped somebody is applied again, the rest is for people. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { lostOf, readLog } from '../../../scripts/lost-decisions.ts'
import { replay } from '../../../scripts/replays.ts'
import { liftAll, suspendAll } from '../../../scripts/restore-holds.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { judgeHolds } from '../../../shared/domain/authority.ts'
import { indexes, keys, type RecordKind } from '../../../shared/domain/keys.ts'
import type { Key } from '../../../shared/ports/store.ts'
import {
  applied,
  type GrantWorld,
  grantWorld,
  proposed,
  start,
  told,
} from '../functions/governance/grant-world.ts'

const kinds: readonly RecordKind[] = [
  'model',
  'organisation',
  'person',
  'client',
  'agreement',
  'grant',
  'proposal',
  'hold',
  'appeal',
]

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
})

/** Every governed record, and `standing`. */
async function registry(): Promise<ReadonlyMap<string, readonly [Key, object]>> {
  const found = new Map<string, readonly [Key, object]>()
  const add = async (key: Key) => {
    const [item] = await world.store.get([key])
    if (item) found.set(key.pk, [key, item])
  }
  for (const partition of kinds) {
    const page = await world.store.query({ index: indexes.byRecord, partition, order: 'asc', limit: 100 })
    for (const key of page.keys) await add(key)
  }
  await add(keys.standing)
  return found
}

/** Puts the records back as they were; those that came since are gone. Meters and entries are not the registry's. */
async function restore(copy: Awaited<ReturnType<typeof registry>>): Promise<void> {
  for (const [pk, [key]] of await registry())
    if (!copy.has(pk)) await world.store.write({ kind: 'remove', key })
  for (const [key, item] of copy.values()) await world.store.write({ kind: 'put', key, item })
}

const again = (dryRun = false) => replay(world.deps, { from: start + 1_000, operator: 'ada', dryRun })

const names = (lost: readonly { readonly decision: { readonly action: string; readonly step: string } }[]) =>
  lost.map(({ decision: { action, step } }) => (step === 'applied' ? action : `${action} ${step}`))

/** Since the copy: two stops, a revocation and a hold, a stop that was taken back, and what gave rights. */
async function lose(): Promise<void> {
  world.pass(60_000)
  const copy = await registry()
  world.pass(60_000)
  applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
  world.pass(1_000)
  applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'prairie' } }))
  world.pass(60_000)
  const revoke = proposed(await world.decide('dana', 'partner.revoke', 'cedar'))
  world.pass(60_000)
  applied(await world.answer('nora', 'approve', revoke))
  world.pass(1_000)
  applied(await world.decide('nora', 'partner.suspend', 'prairie'))
  world.pass(60_000)
  const back = proposed(await world.decide('dana', 'partner.reinstate', 'prairie'))
  world.pass(60_000)
  applied(await world.answer('nora', 'approve', back))
  world.pass(60_000)
  await restore(copy)
}

describe('after a restore', () => {
  test('to a moment between the date of a decision and its transaction, it is lost all the same', async () => {
    const copy = await registry()
    world.pass(60_000)
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    await restore(copy)
    const order = { from: world.now() + 500, operator: 'ada', dryRun: false }
    expect(names((await replay(world.deps, order)).applied)).toEqual(['partner.suspend'])
  })

  test('the registry has forgotten it, and the log has not', async () => {
    await lose()
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'active' })
    const lost = await lostOf(world.store, await readLog(world.store, start + 1_000))
    expect(names(lost.filter(({ restricts }) => restricts))).toEqual([
      'grant.suspend',
      'hold.place',
      'partner.revoke',
      'partner.suspend',
    ])
  })

  test('every partner is held first, by one change, and nobody else', async () => {
    await lose()
    expect(await suspendAll(world.deps, 'ada')).toEqual(['cedar', 'prairie'])
    const standing = await world.get(keys.standing)
    const caller = (organisation: string) => ({ organisation, client: 'c', model: 'aurora' })
    for (const id of ['cedar', 'prairie'])
      expect(told(judgeHolds(standing, caller(id), world.now()))).toBe('hold_active')
    expect(judgeHolds(standing, caller('halcyon'), world.now())).toBeUndefined()
    expect(told(await suspendAll(world.deps, 'ada'))).toBe('state_forbids')
  })

  test('a dry run says what would be applied, and changes nothing', async () => {
    await lose()
    const before = await registry()
    expect(names((await again(true)).applied)).toHaveLength(4)
    expect(await registry()).toEqual(before)
  })

  test('stops and revocations are in force again, with their entries, and by whom they were decided', async () => {
    await lose()
    applied(await suspendAll(world.deps, 'ada'))
    const { applied: done, needless, failed, forPeople } = await again()
    expect(names(done)).toEqual(['grant.suspend', 'hold.place', 'partner.revoke', 'partner.suspend'])
    expect([needless, failed]).toEqual([[], []])
    expect(names(forPeople)).toEqual([
      'partner.revoke proposed',
      'partner.reinstate proposed',
      'partner.reinstate',
    ])
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'revoked' })
    expect(await world.get(keys.organisation('prairie'))).toMatchObject({
      partner: 'suspended',
      stop: { by: { person: 'nora' } },
    })
    expect(await world.get(keys.grant('grant_1'))).toMatchObject({
      state: 'suspended',
      stop: { by: { person: 'nora', role: 'nsa-admin' } },
    })
    expect(await world.get(keys.hold('hold_1'))).toMatchObject({ state: 'active' })
    expect((await world.get(keys.standing)).holds).toHaveProperty('hold_1')
    expect(await world.meter()).toMatchObject({ state: 'closed' })
  })

  test('it can be run again: nothing is applied twice, and what people decided anew is not asked for again', async () => {
    await lose()
    applied(await suspendAll(world.deps, 'ada'))
    world.pass(20_000)
    await again()
    const before = await registry()
    const second = await again()
    expect(names(second.applied)).toEqual([])
    expect(names(second.forPeople)).toContain('partner.reinstate')
    expect(await registry()).toEqual(before)

    world.pass(20_000)
    const back = proposed(await world.decide('dana', 'partner.reinstate', 'prairie'))
    applied(await world.answer('nora', 'approve', back))
    expect(names((await again()).forPeople)).not.toContain('partner.reinstate')
    expect(await world.get(keys.organisation('prairie'))).toMatchObject({ partner: 'active' })
  })

  test('a proposal that was declined is not open again', async () => {
    const id = proposed(await world.decide('dana', 'partner.revoke', 'cedar'))
    world.pass(60_000)
    const copy = await registry()
    world.pass(60_000)
    applied(await world.answer('nora', 'decline', id))
    await restore(copy)
    expect(await world.get(keys.proposal(id))).toMatchObject({ state: 'open' })
    expect(names((await again()).applied)).toEqual(['partner.revoke declined'])
    expect(await world.get(keys.proposal(id))).toMatchObject({
      state: 'declined',
      ended: { by: { person: 'nora' } },
    })
    expect(names((await again()).applied)).toEqual([])
  })

  test('a stop of something that the registry has forgotten altogether stops nobody', async () => {
    const copy = await registry()
    world.pass(60_000)
    await world.records.grant({ id: 'grant_2', meters: [] })
    applied(await world.decide('dana', 'grant.suspend', 'grant_2'))
    await restore(copy)
    const { needless, failed } = await again()
    expect(needless.map(({ why }) => why)).toEqual([expect.stringContaining('grant_2')])
    expect(failed).toEqual([])
  })

  test('the end: nobody is held by the restore any more, and what was stopped stays so', async () => {
    await lose()
    applied(await suspendAll(world.deps, 'ada'))
    await again()
    expect(await liftAll(world.deps, 'ada')).toEqual(['cedar', 'prairie'])
    expect(Object.keys((await world.get(keys.standing)).holds)).toEqual(['hold_1'])
    expect(told(await liftAll(world.deps, 'ada'))).toBe('state_forbids')
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'revoked' })
  })
})

test('more partners than there is room for holds are refused, and the gate stays closed', async () => {
  const hold = { scope: { client: 'x' }, reason: 'other', placedAt: start } as const
  const holds = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`hold_${i}`, hold]))
  await world.store.write({ kind: 'put', key: keys.standing, item: { holds, compromised: {} } })
  expect(told(await suspendAll(world.deps, 'ada'))).toBe('holds_full')
  expect(Object.keys((await world.get(keys.standing)).holds)).toHaveLength(99)
})

describe('the command', () => {
  let data: string
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'replay-'))
    return () => rm(data, { recursive: true })
  })

  const open = () => openSqliteStore(join(data, 'sallyport.db'), Object.values(indexes))

  const run = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, ['scripts/replay-decisions.ts', ...args], {
      env: { PATH: process.env.PATH, SALLYPORT_DATA: data },
    }).then(
      ({ stdout }) => ({ code: 0, out: stdout, err: '' }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        out: error.stdout,
        err: error.stderr,
      }),
    )

  test('holds, applies again, lists and lifts, one after the other', async () => {
    await world.store.write({
      kind: 'update',
      key: keys.person('nora'),
      change: { set: [[['name'], 'nora\u001b[2J']] },
    })
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    const log = await readLog(world.store, start)
    await world.records.organisation({
      ...(await world.get(keys.organisation('cedar'))),
      partner: 'active',
    } as never)
    const file = open()
    for (const [key, item] of (await registry()).values()) await file.write({ kind: 'put', key, item })
    for (const { eid } of log)
      await file.write({ kind: 'put', key: keys.entry(eid), item: await world.get(keys.entry(eid)) })
    file.close()

    const from = new Date(start).toISOString()
    expect(await run('--suspend')).toMatchObject({
      code: 0,
      out: 'Held until you lift it: cedar, prairie.\n',
    })
    const dry = await run('--from', from, '--dry-run')
    expect(dry.out).toMatch(
      /^Would be applied again: \S+ partner.suspend organisation cedar by nora�\[2J \(entry_/,
    )
    const done = await run('--from', from, '--lift')
    expect(done.code).toBe(0)
    expect(done.out).toMatch(/^Applied again: .*cedar/)
    expect(done.out).not.toContain('\u001b')
    expect(done.out).toContain('1 applied again, 0 with nothing to do, 0 for people.')
    expect(done.out).toContain('No longer held: cedar, prairie.')
    const after = open()
    const [cedar, standing] = await after.get([keys.organisation('cedar'), keys.standing])
    after.close()
    expect(cedar).toMatchObject({ partner: 'suspended' })
    expect(standing?.holds).toEqual({})
  })

  test.each([
    [[], '--from is the moment'],
    [['--from', '2026-11-30 09:15'], '--from 2026-11-30 09:15: write it as'],
    [['--from', '2026-11-30T09:15:00'], 'write it as'],
    [['--lift'], '--from is the moment'],
    [['--suspend', '--lift', '--from', '2026-11-30T09:15:00Z'], '--suspend comes first'],
    [['--dry-run', '--suspend'], '--dry-run shows'],
  ])('names what is wrong: %j', async (args, words) => {
    const { code, err } = await run(...args)
    expect(code).toBe(1)
    expect(err).toContain(words)
  })
})
