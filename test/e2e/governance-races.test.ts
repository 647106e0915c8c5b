/** Decisions at the same moment: one outcome, one entry each, and nothing in between. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import type { Answer } from '../../client/person.ts'
import { subjectOf } from '../../scripts/demo/people.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { maxActiveHolds } from '../../shared/domain/holds.ts'
import { keys } from '../../shared/domain/keys.ts'
import { reservedNow } from '../../shared/domain/meter.ts'
import { entriesOf, told } from '../world/entries.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { inDays, limits, nomination, termsFor } from '../world/governance-subjects.ts'
import { openWorld } from '../world/open.ts'
import type { World } from '../world/world.ts'

let world: World
let deciders: Deciding
/** How often each race is run. */
let times: readonly number[]
beforeAll(async () => {
  world = await openWorld()
  deciders = deciding(world)
  times = Array.from({ length: world.live ? 8 : 1 }, (_, i) => i)
  for (const login of ['ada', 'boris', 'nora', 'omar', 'priya']) await deciders.as(login)
})
afterAll(() => world.close())

const outcome = (answer: Answer): string =>
  answer.status < 300
    ? (textAt(answer.body, 'state') ?? textAt(answer.body, 'step') ?? '')
    : `${answer.status} ${codeOf(answer)}`
const answerTo = (login: string, path: string, verb: string): Promise<Answer> =>
  deciders.ask(login, `${path}/${verb}`, {}, { ifMatch: 1 })

/** The steps that were recorded of a proposal. Within a millisecond their order is none, so they are sorted. */
async function steps(organisation: string, proposal: string): Promise<readonly unknown[]> {
  const all = (await entriesOf(world.store, organisation)).map(({ entry }) => told(entry))
  return all
    .filter(one => one.proposal === proposal)
    .map(one => one.decision)
    .toSorted()
}

/** A change of roles that two organisations decide on, proposed and not approved yet. */
async function proposeRoles(person: string, i: number): Promise<string> {
  const path = `/people/${person}`
  const roles = i % 2 === 0 ? ['partner-user'] : []
  const { body } = await deciders.make('priya', `${path}/roles`, { roles, ...because() }, { on: path })
  return textAt(body, 'proposal', 'id') ?? ''
}

const enrol = async (name: string): Promise<string> =>
  (await deciders.make('priya', '/people', { name, subject: subjectOf(name), ...because() })).id

interface Refused {
  readonly usage?: { readonly total_tokens: number }
  readonly error?: { readonly sallyport?: { readonly code: string } }
}

const refusedByTheOther = /^(409 state_forbids|412 version_stale|409 proposal_stale)$/

test('of two approvals at once one applies it', async () => {
  const person = await enrol('rory')
  for (const i of times) {
    const id = await proposeRoles(person, i)
    const answers = await Promise.all(
      ['ada', 'boris', 'nora', 'omar'].map(login => answerTo(login, `/proposals/${id}`, 'approve')),
    )
    const outcomes = answers.map(outcome)
    expect(outcomes.filter(one => one === 'applied')).toHaveLength(1)
    for (const one of outcomes) if (one !== 'applied') expect(one).toMatch(refusedByTheOther)
    expect(await steps('cedar', id)).toEqual(['applied', 'proposed'])
    expect(at((await deciders.read('priya', `/people/${person}`))?.body, 'version')).toBe(i + 2)
  }
})

test('of an approval and a withdrawal, or a refusal, one counts', async () => {
  const person = await enrol('toni')
  let version = 1
  for (const i of times) {
    const id = await proposeRoles(person, version - 1)
    const path = `/proposals/${id}`
    const answers = await Promise.all([
      answerTo('nora', path, 'approve'),
      answerTo('priya', path, 'withdraw'),
      ...(i % 2 === 0 ? [answerTo('ada', path, 'decline')] : []),
    ])
    const outcomes = answers.map(outcome)
    const ended = outcomes.filter(one => !refusedByTheOther.test(one))
    expect(ended).toHaveLength(1)
    const [how] = ended
    expect(['applied', 'withdrawn', 'declined']).toContain(how)
    expect(await steps('cedar', id)).toEqual(['proposed', how].toSorted())
    if (how === 'applied') version += 1
    expect(at((await deciders.read('priya', `/people/${person}`))?.body, 'version')).toBe(version)
  }
})

