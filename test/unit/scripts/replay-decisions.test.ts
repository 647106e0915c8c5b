/** A registry that was restored has forgotten decisions: what stopped somebody is applied again, the rest is for people. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { quotasOf } from '../../../functions/api/quota.ts'
import { lapse } from '../../../functions/sweeper/run.ts'
import { lostOf, readLog } from '../../../scripts/lost-decisions.ts'
import { replay } from '../../../scripts/replays.ts'
import { beginRestoring, endRestoring } from '../../../scripts/restoring.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys, type RecordKind } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { judgeRestoring } from '../../../shared/domain/standing.ts'
import type { Key } from '../../../shared/ports/store.ts'
import {
  applied,
  day,
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

const begun = async () => {
  const done = await beginRestoring(world.deps, 'ada')
  if (done instanceof Refusal) throw new Error(done.facts.detail)
  return done
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

  test('an agreement is suspended again, whatever version of it the copy has', async () => {
    await world.records.agreement({ digest: 'digest-0' })
    const copy = await registry()
    world.pass(60_000)
    await world.records.agreement()
    applied(await world.decide('nora', 'agreement.suspend', 'agreement_1', { digest: 'digest-1' }))
    await restore(copy)
    expect(names((await again()).applied)).toEqual(['agreement.suspend'])
    expect(await world.get(keys.agreement('agreement_1'))).toMatchObject({
      state: 'suspended',
      digest: 'digest-0',
      stop: { by: { person: 'nora' } },
    })
    expect((await world.meter()).state).toBe('closed')
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

  test('no workload is admitted from its beginning on, by one change with its entry, and all are told', async () => {
    await lose()
    const { restoring, goesOn } = await begun()
    expect(goesOn).toBe(false)
    expect(told(judgeRestoring(await world.get(keys.standing)))).toBe('restoring')
    const [entry] = await world.store.get([keys.entry(restoring.entry)])
    expect(JSON.parse(entry?.body ?? '{}')).toMatchObject({
      actor: { app_name: 'replay-decisions by ada' },
      unmapped: { action: 'hold.place', params: { restore: true }, organisation: 'everyone' },
    })
    for (const organisation of ['cedar', 'prairie', 'halcyon', 'ofr'])
      expect(await world.get(keys.notice(`${restoring.entry}-${organisation}`))).toMatchObject({
        type: 'registry.restoring',
        text: 'The records were restored: no workload is admitted until they are looked through.',
      })
  })

  test('begun twice, the first goes on: what was decided since then is not looked for', async () => {
    await lose()
    const { restoring } = await begun()
    world.pass(60_000)
    expect(await begun()).toEqual({ restoring, goesOn: true })
  })

  test('a copy from within an earlier restore carries that one: it begins anew, and its end is not taken for known', async () => {
    const first = await begun()
    const copy = await registry()
    world.pass(60_000)
    await endRestoring(world.deps, 'ada', first.restoring)
    world.pass(60_000)
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    world.pass(60_000)
    await restore(copy)
    const second = await begun()
    expect(second.goesOn).toBe(false)
    expect(second.restoring.entry).not.toBe(first.restoring.entry)
    expect(names((await again()).applied)).toEqual(['partner.suspend'])
    expect(told(await endRestoring(world.deps, 'ada', first.restoring))).toBe('state_forbids')
    expect(told(judgeRestoring(await world.get(keys.standing)))).toBe('restoring')
  })

  test('of two who begin at the same moment one does, and the other is told', async () => {
    await lose()
    const both = await Promise.all([beginRestoring(world.deps, 'ada'), beginRestoring(world.deps, 'boris')])
    expect(both.filter(one => one instanceof Refusal).map(told)).toEqual(['state_forbids'])
  })

  test('a dry run says what would be applied, and changes nothing', async () => {
    await lose()
    const before = await registry()
    expect(names((await again(true)).applied)).toHaveLength(4)
    expect(await registry()).toEqual(before)
  })

  test('stops and revocations are in force again, with their entries, and by whom they were decided', async () => {
    await lose()
    await begun()
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
    await begun()
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

  test('nor are those that were declined within moments of their opening', async () => {
    const ids: string[] = []
    for (let i = 0; i < 4; i += 1) ids.push(proposed(await world.decide('dana', 'partner.revoke', 'cedar')))
    const copy = await registry()
    world.pass(1)
    for (const id of ids) applied(await world.answer('nora', 'decline', id))
    await restore(copy)
    const { applied: done, forPeople } = await replay(world.deps, {
      from: start,
      operator: 'ada',
      dryRun: true,
    })
    expect(names(done)).toEqual(ids.map(() => 'partner.revoke declined'))
    expect(names(forPeople)).toEqual([])
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

  test('the end: workloads are admitted again, and what was stopped stays so', async () => {
    await lose()
    const { restoring } = await begun()
    await again()
    expect(await endRestoring(world.deps, 'ada', restoring)).toBe(true)
    const standing = await world.get(keys.standing)
    expect(judgeRestoring(standing)).toBeUndefined()
    expect(Object.keys(standing.holds)).toEqual(['hold_1'])
    expect(told(await endRestoring(world.deps, 'ada', restoring))).toBe('state_forbids')
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'revoked' })
  })
})

describe('the command', () => {
  let data: string
  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'replay-'))
    // The command goes by the clock of the machine.
    world.pass(Date.now() - 3_600_000 - world.now())
    return () => rm(data, { recursive: true })
  })

  const open = () => openSqliteStore(join(data, 'sallyport.db'), Object.values(indexes))
  const env = () => ({ PATH: process.env.PATH, SALLYPORT_DATA: data })
  const hourAgo = () => new Date(world.now()).toISOString()

  const run = (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, ['scripts/replay-decisions.ts', ...args], { env: env() }).then(
      ({ stdout }) => ({ code: 0, out: stdout, err: '' }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        out: error.stdout,
        err: error.stderr,
      }),
    )

  async function standing() {
    const file = open()
    try {
      const [found] = await file.get([keys.standing])
      return found
    } finally {
      file.close()
    }
  }

  /** What `decisions` does stands in the log of the file, and its registry is older. */
  async function forgotten(decisions: () => Promise<void>): Promise<string> {
    const from = hourAgo()
    world.pass(60_000)
    const copy = await registry()
    await decisions()
    const file = open()
    for (const [key, item] of copy.values()) await file.write({ kind: 'put', key, item })
    for (const { eid } of await readLog(world.store, Date.parse(from)))
      await file.write({ kind: 'put', key: keys.entry(eid), item: await world.get(keys.entry(eid)) })
    file.close()
    return from
  }

  test('begins, shows, applies again, lists, and ends', async () => {
    await world.store.write({
      kind: 'update',
      key: keys.person('nora'),
      change: { set: [[['name'], 'nora\u001b[2J']] },
    })
    const from = await forgotten(async () => {
      applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    })
    const dry = await run('--from', from, '--dry-run')
    expect(dry.out).toMatch(
      /^Would be applied again: \S+ partner.suspend organisation cedar by nora�\[2J \(entry_/,
    )
    expect(await standing()).not.toHaveProperty('restoring')

    expect(await run('--suspend')).toMatchObject({ code: 0, out: 'No workload is admitted from now on.\n' })
    const { restoring } = (await standing()) ?? {}
    expect(restoring).toMatchObject({ by: userInfo().username })

    const kept = await run('--from', from, '--keep')
    expect(kept.code).toBe(0)
    expect(kept.out).toMatch(/^No workload is admitted, since .*\nApplied again: .*cedar/)
    expect(kept.out).not.toContain('\u001b')
    expect(await standing()).toMatchObject({ restoring })

    const done = await run('--from', from)
    expect(done.code).toBe(0)
    expect(done.out).toContain('0 applied again, 0 with nothing to do, 0 for people.')
    expect(done.out).toMatch(/\nWorkloads are admitted again.\n$/)
    expect(await standing()).not.toHaveProperty('restoring')
    const after = open()
    const [cedar] = await after.get([keys.organisation('cedar')])
    after.close()
    expect(cedar).toMatchObject({ partner: 'suspended' })
  })

  test('does not end where something could not be applied, and says so by its exit code', async () => {
    const from = await forgotten(async () => {
      applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'prairie' } }))
    })
    const hold = { scope: { client: 'x' }, reason: 'other', placedAt: start } as const
    const full = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`hold_full_${i}`, hold]))
    const file = open()
    await file.write({ kind: 'put', key: keys.standing, item: { holds: full, compromised: {} } })
    file.close()
    const { code, err } = await run('--from', from)
    expect(code).toBe(1)
    expect(err).toContain('Not applied: ')
    expect(err).toContain('No workload is admitted until this is run again.')
    expect(await standing()).toHaveProperty('restoring')
  })

  test('killed in the middle, no workload is admitted; run again, it goes on and ends', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `hold_${i}`)
    const from = await forgotten(async () => {
      for (const id of ids) {
        world.pass(1_000)
        applied(await world.decide('nora', 'hold.place', id, { scope: { organisation: 'prairie' } }))
      }
    })
    const child = spawn(process.execPath, ['scripts/replay-decisions.ts', '--from', from], { env: env() })
    const closed = once(child, 'close')
    const file = open()
    for (;;) {
      const [found] = await file.get([keys.standing])
      if (Object.keys(found?.holds ?? {}).length > 0) break
      if (child.exitCode !== null) throw new Error('it was not in the middle any more')
      await setTimeout(2)
    }
    child.kill('SIGKILL')
    await closed
    file.close()
    const left = await standing()
    expect(Object.keys(left?.holds ?? {}).length).toBeLessThan(ids.length)
    expect(left && told(judgeRestoring(left))).toBe('restoring')

    const { code, out } = await run('--from', from)
    expect([code, out]).toEqual([0, expect.stringMatching(/Workloads are admitted again.\n$/)])
    const whole = await standing()
    expect(Object.keys(whole?.holds ?? {}).sort()).toEqual(ids.toSorted())
    expect(whole).not.toHaveProperty('restoring')
  })

  test('a moment after the beginning is not one that the registry was restored to', async () => {
    await forgotten(async () => {})
    const { code, err } = await run('--from', new Date(Date.now() + 60_000).toISOString())
    expect(code).toBe(1)
    expect(err).toContain('--from is a moment before')
    expect(await standing()).toHaveProperty('restoring')
  })

  test.each([
    [[], '--from is the moment'],
    [['--from', '2026-11-30 09:15'], '--from 2026-11-30 09:15: write it as'],
    [['--from', '2026-11-30T09:15:00'], 'write it as'],
    [['--keep'], '--from is the moment'],
    [['--suspend', '--from', '2026-11-30T09:15:00Z'], '--suspend stands alone'],
    [['--dry-run', '--suspend'], '--suspend stands alone'],
    [['--dry-run', '--keep', '--from', '2026-11-30T09:15:00Z'], '--dry-run shows'],
    [['--suspend', '--registry-table', 'restored'], '--stack names it'],
  ])('names what is wrong: %j', async (args, words) => {
    const { code, err } = await run(...args)
    expect(code).toBe(1)
    expect(err).toContain(words)
  })
})

