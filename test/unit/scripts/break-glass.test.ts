/** An operator's emergency hold: whom it stops, who is told, who reviews it, and what the command refuses. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { ratify } from '../../../functions/governance/engine/ratify.ts'
import { holdSubject, operators } from '../../../functions/governance/holds/holds.ts'
import { lapse } from '../../../functions/sweeper/run.ts'
import { foresee, placeEmergencyHold } from '../../../scripts/emergency-holds.ts'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { HoldScope } from '../../../shared/domain/records.ts'
import { judgeHolds } from '../../../shared/domain/standing.ts'
import {
  applied,
  day,
  type GrantWorld,
  grantWorld,
  start,
  told,
} from '../functions/governance/grant-world.ts'

const order = {
  scope: { organisation: 'cedar' },
  reason: { code: 'security_incident', text: 'The key was seen elsewhere.', reference: 'case 12' },
  operator: 'ada',
} as const

let world: GrantWorld
beforeEach(async () => {
  world = await grantWorld()
  await world.records.client()
})

const caller = { organisation: 'cedar', client: 'client_1', model: 'aurora' }

describe('an emergency hold', () => {
  test('is shown first, and nothing is changed by that', async () => {
    const seen = applied(await foresee(world.deps, order))
    expect(seen).toMatchObject({
      effects: { clientCount: 1, clients: [{ id: 'client_1' }] },
      organisations: ['cedar', 'halcyon', 'ofr'],
    })
    expect((await world.get(keys.standing)).holds).toEqual({})
  })

  test('refuses the next call, is in the log, and everybody concerned is told', async () => {
    const { hold, entry, reviewBy } = applied(await placeEmergencyHold(world.deps, order))
    expect(told(judgeHolds(await world.get(keys.standing), caller, world.now()))).toBe('hold_active')
    expect(await world.get(keys.hold(hold))).toMatchObject({
      state: 'active',
      placedBy: { name: 'ada', organisation: operators },
      stop: { breakGlass: true, ratifyBy: reviewBy, entry },
      until: start + 14 * day,
    })
    expect(reviewBy).toBe(start + day)
    expect(await world.entry(entry)).toMatchObject({
      decision: 'applied',
      action: 'hold.place',
      break_glass: true,
      reason: 'security_incident',
      reference: 'case 12',
    })
    const [logged] = await world.store.get([keys.entry(entry)])
    expect(JSON.parse(logged?.body ?? '{}').actor).toEqual({ app_name: 'break-glass by ada' })
    for (const organisation of ['cedar', 'halcyon', 'ofr'])
      expect(await world.get(keys.notice(`${entry}-${organisation}`))).toMatchObject({ type: 'hold.placed' })
  })

  test('asks for a review of those alone who can', async () => {
    const { hold, entry, reviewers } = applied(await placeEmergencyHold(world.deps, order))
    expect(reviewers).toEqual(['halcyon', 'ofr'])
    const ofThem = await world.get(keys.notice(`${entry}-ofr`))
    expect(ofThem).toMatchObject({ next: `sallyport hold ratify ${hold}` })
    expect(ofThem.text).toMatch(/Review it by /)
    const ofPartner = await world.get(keys.notice(`${entry}-cedar`))
    expect(ofPartner).toMatchObject({ next: `sallyport hold get ${hold}` })
    expect(ofPartner.text).not.toMatch(/review/i)
  })

  test('names the grants on which a mission hangs: they stop too', async () => {
    const seen = async (scope: HoldScope) =>
      applied(await foresee(world.deps, { ...order, scope })).effects.missions
    expect(await seen(order.scope)).toBeUndefined()
    await world.records.grant({ missionContinuity: true })
    const named = [{ id: 'grant_1', name: 'aurora' }]
    expect(await seen(order.scope)).toEqual(named)
    expect(await seen({ model: 'aurora' })).toEqual(named)
    // About the client, and not about the mission.
    expect(await seen({ client: 'client_1' })).toBeUndefined()
  })

  test('on a model alone tells the partners whose clients it stops', async () => {
    const scope = { model: 'aurora' }
    const { entry } = applied(await placeEmergencyHold(world.deps, { ...order, scope }))
    expect(await world.has(keys.notice(`${entry}-cedar`))).toBe(true)
    expect(await world.has(keys.notice(`${entry}-prairie`))).toBe(false)
  })

  test('is reviewed by somebody of an organisation, and missed otherwise', async () => {
    const { hold } = applied(await placeEmergencyHold(world.deps, order))
    const other = applied(
      await placeEmergencyHold(world.deps, { ...order, scope: { organisation: 'prairie' } }),
    )
    const record = await world.get(keys.hold(hold))
    const reviewed = await ratify(
      world.deps,
      await world.actor('dana'),
      { rev: record.rev, request: 'r' },
      async () => ({
        key: keys.hold(hold),
        action: 'hold.place',
        subject: holdSubject(record),
        stop: record.stop,
      }),
    )
    applied(reviewed)
    world.pass(day)
    expect(await lapse(world.deps)).toEqual({ stops_missed: 1 })
    expect((await world.get(keys.hold(other.hold))).stop.missed).toBe(true)
  })

  test('can be lifted by whoever decides about its subject', async () => {
    const { hold } = applied(await placeEmergencyHold(world.deps, order))
    expect(told(await world.decide('zoe', 'hold.lift', hold))).toBe('record_unknown')
    expect(told(await world.decide('dana', 'hold.lift', hold))).toBe('applied')
  })

  test('on nobody that is here is refused, and so are words with a marking', async () => {
    expect(told(await placeEmergencyHold(world.deps, { ...order, scope: { organisation: 'nobody' } }))).toBe(
      'record_unknown scope.organisation',
    )
    const reason = { ...order.reason, text: '(TS//SI) seen elsewhere' }
    expect(told(await placeEmergencyHold(world.deps, { ...order, reason }))).toBe(
      'classification_exceeded text',
    )
    expect((await world.get(keys.standing)).holds).toEqual({})
  })

  test('with a hundred holds in force there is no room', async () => {
    const hold = { scope: { client: 'x' }, reason: 'other', placedAt: start } as const
    const holds = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`hold_${i}`, hold]))
    await world.store.write({ kind: 'put', key: keys.standing, item: { holds, compromised: {} } })
    expect(told(await placeEmergencyHold(world.deps, order))).toBe('holds_full')
  })
})

describe('the command', () => {
  const said = ['--reason', 'security_incident', '--text', 'Seen elsewhere.', '--reference', 'case 12']
  const scope = ['--scope', 'organisation=cedar']

  async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const data = await mkdtemp(join(tmpdir(), 'break-glass-'))
    try {
      const file = openSqliteStore(join(data, 'sallyport.db'), Object.values(indexes))
      for (const key of [keys.standing, keys.organisation('cedar'), keys.client('client_1')])
        await file.write({ kind: 'put', key: key as never, item: (await world.get(key as never)) as object })
      file.close()
      const env = { PATH: process.env.PATH, SALLYPORT_DATA: data }
      return await promisify(execFile)(process.execPath, ['scripts/break-glass.ts', ...args], { env }).then(
        ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
        (error: { code: number; stdout: string; stderr: string }) => ({
          code: error.code,
          out: error.stdout,
          err: error.stderr,
        }),
      )
    } finally {
      await rm(data, { recursive: true })
    }
  }

  test('places it with --yes, and says whom it stops and who is told', async () => {
    const { code, out } = await run(...scope, ...said, '--yes')
    expect(code).toBe(0)
    expect(out).toContain('It stops organisation cedar: 1 client, client_1.')
    expect(out).toMatch(/The hold hold_\w+ is in force\./)
    expect(out).toMatch(/Entry: entry_\w+/)
  })

  test('explains itself', async () => {
    const { code, out } = await run('--help')
    expect(code).toBe(0)
    for (const option of ['--scope', '--reason', '--text', '--reference', '--dry-run', '--yes', '--stack'])
      expect(out).toContain(`  ${option} `)
    expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(100)
  })

  test('changes nothing in a dry run', async () => {
    const { code, out } = await run(...scope, ...said, '--dry-run')
    expect(code).toBe(0)
    expect(out).toContain('A dry run: nothing was changed.')
    expect(out).not.toContain('in force')
  })

  test.each([
    ['the scope', [...said, '--yes'], 'missing: --scope.'],
    ['all that is missing', ['--reason', 'other'], 'missing: --scope, --text, --reference.'],
    ['one that is none', ['--scope', 'planet=earth', ...said, '--yes'], '--scope planet: there are model'],
    ['a malformed one', ['--scope', 'cedar', ...said, '--yes'], '--scope cedar: write it as'],
    [
      'one twice',
      [...scope, '--scope', 'organisation=prairie', ...said],
      '--scope organisation stands twice',
    ],
    ['a country that is none', ['--scope', 'nationality=french', ...said], '--scope nationality'],
    ['the reason', [...scope, '--reason', 'bored', '--text', 'x', '--reference', 'y'], '--reason is one of'],
    ['the words', [...scope, '--reason', 'other', '--text', ' ', '--reference', 'y'], '--text says why'],
    [
      'the reference',
      [...scope, '--reason', 'other', '--text', 'x', '--reference', ' '],
      '--reference names your case',
    ],
    ['a code that is not assigned', ['--scope', 'nationality=UK', ...said], 'for UK write GB'],
    ['an option', [...scope, ...said, '--force'], "'--force'"],
    ['the confirmation', [...scope, ...said], 'give --yes'],
  ])('without a terminal, names what is wrong: %s', async (_, args, words) => {
    const { code, err, out } = await run(...args)
    expect(code).toBe(1)
    expect(err).toContain('Nothing was held: ')
    expect(err).toContain(words)
    expect(out).not.toContain('in force')
  })
})
