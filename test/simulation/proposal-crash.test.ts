/**
 * Invariant 5 at every point at which whoever applies a decision can die: before and after each call of the store, or
 * with its answer lost. It is applied with its entry, its notices and its meters, or nothing of it is there; and whoever
 * does it again finds it applied once.
 */
import { describe, expect, test } from 'vitest'
import { approve } from '../../functions/governance/engine/approve.ts'
import { decide } from '../../functions/governance/engine/decide.ts'
import type { Actor, GovernanceDeps } from '../../functions/governance/engine/plan.ts'
import { lapse } from '../../functions/sweeper/run.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Meter } from '../../shared/domain/meter.ts'
import type { Action } from '../../shared/domain/proposals.ts'
import type { Grant, Model, Organisation, Standing } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import { type Key, StoreUnavailable, tables } from '../../shared/ports/store.ts'
import { ceiling } from './agreement-records.ts'
import { Backend } from './backend.ts'
import { type Crash, CrashingStore, mishaps } from './crashing-store.ts'
import { readDecision } from './decision-entry.ts'
import { createDice } from './dice.ts'
import { Governance } from './governance.ts'
import { clientOf, firstRecords, grantOf, modelId, people, personOf, type Somebody } from './records.ts'
import { type Process, Scheduler } from './scheduler.ts'
import { disagreements } from './stops.ts'

const now = Date.UTC(2026, 5, 2, 12)
const reason = { code: 'operational', text: 'as agreed' } as const
const founder: Process = { name: 'founder', skew: 0, alive: true }

/** The records, and what is judged of each transaction. The same in every run. */
function found() {
  const violations: string[] = []
  const backend = new Backend(new Scheduler(createDice('scheduler'), now), createDice('backend'))
  for (const put of firstRecords(createDice('records'), now)) backend.write(put, founder)
  const governance = new Governance({
    backend,
    now: () => now,
    skew: 0,
    found: what => violations.push(what),
  })
  backend.onTogether = applied => {
    governance.together(applied)
    violations.push(...disagreements(backend, applied))
  }
  return { backend, violations }
}

type World = ReturnType<typeof found>

/** An instance of the API, with a life of its own. */
function instance({ backend }: World, name: string, crash?: Crash) {
  const store = new CrashingStore(backend, { name, skew: 0, alive: true }, crash)
  const deps: GovernanceDeps = {
    store: store.port,
    clock: { now: () => now, sleep: async () => undefined },
    random: createDice(name),
    telemetry: { count: () => undefined, alarm: () => undefined, error: () => undefined },
  }
  return { store, deps }
}

function actor({ backend }: World, who: Somebody): Actor {
  const [person, organisation] = backend.get([
    keys.person(personOf(who)),
    keys.organisation(people[who].organisation),
  ]) as [Actor['person'], Actor['organisation']]
  return { person, organisation, authTime: now }
}

async function asks(world: World, who: Somebody, action: Action): Promise<void> {
  const { deps } = instance(world, `${who} ${action.name}`)
  const decided = await decide(deps, actor(world, who), { action, reason, request: action.name })
  expect(decided).not.toBeInstanceOf(Refusal)
}

const proposalIn = ({ backend }: World): { readonly id: string; readonly rev: number } =>
  backend.all('registry').find(({ key }) => key.pk.startsWith('proposal#'))?.item as never

async function approves(world: World, deps: GovernanceDeps, who: Somebody): Promise<unknown> {
  const { id, rev } = proposalIn(world)
  return approve(deps, actor(world, who), { proposal: id, rev, request: 'last' })
}

interface Applying {
  readonly action: Action
  /** What leads up to it. */
  readonly before: (world: World) => Promise<void>
  readonly apply: (world: World, deps: GovernanceDeps) => Promise<unknown>
  /** What stands in the records and on the meters, once it is applied and before. */
  readonly after: (read: <R extends object>(key: Key<R>) => R | undefined) => object
  readonly expected: object
  readonly first: object
}

const grantAsked: Action = {
  name: 'grant.activate',
  id: 'grant_second',
  params: {
    organisation: 'cedar',
    model: modelId,
    agreement: 'agreement_cedar',
    limits: { ...ceiling, total: 20_000 },
    expires_at: new Date(now + 86_400_000).toISOString(),
  },
}
const about = (name: Action['name'], id: string, params: Action['params'] = {}): Action => ({
  name,
  id,
  params,
})

