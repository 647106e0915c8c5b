/** Two developers, two offices, two partners, one agreement and one grant, in memory, at a time that is moved by hand. */
import type { Caller, PersonCaller } from '../../../../functions/api/caller.ts'
import type { Answer } from '../../../../functions/api/operation.ts'
import { agreementOperations } from '../../../../functions/api/operations/agreements.ts'
import { grantOperations } from '../../../../functions/api/operations/grants.ts'
import { modelOperations } from '../../../../functions/api/operations/models.ts'
import { approve, decline, withdraw } from '../../../../functions/governance/engine/approve.ts'
import { type Asked, type Decided, decide } from '../../../../functions/governance/engine/decide.ts'
import type { Actor, GovernanceDeps } from '../../../../functions/governance/engine/plan.ts'
import { viewerOf } from '../../../../functions/governance/engine/sight.ts'
import { openSqliteStore } from '../../../../shared/adapters/embedded/sqlite-store.ts'
import { noEffects } from '../../../../shared/domain/effects.ts'
import { type Governed, indexes, keys, listed, type RecordKind } from '../../../../shared/domain/keys.ts'
import { freshMeter, type Limits, type Meter, reservedNow } from '../../../../shared/domain/meter.ts'
import type { Organisation, Person, Role } from '../../../../shared/domain/parties.ts'
import type { Proposal } from '../../../../shared/domain/proposals.ts'
import type { Agreement, Client, Grant, Hold, Model } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import type { Reason } from '../../../../shared/domain/stop.ts'
import type { ActionName } from '../../../../shared/domain/who-decides.ts'
import type { Key } from '../../../../shared/ports/store.ts'

export const start = 1_800_000_000_000
export const day = 86_400_000
export const limits: Limits = { total: 1_000_000, perDay: 100_000, rpm: 600, burst: 100, streams: 64 }
export const reason: Reason = { code: 'operational', text: 'made up for a test' }
/** Of the ceiling, in the words of the API. */
export const ceiling = { total: 1_000_000, per_day: 100_000, rpm: 600, burst: 100, streams: 64 }

const organisations: readonly Organisation[] = [
  { id: 'halcyon', name: 'Halcyon Research', kind: 'developer', state: 'active' },
  { id: 'zephyr', name: 'Zephyr Models', kind: 'developer', state: 'active' },
  { id: 'ofr', name: 'Office of Frontier Review', kind: 'government', state: 'active' },
  { id: 'elsewhere', name: 'Another Office', kind: 'government', state: 'active' },
  { id: 'auditors', name: 'Plain Auditors', kind: 'auditor', state: 'active', audits: ['aurora'] },
  ...['cedar', 'prairie'].map(
    (id): Organisation => ({
      id,
      name: id === 'cedar' ? 'Cedar County Hospital' : 'Prairie Water Cooperative',
      kind: 'partner',
      state: 'active',
      partner: 'active',
      developers: ['halcyon'],
      governments: ['ofr'],
    }),
  ),
]

const people: readonly (readonly [string, string, Role])[] = [
  ['dana', 'halcyon', 'developer-admin'],
  ['devon', 'halcyon', 'developer-admin'],
  ['zoe', 'zephyr', 'developer-admin'],
  ['nora', 'ofr', 'nsa-admin'],
  ['neil', 'ofr', 'nsa-admin'],
  ['olga', 'ofr', 'counsel'],
  ['elsa', 'elsewhere', 'nsa-admin'],
  ['pat', 'cedar', 'partner-admin'],
  ['uma', 'cedar', 'partner-user'],
  ['rita', 'prairie', 'partner-admin'],
  ['audrey', 'auditors', 'auditor'],
]

export const aurora: Model = {
  id: 'aurora',
  name: 'Aurora',
  developer: 'halcyon',
  governments: ['ofr'],
  state: 'partner_access',
  killed: false,
  createdAt: start,
  upstreams: { openai: { url: 'https://models.example/v1', credential: 'openai', model: 'aurora' } },
  tokens: { overhead: { request: 16, message: 8, tool: 600 }, hiddenOutput: false },
}

