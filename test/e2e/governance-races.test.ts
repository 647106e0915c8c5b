/** Decisions at the same moment: one outcome, one entry each, and nothing in between. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { at, textAt } from '../../client/json.ts'
import type { Answer } from '../../client/person.ts'
import { subjectOf } from '../../scripts/demo/people.ts'
import { modelId } from '../../scripts/demo/story.ts'
import { maxActiveHolds } from '../../shared/domain/holds.ts'
import { keys } from '../../shared/domain/keys.ts'
import { reservedNow } from '../../shared/domain/meter.ts'
import { atRest, brokeDown, turnedAway } from '../world/busy.ts'
import { entriesOf, told } from '../world/entries.ts'
import { because, codeOf, type Deciding, deciding } from '../world/governance.ts'
import { draftFor, inDays, limits, nomination, signed } from '../world/governance-subjects.ts'
import { billed, heldUpstream } from '../world/held-upstream.ts'
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
  deciders.ask(login, `${path}/${verb}`, because(), { ifMatch: 1 })

/** What was recorded of decisions about an organisation. */
async function decisionsOf(organisation: string): Promise<readonly Record<string, unknown>[]> {
  const all = (await entriesOf(world.store, organisation)).map(({ entry }) => told(entry))
  return all.filter(one => one.kind === 'decision')
}

/** The steps that were recorded of a proposal. Within ten seconds the order of entries is none, so they are sorted. */
async function steps(organisation: string, proposal: string): Promise<readonly unknown[]> {
  return (await decisionsOf(organisation))
    .filter(one => one.proposal === proposal)
    .map(one => one.decision)
    .toSorted()
}

/** The versions of a record on which an action was applied. */
async function appliedOn(organisation: string, action: string, id: string): Promise<readonly number[]> {
  return (await decisionsOf(organisation))
    .filter(one => one.action === action && one.decision === 'applied' && at(one, 'subject', 'id') === id)
    .map(one => Number(at(one, 'subject', 'rev')))
    .toSorted((one, other) => one - other)
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
    // On each version once: 1, 2, …
    expect(await appliedOn('cedar', 'person.roles', person)).toEqual(times.slice(0, i + 1).map(n => n + 1))
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
    expect(await appliedOn('cedar', 'person.roles', person)).toHaveLength(version - 1)
    expect(at((await deciders.read('priya', `/people/${person}`))?.body, 'version')).toBe(version)
  }
})

test('a partner’s suspension and the last approval of a grant: no call is admitted after the suspension', async () => {
  const { make, read, ask } = deciders
  const cedar = world.raw('cedar')
  for (const _ of times.slice(0, 3)) {
    const { id } = await signed(deciders, draftFor('cedar'), 'priya')
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
    const grantId = textAt(asked.body, 'subject', 'id') ?? ''
    const granted = `/grants/${grantId}`
    const grant = await read('priya', granted)
    const active = textAt(grant?.body, 'state') === 'active'
    expect(active).toBe(outcome(approved) === 'applied')
    expect(
      (await appliedOn('cedar', 'partner.suspend', 'cedar')).filter(rev => rev === ifMatch),
    ).toHaveLength(1)
    // Where it was granted, it was before the suspension, which closed its meter too; else it never was.
    const ended = { applied: 'applied', '409 proposal_stale': 'stale' }[outcome(approved)]
    expect(await steps('cedar', textAt(asked.body, 'proposal', 'id') ?? '')).toEqual(
      ['approved', 'proposed', ...(ended === undefined ? [] : [ended])].toSorted(),
    )
    expect(await appliedOn('cedar', 'grant.activate', grantId)).toHaveLength(active ? 1 : 0)
    const [own] = await world.store.get([keys.meter(grantId.replace(/^grant_/, 'meter_'))])
    expect(own?.state).toBe(active ? 'closed' : undefined)
    // Both sides read it as it stands.
    const listed = await deciders.list('priya', '/entries?limit=100')
    for (const entry of [
      textAt(suspended.body, 'entry'),
      ...(active ? [textAt(approved.body, 'entry')] : []),
    ])
      expect(listed.filter(({ eid }) => eid === entry)).toHaveLength(1)
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
    expect(await steps('prairie', textAt(body, 'proposal', 'id') ?? '')).toEqual(['applied', 'proposed'])
    const on = (rev: number) => (revs: readonly number[]) => revs.filter(one => one === rev).length
    expect(on(version)(await appliedOn('prairie', 'partner.reinstate', 'prairie'))).toBe(1)
    expect(on(version + 1)(await appliedOn('prairie', 'partner.suspend', 'prairie'))).toBe(stopped ? 1 : 0)
    expect(textAt((await read('ada', path))?.body, 'state')).toBe(stopped ? 'suspended' : 'active')
    expect((await world.meter('prairie')).state).toBe(stopped ? 'closed' : 'open')
    if (stopped) await make('ada', `${path}/reinstate`, because(), { on: path, with: 'nora' })
  }
})

/** What a partner's calls have left in its entries, by the request that each was. */
async function callsOf(id: 'cedar' | 'prairie', since: ReadonlySet<string>) {
  const calls = new Map<string, { readonly kinds: string[]; readonly intents: string[] }>()
  for (const { eid, entry } of await world.entries(id)) {
    const kind = String(told(entry).kind)
    if (since.has(eid) || (kind !== 'intent' && kind !== 'outcome')) continue
    const request = textAt(JSON.parse(entry.body), 'api', 'request', 'uid') ?? ''
    const call = calls.get(request) ?? { kinds: [], intents: [] }
    calls.set(request, call)
    call.kinds.push(kind)
    if (kind === 'intent') call.intents.push(eid)
  }
  return calls
}