describe('a hold that the government placed since the copy', () => {
  const placed = async () => {
    world.pass(60_000)
    const copy = await registry()
    world.pass(60_000)
    const at = world.now()
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'prairie' } }))
    return { copy, at }
  }

  test('ends when it was to end', async () => {
    const { copy, at } = await placed()
    world.pass(10 * day)
    await restore(copy)
    await begun()
    expect(names((await again()).applied)).toEqual(['hold.place'])
    expect((await world.get(keys.standing)).holds.hold_1?.until).toBe(at + 14 * day)
  })

  test('and has lapsed since is not placed again', async () => {
    const { copy } = await placed()
    world.pass(15 * day)
    await lapse(world.deps)
    expect((await world.get(keys.hold('hold_1'))).state).toBe('lapsed')
    await restore(copy)
    await begun()
    expect(names((await again()).needless.map(({ lost }) => lost))).toEqual(['hold.place'])
    expect((await world.get(keys.standing)).holds).toEqual({})
  })
})

describe('a stop by somebody who does not see it in the copy', () => {
  const set = (key: Key, path: string, value: unknown) =>
    world.store.write({ kind: 'update', key, change: { set: [[[path], value]] } })

  test('because they got their role since is applied all the same', async () => {
    await set(keys.person('nora'), 'roles', [])
    world.pass(60_000)
    const copy = await registry()
    await set(keys.person('nora'), 'roles', ['nsa-admin'])
    world.pass(60_000)
    applied(await world.decide('nora', 'hold.place', 'hold_1', { scope: { organisation: 'prairie' } }))
    world.pass(60_000)
    applied(await world.decide('nora', 'partner.suspend', 'cedar'))
    world.pass(60_000)
    applied(await world.decide('nora', 'grant.suspend', 'grant_1'))
    world.pass(60_000)
    await restore(copy)
    await begun()
    const { applied: done, needless, failed } = await again()
    expect(names(done)).toEqual(['hold.place', 'partner.suspend', 'grant.suspend'])
    expect([needless, failed]).toEqual([[], []])
    expect(await world.get(keys.organisation('cedar'))).toMatchObject({ partner: 'suspended' })
  })

  test('because their office selects the partner since is applied all the same', async () => {
    await set(keys.organisation('prairie'), 'governments', [])
    world.pass(60_000)
    const copy = await registry()
    await set(keys.organisation('prairie'), 'governments', ['ofr'])
    world.pass(60_000)
    applied(await world.decide('nora', 'partner.suspend', 'prairie'))
    world.pass(60_000)
    await restore(copy)
    await begun()
    expect(names((await again()).applied)).toEqual(['partner.suspend'])
    expect(await world.get(keys.organisation('prairie'))).toMatchObject({ partner: 'suspended' })
  })
})

test('while it stands, a quota says what the gate would', async () => {
  await begun()
  const [quota] = await quotasOf(world.store, await world.get(keys.organisation('cedar')), world.now())
  expect(quota?.refused?.code).toBe('restoring')
})