export const effective: Agreement = {
  id: 'agreement_1',
  kind: 'access',
  title: 'A sample',
  version: 1,
  state: 'effective',
  digest: 'digest-1',
  developer: 'halcyon',
  counterparty: 'cedar',
  governments: [],
  models: ['aurora', 'borealis'],
  startsAt: start - day,
  endsAt: start + 365 * day,
  purposes: ['defence'],
  capabilities: ['infer'],
  clauses: { quota: 'quota-1', purpose: 'purpose-1', capabilities: 'cap-1', 'retention-notice': 'notice-1' },
  consentedAt: start,
  ceiling: limits,
}

export const active: Grant = {
  id: 'grant_1',
  organisation: 'cedar',
  model: 'aurora',
  agreement: 'agreement_1',
  state: 'active',
  startsAt: start,
  expiresAt: start + 300 * day,
  meters: ['meter_1'],
}

const workload: Client = {
  id: 'client_1',
  name: 'batch',
  organisation: 'cedar',
  kind: 'workload',
  state: 'active',
  expiresAt: start + 300 * day,
  keys: [],
  createdAt: start,
}

export async function grantWorld() {
  const store = openSqliteStore(':memory:', Object.values(indexes))
  let now = start
  let serial = 0
  const deps: GovernanceDeps = {
    store,
    clock: {
      now: () => now,
      sleep: async () => {
        now += 1
      },
    },
    random: { bytes: n => Buffer.from(Array.from({ length: n }, (_, i) => (++serial * 31 + i) % 251)) },
    telemetry: { count() {}, alarm() {}, error() {} },
  }

  const put = async <R extends { readonly id: string }>(
    key: Key<Governed<R>>,
    record: RecordKind,
    owner: string,
    item: R,
  ): Promise<void> => {
    await store.write({
      kind: 'put',
      key,
      item: { ...item, rev: 1, ...listed(record, owner, item.id) } as Governed<R>,
    })
  }
  const records = {
    organisation: (one: Organisation) => put(keys.organisation(one.id), 'organisation', one.id, one),
    model: (change: Partial<Model> = {}) => {
      const one = { ...aurora, ...change }
      return put(keys.model(one.id), 'model', one.developer, one)
    },
    agreement: (change: Partial<Agreement> = {}) => {
      const one = { ...effective, ...change }
      return put(keys.agreement(one.id), 'agreement', one.counterparty, one)
    },
    grant: (change: Partial<Grant> = {}) => {
      const one = { ...active, ...change }
      return put(keys.grant(one.id), 'grant', one.organisation, one)
    },
    client: (change: Partial<Client> = {}) => {
      const one = { ...workload, ...change }
      return put(keys.client(one.id), 'client', one.organisation, one)
    },
    meter: async (id: string, change: Partial<Meter> = {}) => {
      await store.write({
        kind: 'put',
        key: keys.meter(id),
        item: { ...freshMeter(id, limits, now), ...change },
      })
    },
  }
  for (const one of organisations) await records.organisation(one)
  for (const [id, organisation, role] of people) {
    const person: Person = {
      id,
      name: id,
      organisation,
      issuer: 'https://id.example',
      subject: id,
      roles: [role],
      state: 'active',
      createdAt: start,
    }
    await put(keys.person(id), 'person', organisation, person)
  }
  await records.model()
  await records.model({ id: 'borealis', name: 'Borealis' })
  await records.agreement()
  await records.grant()
  await records.meter('meter_1')
  await store.write({ kind: 'put', key: keys.standing, item: { holds: {}, compromised: {} } })

  async function actor(id: string): Promise<Actor> {
    const [person] = await store.get([keys.person(id)])
    const [organisation] = await store.get([keys.organisation(person?.organisation ?? '')])
    if (!person || !organisation) throw new Error(`nobody is called ${id}`)
    return { person, organisation, authTime: now - 1_000 }
  }

  async function caller(id: string): Promise<PersonCaller> {
    const found = await actor(id)
    return { ...found, kind: 'person', session: {} as never, viewer: viewerOf(found) }
  }

  const operations = [...modelOperations, ...agreementOperations, ...grantOperations]

  /** An operation as the router calls it: the body goes through its own schema. */
  async function call(
    who: string | Caller,
    id: string,
    {
      path = {},
      body,
      query = {},
      rev,
    }: {
      readonly path?: Record<string, string>
      readonly body?: object
      readonly query?: object
      readonly rev?: number
    } = {},
  ): Promise<Answer | Refusal> {
    const operation = operations.find(one => one.id === id)
    if (operation === undefined) throw new Error(`no operation ${id}`)
    const parsed = operation.body?.parse({ reason: { code: 'request', text: 'please' }, ...body })
    return operation.answer({
      deps: { ...deps, issuer: 'https://gate.example' } as never,
      caller: typeof who === 'string' ? await caller(who) : who,
      path,
      query: operation.query?.parse(query) ?? {},
      body: parsed,
      request: `request-${++serial}`,
      ...(rev !== undefined && { rev }),
    })
  }

  return {
    deps,
    store,
    records,
    actor,
    call,
    caller,
    now: () => now,
    pass: (ms: number) => {
      now += ms
    },
    get: async <R extends object>(key: Key<R>): Promise<R> => {
      const [found] = await store.get([key])
      if (found === undefined) throw new Error(`nothing at ${key.pk}`)
      return found as R
    },
    has: async (key: Key) => (await store.get([key]))[0] !== undefined,
    meter: async (id = 'meter_1'): Promise<Meter> => {
      const [found] = await store.get([keys.meter(id)])
      if (found === undefined) throw new Error(`no meter ${id}`)
      return found
    },
    hold: async (id: string, by: string, scope: Hold['scope']) => {
      const { person, organisation } = await actor(by)
      const signature = {
        person: person.id,
        name: person.name,
        organisation: organisation.id,
        role: person.roles[0] ?? 'counsel',
        at: now,
        authTime: now,
      }
      const stop = { by: signature, reason, entry: 'e', ratifyBy: now + day }
      const subject = {
        kind: 'hold' as const,
        id,
        name: id,
        rev: 1,
        organisation: scope.organisation ?? 'cedar',
        developers: ['halcyon'],
        governments: ['ofr'],
      }
      await put(keys.hold(id), 'hold', organisation.id, {
        id,
        state: 'active',
        scope,
        reason,
        placedAt: now,
        placedBy: signature,
        stop,
        effects: noEffects,
        shown: 's',
        subject,
      })
      await store.write({
        kind: 'update',
        key: keys.standing,
        change: { set: [[['holds', id], { scope, reason: reason.code, placedAt: now }]] },
      })
    },
    decide: async (
      who: string,
      name: ActionName,
      id: string,
      params: object = {},
      further: Partial<Asked> = {},
    ): Promise<Decided | Refusal> =>
      decide(deps, await actor(who), {
        action: { name, id, params: params as Readonly<Record<string, unknown>> },
        reason,
        request: `request-${++serial}`,
        ...further,
      }),
    answer: async (
      who: string,
      how: 'approve' | 'decline' | 'withdraw',
      proposal: string,
      why = reason,
    ): Promise<Governed<Proposal> | Refusal> => {
      const [found] = await store.get([keys.proposal(proposal)])
      const asked = { proposal, rev: found?.rev ?? 0, request: `request-${++serial}` }
      if (how === 'decline') return decline(deps, await actor(who), { ...asked, reason: why })
      return { approve, withdraw }[how](deps, await actor(who), asked)
    },
    /** What the log says about a decision. */
    entry: async (eid: string): Promise<Record<string, unknown>> => {
      const [found] = await store.get([keys.entry(eid)])
      return JSON.parse(found?.body ?? '{}').unmapped
    },
  }
}

export type GrantWorld = Awaited<ReturnType<typeof grantWorld>>

/** Codes read better than objects; the field tells which part was meant. */
export const told = (outcome: unknown): unknown =>
  outcome instanceof Refusal
    ? outcome.facts.field === undefined
      ? outcome.code
      : `${outcome.code} ${outcome.facts.field}`
    : ((outcome as { step?: string; state?: string }).step ??
      (outcome as { state?: string }).state ??
      outcome)

export function applied<T>(outcome: T | Refusal): T {
  if (outcome instanceof Refusal) throw new Error(`${outcome.code}: ${outcome.facts.detail}`)
  return outcome
}

/** The proposal that a decision opened. */
export function proposed(outcome: Decided | Refusal): string {
  const done = applied(outcome)
  if (done.step !== 'proposed') throw new Error(`it was ${done.step}`)
  return done.proposal.id
}

/** What must stay the same whatever is decided: nothing is lost, and nothing comes from nowhere. */
export const sum = (meter: Meter): number => meter.remaining + meter.used + reservedNow(meter)
