/** Governance on the command line against a running Sallyport, as the people of the demo use it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../client/cli/program.ts'
import { writeSession } from '../../client/index.ts'
import { signInAs } from '../../scripts/demo/browserless.ts'
import { RecordedTerminal } from '../unit/client/recorded-terminal.ts'
import { openWorld } from '../world/open.ts'
import { chatBody } from '../world/raw-client.ts'
import type { World } from '../world/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
  await Promise.all([signIn('ada'), signIn('boris'), signIn('nora'), signIn('priya')])
})
afterAll(() => world.close())

/** Each person has a machine of their own. `ago`: seconds that the authentication is old. */
const home = (who: string) => join(world.data, 'people', who)

async function signIn(login: string, who = login, ago?: number): Promise<void> {
  const { issuer } = world
  const session = await signInAs({ issuer, login, ...(ago !== undefined && { ago }) })
  const folder = join(home(who), 'sallyport', 'sessions')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const stored = { ...(await writeSession(session)), authenticated_at: new Date().toISOString() }
  const { host, pathname } = new URL(issuer)
  const name = `${host}${pathname}`.replace(/\/$/, '').replace(/[^A-Za-z0-9.-]+/g, '_')
  await writeFile(join(folder, `${name}.json`), JSON.stringify(stored), { mode: 0o600 })
}