test('a partner’s suspension and the last approval of a grant: no call is admitted after the suspension', async () => {
  const { make, read, ask } = deciders
  const cedar = world.raw('cedar')
  for (const _ of times.slice(0, 3)) {
    const { id } = await make('ada', '/agreements', { terms: termsFor('cedar'), ...because() })
    const path = `/agreements/${id}`
    const digest = textAt((await read('priya', path))?.body, 'digest')
    await make('priya', `${path}/sign`, { digest, ...because() }, { on: path })
    const asked = await make('priya', '/grants', {
      organisation: 'cedar',
      model: modelId,
      agreement: id,
      limits,
      expires_at: inDays(100),
      ...because(),
    })
    const proposal = `/proposals/${textAt(asked.body, 'proposal', 'id')}`
    expect(outcome(await answerTo('ada', proposal, 'approve'))).toBe('open')
    const ifMatch = (await read('boris', '/partners/cedar'))?.version
    const token = await cedar.token()
    const [suspended, approved] = await Promise.all([
      ask('boris', '/partners/cedar/suspend', because(), { ifMatch }),
      deciders.ask('nora', `${proposal}/approve`, {}, { ifMatch: 2 }),
    ])
    expect(outcome(suspended)).toBe('applied')
    expect(outcome(approved)).toMatch(/^(applied|409 (proposal_stale|state_forbids)|403 partner_suspended)$/)
    const granted = `/grants/${textAt(asked.body, 'subject', 'id')}`
    const grant = await read('priya', granted)
    const active = textAt(grant?.body, 'state') === 'active'
    expect(active).toBe(outcome(approved) === 'applied')
    const refused = (await (await cedar.chat({}, { token })).json()) as Refused
    expect(refused.error?.sallyport?.code).toBe('partner_suspended')
    expect((await cedar.tokenRequest()).status).not.toBe(200)
    await make('ada', '/partners/cedar/reinstate', because(), { on: '/partners/cedar', with: 'nora' })
    if (active) await make('ada', `${granted}/revoke`, because(), { on: granted, with: 'nora' })
    expect((await cedar.tokenRequest()).status).toBe(200)
  }
})

test('a reinstatement and another suspension: what was answered is what stands', async () => {
  const { make, read, ask } = deciders
  const path = '/partners/prairie'
  for (const _ of times) {
    await make('boris', `${path}/suspend`, because(), { on: path })
    const { body } = await make('ada', `${path}/reinstate`, because(), { on: path })
    const proposal = `/proposals/${textAt(body, 'proposal', 'id')}`
    const version = (await read('omar', path))?.version ?? 0
    // As if the second had seen it reinstated.
    const [approved, suspended] = await Promise.all([
      answerTo('nora', proposal, 'approve'),
      ask('omar', `${path}/suspend`, because(), { ifMatch: version + 1 }),
    ])
    expect(outcome(approved)).toBe('applied')
    expect(outcome(suspended)).toMatch(/^(applied|409 state_forbids|412 version_stale)$/)
    const stopped = outcome(suspended) === 'applied'
    expect(textAt((await read('ada', path))?.body, 'state')).toBe(stopped ? 'suspended' : 'active')
    expect((await world.meter('prairie')).state).toBe(stopped ? 'closed' : 'open')
    if (stopped) await make('ada', `${path}/reinstate`, because(), { on: path, with: 'nora' })
  }
})

