/** Somebody on duty stops a partner with one command: no fresh sign-in, nobody else awake, and all of it can be read later. */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepStored, type StoredSession } from '../../client/cli/auth-session.ts'
import type { Terminal } from '../../client/cli/terminal.ts'
import { at, textAt } from '../../client/json.ts'
import { writeSession } from '../../client/session.ts'
import { crowd, turnedAway } from '../world/busy.ts'
import { type Deciding, deciding, startSession } from '../world/governance.ts'
import { openWorld } from '../world/open.ts'
import { start } from '../world/process.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
let config: string
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
  config = join(world.data, 'config')
  // She signed in when her shift began.
  const session = await startSession({ issuer: world.issuer, login: 'nora', ago: 5 * 3_600 })
  const terminal: Pick<Terminal, 'env' | 'home'> = { env: { XDG_CONFIG_HOME: config }, home: config }
  await keepStored(terminal as Terminal, {
    ...((await writeSession(session)) as StoredSession),
    authenticated_at: new Date(Date.now() - 5 * 3_600_000).toISOString(),
  })
})
afterAll(() => world.close())

async function sallyport(...args: string[]) {
  const command = [process.execPath, 'client/cli/main.ts', '--endpoint', world.issuer, ...args]
  const env = { SALLYPORT_DATA: world.data, XDG_CONFIG_HOME: config, NO_COLOR: '1' }
  const run = start(env, command)
  return { code: await run.ended, out: run.out.join('\n'), err: run.err.join('\n') }
}

const text = 'Keys of theirs are for sale.'
const reason = ['--reason', 'security_incident', '--text', text, '--reference', 'INC-2027']

test('one command: the next request is refused, streams end, and what she saw and why stands in the log', async () => {
  const { streams: many, tries } = crowd(world)
  await world.script({ pace_ms: 100, tokens: 1_000 })
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  const prairie = world.raw('prairie')
  const others = await prairie.token()
  const texts = Promise.all(
    Array.from({ length: many }, async () => {
      const stream = await cedar.chat({ stream: true, max_tokens: 1_000 }, { token })
      return { text: await stream.text(), at: performance.now() }
    }),
  )
  while ((await world.stats()).in_flight < many) await new Promise(resolve => setTimeout(resolve, 10))

  const startedAt = performance.now()
  const done = await sallyport('--json', '--no-input', 'partner', 'suspend', 'cedar', ...reason)
  const tookMs = performance.now() - startedAt
  expect(done).toMatchObject({ code: 0 })
  expect(tookMs).toBeLessThan(10_000)

  const body = await (await cedar.chat({}, { token })).json()
  expect(at(body, 'error', 'sallyport', 'code')).toBe('partner_suspended')
  const ended = await texts
  for (const stream of ended) {
    const [, code = ''] = /"code":"(\w+)"/.exec(stream.text.trim().split('\n\n').at(-1) ?? '') ?? []
    // Where a store is too busy to be read again the stream is cut for that, as it must be.
    if (!turnedAway(world).has(code)) expect(code).toBe('partner_suspended')
    if (world.live) expect(stream.at - startedAt - tookMs).toBeLessThan(2_000)
  }
  let admitted = 0
  for (let tried = 0; tried < tries; tried += many) {
    const wave = Array.from({ length: many }, () => cedar.chat({}, { token }))
    for (const answer of await Promise.all(wave)) {
      if (answer.status !== 403 && (world.live || answer.status !== 503)) admitted += 1
      await answer.body?.cancel()
    }
  }
  expect(admitted).toBe(0)
  expect((await world.stats()).in_flight).toBe(0)
  expect((await cedar.tokenRequest()).status).not.toBe(200)
  await world.script({})
  expect((await prairie.chat({ max_tokens: 5 }, { token: others })).status).toBe(200)

  // She was told by when a second person has to stand by it, and what it hit.
  const told = JSON.parse(done.out) as unknown
  expect(told).toMatchObject({ step: 'applied', proposal: null, effects: { client_count: 1 } })
  if (world.live) expect(at(told, 'effects', 'streams')).toBe(many)
  expect(Date.parse(textAt(told, 'ratify_by') ?? '')).toBeGreaterThan(Date.now() + 23 * 3_600_000)

  // And later, by somebody else of either side.
  for (const login of ['omar', 'ada']) {
    const partner = await deciders.read(login, '/partners/cedar')
    expect(partner?.body).toMatchObject({
      state: 'suspended',
      stop: {
        by: { name: 'Nora Quill', organisation: 'ofr', role: 'nsa-admin' },
        reason: { code: 'security_incident', text, reference: 'INC-2027' },
        entry: textAt(told, 'entry'),
        ratify_by: textAt(told, 'ratify_by'),
        ratified: null,
      },
    })
    const entry = await deciders.read(login, `/entries/${textAt(told, 'entry')}`)
    const recorded = at(entry?.body, 'body')
    expect(textAt(recorded, 'comment')).toBe(text)
    expect(at(recorded, 'unmapped')).toMatchObject({
      decision: 'applied',
      action: 'partner.suspend',
      reason: 'security_incident',
      reference: 'INC-2027',
      shown: textAt(told, 'shown'),
      effects: { client_count: at(told, 'effects', 'client_count'), streams: at(told, 'effects', 'streams') },
      signatures: [{ organisation: 'ofr', role: 'nsa-admin' }],
    })
    const seconds = Number(at(recorded, 'unmapped', 'auth_time'))
    expect(Date.now() - seconds).toBeGreaterThan(4 * 3_600_000)
  }
  // The partner reads why, and appeals it.
  const priya = await deciders.read('priya', '/partners/cedar')
  expect(textAt(priya?.body, 'stop', 'reason', 'code')).toBe('security_incident')
})

test('the same sign-in is too old to let it go on again, and the command says what to do', async () => {
  const refused = await sallyport('--json', '--no-input', 'partner', 'reinstate', 'cedar', ...reason)
  expect(refused.code).not.toBe(0)
  expect(refused.err).toContain('fresh_sign_in_required')
  expect(textAt((await deciders.read('ada', '/partners/cedar'))?.body, 'state')).toBe('suspended')
})