async function as(who: string, ...args: string[]) {
  const terminal = new RecordedTerminal()
  Object.assign(terminal.env, { SALLYPORT_ENDPOINT: world.issuer, XDG_CONFIG_HOME: home(who) })
  const code = await run(args, terminal)
  return { code, out: terminal.stdout, err: terminal.stderr }
}
const json = async (who: string, ...args: string[]) => {
  const { out, err } = await as(who, '--json', ...args)
  expect(out, err).not.toBe('')
  return JSON.parse(out)
}
const why = ['--reason', 'security_incident', '--text', 'a key was seen elsewhere'] as const
const call = () =>
  world.gateway('cedar').fetch(`${world.issuer}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(chatBody),
  })

test('status says who one is, in which roles, and that the sign-in is fresh', async () => {
  expect(await json('ada', 'auth', 'status')).toMatchObject({
    name: 'Ada Lind',
    organisation: 'halcyon',
    roles: ['developer-admin'],
    fresh: true,
    confirmed: true,
    waits_on_me: { proposals: 0, stops: 0 },
  })
})

describe('a hold', () => {
  test('is previewed, placed, ratified by another person, and lifted', async () => {
    const preview = await as('ada', 'hold', 'preview', '--organisation', 'cedar')
    expect(preview).toMatchObject({ code: 0, out: expect.stringContaining('namely     triage-notes') })
    expect(await json('ada', 'hold', 'list')).toEqual([])
    expect((await call()).status).toBe(200)

    const placed = await as(
      'ada',
      'hold',
      'place',
      '--organisation',
      'cedar',
      ...why,
      '--reference',
      'case 7',
    )
    expect(placed).toMatchObject({ code: 0, out: expect.stringContaining('ratify by') })
    expect((await call()).status).toBe(403)

    const [{ id }] = await json('ada', 'hold', 'list')
    expect((await as('ada', 'hold', 'ratify', id)).code).toBe(5)
    expect(await as('boris', 'auth', 'status')).toMatchObject({
      out: expect.stringContaining(`sallyport hold ratify ${id}`),
    })
    expect((await as('boris', 'hold', 'ratify', id)).code).toBe(0)
    const lifted = await as('ada', 'hold', 'lift', id, '--reason', 'concern_resolved', '--text', 'all clear')
    expect(lifted.code).toBe(0)
    expect((await call()).status).toBe(200)
  })
})

describe('a partner', () => {
  test('is suspended by one person, and comes back by two, who see what they sign', async () => {
    expect((await as('ada', 'partner', 'suspend', 'cedar', ...why, '--dry-run')).code).toBe(0)
    expect(await json('ada', 'partner', 'get', 'cedar')).toMatchObject({ state: 'active' })
    expect(await as('ada', 'partner', 'suspend', 'cedar', ...why)).toMatchObject({
      code: 0,
      out: expect.stringContaining('they run   sallyport partner ratify cedar'),
    })
    expect((await call()).status).toBe(403)
    expect(await as('priya', 'auth', 'status')).toMatchObject({
      out: expect.stringContaining('security_incident, entered by Ada Lind: “a key was seen elsewhere”'),
    })

    const back = [
      'partner',
      'reinstate',
      'cedar',
      '--reason',
      'concern_resolved',
      '--text',
      'a new key',
    ] as const
    const proposed = await as('nora', ...back)
    expect(proposed).toMatchObject({ code: 3, out: expect.stringContaining('waits on   developer-admin') })
    expect((await as('nora', 'proposal', 'list', '--mine')).err).toContain('Nothing waits on you.')
    const [{ id }] = await json('ada', 'proposal', 'list', '--mine')
    expect((await as('nora', 'proposal', 'approve', id, '--yes')).code).toBe(5)
    expect((await as('ada', 'proposal', 'approve', id)).code).toBe(2)
    expect(await as('ada', 'proposal', 'approve', id, '--yes')).toMatchObject({
      code: 0,
      err: expect.stringContaining('changes    state: suspended → active'),
      out: expect.stringContaining('applied    partner.reinstate'),
    })
    expect((await call()).status).toBe(200)
  })

  test('is revoked with its id alone, and nothing is changed before', async () => {
    const revoke = ['partner', 'revoke', 'prairie', ...why] as const
    expect(await as('ada', ...revoke)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--confirm=prairie'),
    })
    expect(await json('ada', 'proposal', 'list')).toEqual([])
    expect((await as('ada', ...revoke, '--confirm=prairie')).code).toBe(3)
    const [{ id }] = await json('ada', 'proposal', 'list')
    expect(await as('ada', 'proposal', 'approve', id)).toMatchObject({
      code: 5,
      err: expect.stringContaining('It does not wait on you: you asked for it'),
    })
    expect((await as('nora', 'proposal', 'decline', id)).code).toBe(2)
    expect((await as('nora', 'proposal', 'decline', id, ...why)).code).toBe(0)
    expect(await json('ada', 'partner', 'get', 'prairie')).toMatchObject({ state: 'active' })
  })
})

test('grant quota stays under the ceiling, and grant approve finds what is proposed', async () => {
  const grant = world.grant('cedar')
  const words = ['--reason', 'operational', '--text', 'as agreed'] as const
  expect((await as('ada', 'grant', 'quota', grant, '--total', '999_000_000', ...words)).code).toBe(5)
  expect(await as('ada', 'grant', 'quota', grant, '--rpm', '3000', ...words)).toMatchObject({ code: 0 })
  const [own] = (await json('ada', 'grant', 'get', grant)).quota
  expect(own.limits).toMatchObject({ total: 50_000_000, rpm: 3000, streams: 64 })

  expect((await as('ada', 'grant', 'continuity', grant, 'on', ...words)).code).toBe(3)
  expect((await as('nora', 'grant', 'approve', grant, '--yes')).code).toBe(0)
  expect(await json('nora', 'grant', 'get', grant)).toMatchObject({ mission_continuity: true })
})

test('the commands of a person share a token, and a session that was ended has none', async () => {
  await signIn('boris', 'boris-elsewhere')
  const issuances = async () => {
    const entries = await json('boris', 'log', 'tail', '-n', '1000', '--all', '--decided')
    return entries.filter(
      (one: { body: { unmapped: { kind: string } } }) => one.body.unmapped.kind === 'issuance',
    ).length
  }
  await as('boris-elsewhere', 'session', 'list')
  const before = await issuances()
  for (let i = 0; i < 3; i++) expect((await as('boris-elsewhere', 'partner', 'list')).code).toBe(0)
  expect(await issuances()).toBe(before)

  const sessions = await json('boris-elsewhere', 'session', 'list')
  const { id } = sessions.find((one: { current: boolean }) => one.current)
  expect((await as('boris', 'session', 'end', id)).code).toBe(0)
  expect((await as('boris-elsewhere', 'partner', 'list')).code).toBe(4)
})

test('exit codes say who has to do something', async () => {
  expect((await as('nobody', 'partner', 'list')).code).toBe(4)
  expect((await as('ada', 'partner', 'get', 'nowhere')).code).toBe(7)
  expect((await as('priya', 'partner', 'suspend', 'cedar', ...why)).code).toBe(5)
  expect((await as('ada', 'partner', 'suspend', 'cedar')).code).toBe(2)
  await signIn('ada', 'ada-of-yesterday', 600)
  const old = await as('ada-of-yesterday', 'rules', 'change', '--proposal-hours', '48', ...why)
  expect(old).toMatchObject({ code: 4, err: expect.stringContaining('sallyport auth login --fresh') })
  // A stop asks for no fresh sign-in.
  expect((await as('ada-of-yesterday', 'hold', 'preview', '--model', 'aurora-preview')).code).toBe(0)
})

test('tables fit 80 columns', async () => {
  const agreement = world.agreement('cedar')
  const found = await as(
    'priya',
    ...['finding', 'report', '--kind', 'incident', '--model', 'aurora-preview', '--severity', 'high'],
    ...[
      '--title',
      'Somebody else has read what the model had answered to a doctor of ours',
      '--text',
      'On a screen.',
    ],
    ...['--discovered', new Date(Date.now() - 3_600_000).toISOString()],
  )
  expect(found, found.err).toMatchObject({ code: 0 })
  for (const args of [
    ['finding', 'list'],
    ['review', 'list'],
    ['opinion', 'list', 'aurora-preview'],
    ['agreement', 'clauses'],
    ['agreement', 'templates'],
    ['agreement', 'versions', agreement],
    ['model', 'ledger', 'aurora-preview'],
    ['partner', 'list'],
    ['grant', 'list'],
    ['client', 'list'],
    ['person', 'list'],
    ['org', 'list'],
    ['agreement', 'list'],
    ['model', 'list'],
    ['inbox'],
    ['proposal', 'list', '--state', 'all'],
    ['session', 'list'],
    ['log', 'tail', '--decided'],
    ['statistics'],
    ['rules', 'get'],
  ]) {
    // A finding that nobody was handed is its reporter's and the developer's.
    const { code, out } = await as(args[0] === 'finding' ? 'ada' : 'nora', ...args)
    expect({ args, code }).toEqual({ args, code: 0 })
    for (const line of out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  }
})