/** Each change of a grant's quota as it was recorded, in the order of the versions that they were made on. */
async function changesOf(id: 'cedar' | 'prairie', since: ReadonlySet<string>) {
  return (await world.entries(id))
    .filter(({ eid }) => !since.has(eid))
    .map(({ entry }) => told(entry))
    .filter(one => one.action === 'grant.quota')
    .map(one => ({
      decision: one.decision,
      rev: Number(at(one, 'subject', 'rev')),
      from: at(one, 'difference', '0', 'from'),
      to: at(one, 'difference', '0', 'to'),
    }))
    .toSorted((one, other) => one.rev - other.rev)
}

test('quotas go up and down under 100 live calls: each call has one intent and one outcome, each change one entry', async () => {
  const { make } = deciders
  const sides = ['cedar', 'prairie'] as const
  // A grant has 64 streams at most. Elsewhere the rest of what may be under way at once is for the changes.
  const each = world.live ? 50 : 4
  const changes = world.live ? 10 : 3
  const arriving = world.live ? 6 : 1
  await using upstream = await heldUpstream(world)
  const side = await Promise.all(
    sides.map(async id => {
      const client = world.raw(id)
      return {
        id,
        client,
        token: await client.token(),
        before: await world.meter(id),
        since: new Set((await world.entries(id)).map(({ eid }) => eid)),
        path: `/grants/${world.grant(id)}`,
        answered: [] as string[],
        refused: [] as string[],
      }
    }),
  )
  type Side = (typeof side)[number]
  const call = async (one: Side): Promise<void> => {
    const response = await one.client.chat({}, { token: one.token })
    const body = (await response.json()) as Refused
    if (response.status === 200) one.answered.push(response.headers.get('x-sallyport-entry') ?? '')
    else one.refused.push(body.error?.sallyport?.code ?? `http ${response.status}`)
  }
  // What is no answer at all is told at the end, and not waited for.
  const under = side.flatMap(one =>
    Array.from({ length: each }, () => call(one).catch(error => one.refused.push(`${error}`))),
  )
  const refused = (): number => side.reduce((sum, one) => sum + one.refused.length, 0)
  while (upstream.held + refused() < sides.length * each)
    await new Promise(resolve => setTimeout(resolve, 10))
  const held = upstream.held
  if (world.live) expect(held).toBe(100)
  expect(held).toBeGreaterThan(0)

  upstream.hold(false)
  const wanted = ({ before: { limits } }: Side, i: number) => ({
    // Up, and down again: fewer streams than are under way, which takes none of them away.
    total: limits.total + (i % 2 === 0 ? 2_000 + i : -i),
    ...(limits.perDay !== undefined && { per_day: limits.perDay }),
    rpm: limits.rpm,
    burst: limits.burst,
    streams: i % 2 === 0 ? 64 : 2,
  })
  await Promise.all(
    side.map(async one => {
      for (let i = 0; i < changes; i++)
        await Promise.all([
          make('ada', `${one.path}/quota`, { limits: wanted(one, i), ...because() }, { on: one.path }),
          ...Array.from({ length: arriving }, () => call(one)),
        ])
    }),
  )
  expect(upstream.held).toBe(held)
  upstream.release()
  await Promise.all(under)

  const busy = new Set([...turnedAway(world), 'rate_limited'])
  for (const one of side) {
    const { id, before, since, answered } = one
    expect(one.refused.filter(code => !busy.has(code))).toEqual([])
    const outage = brokeDown(one.refused)
    if (outage) await atRest(world, world.meterId(id))
    const calls = await callsOf(id, since)
    for (const { kinds } of calls.values()) expect(kinds.toSorted()).toEqual(['intent', 'outcome'])
    const intents = [...calls.values()].flatMap(known => known.intents)
    for (const eid of answered) expect(intents.filter(known => known === eid)).toHaveLength(1)
    expect(new Set(answered).size).toBe(answered.length)
    expect(intents.length).toBeLessThanOrEqual(answered.length + one.refused.length)

    const made = await changesOf(id, since)
    expect(made.map(({ decision }) => decision)).toEqual(Array.from({ length: changes }, () => 'applied'))
    expect(new Set(made.map(({ rev }) => rev)).size).toBe(changes)
    for (const [i, change] of made.entries()) if (i > 0) expect(change.from).toEqual(made[i - 1]?.to)
    expect(made.at(-1)?.to).toMatchObject(wanted(one, changes - 1))
    // Some came in between them.
    if (world.live) expect(answered.length).toBeGreaterThan(each)

    const meter = await world.meter(id)
    expect(meter.leases).toEqual({})
    const used = before.used + answered.length * billed.total_tokens
    if (outage) expect(meter.used).toBeGreaterThanOrEqual(used)
    else expect(meter.used).toBe(used)
    expect(meter.limits).toMatchObject({
      total: wanted(one, changes - 1).total,
      streams: wanted(one, changes - 1).streams,
    })
    expect(meter.used + meter.remaining + reservedNow(meter)).toBe(meter.limits.total)
    const { limits } = before
    const { perDay, ...rest } = limits
    const back = { ...rest, ...(perDay !== undefined && { per_day: perDay }) }
    await make('ada', `${one.path}/quota`, { limits: back, ...because() }, { on: one.path })
  }
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