const cases: Readonly<Record<string, Applying>> = {
  'a grant that is asked for': {
    action: grantAsked,
    before: async world => {
      await asks(world, 'cora', grantAsked)
      await approves(world, instance(world, 'first').deps, 'hana')
    },
    apply: (world, deps) => approves(world, deps, 'olga'),
    after: read => ({
      grant: read(keys.grant('grant_second'))?.state,
      meter: read(keys.meter('meter_second'))?.remaining,
    }),
    expected: { grant: 'active', meter: 20_000 },
    first: { grant: 'requested', meter: undefined },
  },
  'a reinstatement': {
    action: about('partner.reinstate', 'prairie'),
    before: async world => {
      await asks(world, 'olga', about('partner.suspend', 'prairie'))
      await asks(world, 'hana', about('partner.reinstate', 'prairie'))
    },
    apply: (world, deps) => approves(world, deps, 'omar'),
    after: read => ({
      partner: (read(keys.organisation('prairie')) as Organisation & { partner: string }).partner,
      meter: read(keys.meter(grantOf('prairie')))?.state,
    }),
    expected: { partner: 'active', meter: 'open' },
    first: { partner: 'suspended', meter: 'closed' },
  },
  'a revocation': {
    action: about('partner.revoke', 'cedar'),
    before: world => asks(world, 'hugo', about('partner.revoke', 'cedar')),
    apply: (world, deps) => approves(world, deps, 'olga'),
    after: read => ({
      partner: (read(keys.organisation('cedar')) as Organisation & { partner: string }).partner,
      meter: read(keys.meter(grantOf('cedar')))?.state,
    }),
    expected: { partner: 'revoked', meter: 'closed' },
    first: { partner: 'active', meter: 'open' },
  },
  'a release': {
    action: about('model.release', modelId),
    before: async world => {
      const scope = { client: clientOf('cedar'), model: modelId }
      await asks(world, 'olga', about('hold.place', 'hold_one', { scope }))
      await asks(world, 'omar', about('grant.suspend', grantOf('prairie')))
    },
    apply: (world, deps) =>
      decide(deps, actor(world, 'hana'), {
        action: about('model.release', modelId),
        reason,
        request: 'last',
      }),
    after: read => ({
      model: (read(keys.model(modelId)) as Model).state,
      holds: Object.keys((read(keys.standing) as Standing).holds),
      hold: read(keys.hold('hold_one'))?.state,
      grant: (read(keys.grant(grantOf('prairie'))) as Grant).state,
      meter: (read(keys.meter(grantOf('prairie'))) as Meter).state,
    }),
    expected: { model: 'released', holds: [], hold: 'lifted', grant: 'active', meter: 'open' },
    first: {
      model: 'partner_access',
      holds: ['hold_one'],
      hold: 'active',
      grant: 'suspended',
      meter: 'closed',
    },
  },
}

/** All that stands in the four tables. */
const everything = ({ backend }: World): object =>
  Object.fromEntries(tables.flatMap(table => backend.all(table).map(({ key, item }) => [key.pk, item])))

/** Entries that say it was applied, and the notices that tell of each. */
function told({ backend }: World, action: Action) {
  const entries = backend.all('entries').flatMap(({ key, item }) => readDecision(key.pk, item as never) ?? [])
  const applied = entries.filter(one => one.step === 'applied' && one.action === action.name)
  const notices = backend.all('registry').filter(({ item }) => applied.some(({ eid }) => isOf(item, eid)))
  return { applied: applied.length, notices: notices.length }
}
const isOf = (item: object, eid: string): boolean => 'entry' in item && item.entry === eid && 'due' in item

async function run(applying: Applying, crash?: Crash) {
  const world = found()
  await applying.before(world)
  const before = everything(world)
  const { store, deps } = instance(world, 'last', crash)
  const answer = await Promise.race([
    store.died,
    applying.apply(world, deps).catch((error: unknown) => {
      if (error instanceof StoreUnavailable) return error
      throw error
    }),
  ])
  return { world, before, answer, calls: store.calls }
}

const stands = ({ after }: Applying, { backend }: World): object =>
  after(<R extends object>(key: Key<R>) => backend.get([key])[0] as R | undefined)

describe.each(Object.entries(cases))('whoever applies %s', (_, applying) => {
  test('applies it with its entry, its notices and its meters', async () => {
    const early = found()
    await applying.before(early)
    expect(stands(applying, early)).toEqual(applying.first)
    const { world, answer } = await run(applying)
    expect(answer).not.toBeInstanceOf(Refusal)
    expect(stands(applying, world)).toEqual(applying.expected)
    expect(told(world, applying.action)).toEqual({ applied: 1, notices: expect.any(Number) })
    expect(told(world, applying.action).notices).toBeGreaterThan(1)
    expect(world.violations).toEqual([])
  })

  test.each(mishaps)('%s any call, and has applied it whole or not at all, once in the end', async how => {
    const whole = await run(applying)
    const ways = { whole: 0, nothing: 0 }
    for (let at = 1; at <= whole.calls; at++) {
      const { world, before, answer } = await run(applying, { at, how })
      const now = everything(world)
      const applied = told(world, applying.action).applied > 0
      // What a release could not look at is left to the sweeper, and told so.
      const partly =
        applied && /what else of theirs|What the government has stopped/.test(JSON.stringify(now))
      if (!partly) expect(now, `call ${at}`).toEqual(applied ? everything(whole.world) : before)
      ways[applied ? 'whole' : 'nothing'] += 1
      const acknowledged = answer !== 'died' && !(answer instanceof Error) && !(answer instanceof Refusal)
      if (acknowledged) expect(applied, `call ${at} was acknowledged`).toBe(true)
      if (answer instanceof Refusal) expect(applied, `call ${at} was refused`).toBe(false)

      const again = await applying.apply(world, instance(world, 'again').deps)
      if (applied) expect(again, `call ${at}`).toMatchObject({ code: 'state_forbids' })
      if (partly) await lapse(instance(world, 'sweeper').deps)
      const ended = partly ? { hold: expect.stringMatching(/lifted|lapsed/) } : {}
      expect(stands(applying, world), `call ${at}`).toEqual({ ...applying.expected, ...ended })
      const { applied: times, notices } = told(whole.world, applying.action)
      const entries = told(world, applying.action)
      expect(entries, `call ${at}`).toEqual({ applied: times, notices: partly ? entries.notices : notices })
      expect(world.violations, `call ${at}`).toEqual([])
    }
    expect(ways.nothing).toBeGreaterThan(0)
    if (how !== 'dies before') expect(ways.whole).toBeGreaterThan(0)
  })
})