test('the quota changes under calls: nothing is lost or given, and every call has its outcome', async () => {
  const { make } = deciders
  const calls = world.live ? 100 : 24
  const cedar = world.raw('cedar')
  const token = await cedar.token()
  await world.script({ pace_ms: 5, tokens: 20 })
  const path = `/grants/${world.grant('cedar')}`
  const before = await world.meter('cedar')
  let billed = 0
  let refused = 0
  const call = async (): Promise<void> => {
    const response = await cedar.chat({}, { token })
    const body = (await response.json()) as Refused
    if (response.status === 200) billed += body.usage?.total_tokens ?? Number.NaN
    else {
      expect(body.error?.sallyport?.code).toMatch(
        /^(streams_exhausted|rate_limited|meter_busy|store_unavailable)$/,
      )
      refused += 1
    }
  }
  const change = async (): Promise<void> => {
    for (let i = 0; i < (world.live ? 10 : 3); i++) {
      const total = 40_000_000 + i * 1_000_000
      const wanted = { total, per_day: 9_000_000, rpm: 6_000, burst: 1_000, streams: 64 }
      await make('ada', `${path}/quota`, { limits: wanted, ...because() }, { on: path })
    }
  }
  const wave = async (): Promise<void> => {
    const width = Math.min(world.atOnce, 50)
    for (let i = 0; i < calls; i += width) await Promise.all(Array.from({ length: width }, call))
  }
  await Promise.all([wave(), change()])
  await world.script({})
  const meter = await world.meter('cedar')
  expect(meter.leases).toEqual({})
  expect(meter.used).toBe(before.used + billed)
  expect(meter.used + meter.remaining + reservedNow(meter)).toBe(meter.limits.total)
  const outcomes = (await world.entries('cedar')).map(({ entry }) => told(entry))
  expect(outcomes.filter(one => one.kind === 'outcome').length).toBeGreaterThanOrEqual(calls - refused)
  const changes = outcomes.filter(one => one.action === 'grant.quota' && one.decision === 'applied')
  expect(changes).toHaveLength(world.live ? 10 : 3)
})

test('the same Idempotency-Key at once makes it once, and is answered alike', async () => {
  const many = Math.min(world.atOnce, 20)
  for (const i of times.slice(0, 3)) {
    const id = `once-${i}`
    const body = nomination(id)
    const idempotencyKey = crypto.randomUUID()
    const answers = await Promise.all(
      Array.from({ length: many }, () => deciders.ask('ada', '/partners', body, { idempotencyKey })),
    )
    const later = await deciders.ask('ada', '/partners', body, { idempotencyKey })
    expect(later.status).toBe(201)
    for (const answer of answers) expect([answer.status, answer.body]).toEqual([201, later.body])
    const made = (await entriesOf(world.store, id)).filter(({ entry }) => told(entry).decision === 'applied')
    expect(made).toHaveLength(1)
    const other = await deciders.ask('ada', '/partners', nomination(`other-${i}`), { idempotencyKey })
    expect([other.status, codeOf(other)]).toEqual([422, 'idempotency_key_reused'])
  }
})

test('of two holds for the last place one is placed', async () => {
  const filler = { scope: { organisation: 'nobody' }, reason: 'other', placedAt: 1 }
  const paths = Array.from({ length: maxActiveHolds - 1 }, (_, i) => ['holds', `filler-${i}`] as const)
  await world.store.write({
    kind: 'update',
    key: keys.standing,
    change: { set: paths.map(path => [path, filler] as const) },
  })
  for (const _ of times) {
    const scope = { organisation: 'prairie', region: 'FR' }
    const answers = await Promise.all(
      ['ada', 'boris', 'nora', 'omar'].map(login => deciders.ask(login, '/holds', { scope, ...because() })),
    )
    const placed = answers.filter(({ status }) => status === 201)
    expect(placed).toHaveLength(1)
    for (const answer of answers)
      if (answer.status !== 201) expect([answer.status, codeOf(answer)]).toEqual([409, 'holds_full'])
    const [standing] = await world.store.get([keys.standing])
    expect(Object.keys(standing?.holds ?? {})).toHaveLength(maxActiveHolds)
    const path = `/holds/${textAt(placed[0]?.body, 'subject', 'id')}`
    const by = textAt((await deciders.read('ada', path))?.body, 'placed_by', 'organisation')
    await deciders.make(by === 'halcyon' ? 'ada' : 'nora', `${path}/lift`, because(), { on: path })
  }
  await world.store.write({ kind: 'update', key: keys.standing, change: { remove: paths } })
})
