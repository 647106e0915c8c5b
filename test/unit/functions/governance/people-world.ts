import { createHmac } from 'node:crypto'
import * as z from 'zod'
import type { ApiDeps } from '../../../../functions/api/app.ts'
import type { PersonCaller } from '../../../../functions/api/caller.ts'
import type { Answer } from '../../../../functions/api/operation.ts'
import { meOperations } from '../../../../functions/api/operations/me.ts'
import { organisationOperations } from '../../../../functions/api/operations/organisations.ts'
import { personOperations } from '../../../../functions/api/operations/people.ts'
import { proposalOperations } from '../../../../functions/api/operations/proposals.ts'
import { rulesOperations } from '../../../../functions/api/operations/rules.ts'
import { sessionOperations } from '../../../../functions/api/operations/sessions.ts'
import { openSqliteStore } from '../../../../shared/adapters/embedded/sqlite-store.ts'
import { type Governed, indexes, keys, listed } from '../../../../shared/domain/keys.ts'
import type { Organisation, Person, Provider, Role, Session } from '../../../../shared/domain/parties.ts'
import type { Model } from '../../../../shared/domain/records.ts'
import { Refusal } from '../../../../shared/domain/refusal.ts'
import { identityHash } from '../../../../shared/oauth/identity.ts'
import type { Key, Store } from '../../../../shared/ports/store.ts'

export const start = 1_800_000_000_000
export const day = 86_400_000
export const reason = { code: 'operational', text: 'because' } as const

export const provider: Provider = {
  issuer: 'https://idp.example',
  clientId: 'sallyport',
  authentication: 'private_key_jwt',
  phishingResistant: { acr: ['phr'], amr: [] },
}
export const providerBody = {
  issuer: provider.issuer,
  client_id: 'sallyport',
  authentication: 'private_key_jwt',
  phishing_resistant: { acr: ['phr'], amr: [] },
}

const decides = { developers: ['halcyon'], governments: ['ofr'] }
const active = { state: 'active', provider } as const
const organisations: readonly Organisation[] = [
  { id: 'halcyon', name: 'Halcyon Research', kind: 'developer', ...active, ...decides },
  { id: 'quarry', name: 'Quarry Labs', kind: 'developer', ...active, developers: ['quarry'] },
  { id: 'ofr', name: 'Office of Frontier Review', kind: 'government', ...active, ...decides },
  { id: 'ledger', name: 'Ledger & Pine', kind: 'auditor', ...active, ...decides, audits: ['aurora'] },
  { id: 'cedar', name: 'Cedar County Hospital', kind: 'partner', partner: 'active', ...active, ...decides },
  {
    id: 'prairie',
    name: 'Prairie Water',
    kind: 'partner',
    partner: 'nominated',
    state: 'active',
    ...decides,
  },
]
const staff = {
  ada: ['halcyon', 'developer-admin'],
  arno: ['halcyon', 'developer-admin'],
  quinn: ['quarry', 'developer-admin'],
  nora: ['ofr', 'nsa-admin'],
  neil: ['ofr', 'nsa-admin'],
  cora: ['ofr', 'consultant'],
  priya: ['cedar', 'partner-admin'],
  pat: ['cedar', 'partner-admin'],
  sam: ['cedar', 'partner-user'],
  ida: ['ledger', 'auditor'],
} as const satisfies Record<string, readonly [string, Role]>
export type Who = keyof typeof staff

/** Made-up organisations and people over SQLite in memory, at a time that stands still; the API's operations on top. */
export async function peopleWorld() {
  const sqlite = openSqliteStore(':memory:', Object.values(indexes))
  const put = async <R extends object>(key: Key<R>, item: R) => {
    await sqlite.write({ kind: 'put', key, item })
  }
  const organisation = (one: Organisation) =>
    put(keys.organisation(one.id), {
      ...one,
      rev: 1,
      ...listed('organisation', one.id, one.id),
    } as Governed<Organisation>)
  for (const one of organisations) await organisation(one)
  for (const [who, [of, role]] of Object.entries(staff)) {
    const id = `person_${who}`
    await put(keys.person(id), {
      id,
      name: who,
      organisation: of,
      issuer: provider.issuer,
      subject: who,
      roles: [role],
      state: 'active',
      createdAt: start,
      rev: 1,
      ...listed('person', of, id),
    })
    await put(keys.identity(identityHash(provider.issuer, who)), { person: id })
  }
  const model = { id: 'aurora', name: 'Aurora', developer: 'halcyon', governments: ['ofr'], rev: 1 }
  await put(keys.model('aurora'), {
    ...model,
    ...listed('model', 'halcyon', 'aurora'),
  } as unknown as Governed<Model>)
  await put(keys.standing, { holds: {}, compromised: {} })

  let now = start
  let serial = 0
  const root = Buffer.alloc(32, 7)
  const deps = {
    store: sqlite,
    clock: { now: () => now, sleep: async () => {} },
    random: {
      bytes: (n: number) => createHmac('sha512', root).update(`${++serial}`).digest().subarray(0, n),
    },
    telemetry: { count() {}, alarm() {}, error() {} },
    issuer: 'https://gate.example',
    secrets: {
      derive: async (domain: string, label: string) =>
        createHmac('sha256', root).update(`${domain}\n${label}`).digest(),
    },
  } as unknown as ApiDeps

  const session = async (who: Who, change: Partial<Session> = {}) => {
    const one = {
      id: `session_${who}`,
      person: `person_${who}`,
      organisation: staff[who][0],
      app: 'sallyport-cli',
      jkt: 'jkt',
      startedAt: now,
      endsAt: now + 8 * 3_600_000,
      usedAt: now,
      authTime: now,
      refreshHash: 'hash',
      state: 'active',
      notice: 'notice',
      ...change,
    } satisfies Session
    await put(keys.session(one.id), { ...one, ...listed('session', one.person, one.id) })
    return one
  }

  /** As the API knows them: by the records as they stand, and a sign-in so many milliseconds ago. */
  async function caller(who: Who, since = 0): Promise<PersonCaller> {
    const [person, of] = await sqlite.get([keys.person(`person_${who}`), keys.organisation(staff[who][0])])
    if (!person || !of) throw new Error(who)
    return {
      kind: 'person',
      person,
      organisation: of,
      session: await session(who, { authTime: now - since }),
      authTime: now - since,
      viewer: {
        organisation: of.id,
        kind: of.kind,
        roles: person.roles,
        ...(of.kind === 'auditor' && { audits: of.audits ?? [] }),
      },
    }
  }

  interface Call {
    readonly path?: Record<string, string>
    readonly query?: object
    readonly body?: object
    readonly rev?: number
    readonly key?: string
    /** Milliseconds since the sign-in. */
    readonly since?: number
  }
  const offered = [
    ...meOperations,
    ...sessionOperations,
    ...organisationOperations,
    ...personOperations,
    ...proposalOperations,
    ...rulesOperations,
  ]
  async function call(id: string, who: Who | PersonCaller, given: Call = {}): Promise<Answer | Refusal> {
    const operation = offered.find(one => one.id === id)
    if (operation === undefined) throw new Error(id)
    const { key = `key-${++serial}` } = given
    const answer = await operation.answer({
      deps,
      caller: typeof who === 'string' ? await caller(who, given.since) : who,
      path: given.path ?? {},
      query: operation.query?.parse(given.query ?? {}),
      body: operation.body?.parse({ reason, ...given.body }),
      request: `request-${++serial}`,
      ...(operation.changes && { rev: given.rev ?? (await revOf(given.path ?? {})) }),
      ...(operation.creates && { idempotency: { keyHash: key, digest: 'digest' } }),
    })
    // What is answered is what the document says.
    if (!(answer instanceof Refusal))
      z.strictObject({})
        .loose()
        .and(operation.answers[answer.status] ?? z.never())
        .parse(answer.body)
    return answer
  }

  /** The version as it stands, of what the path names. */
  async function revOf({ person, proposal, organisation: of }: Record<string, string>): Promise<number> {
    const key = person
      ? keys.person(person)
      : proposal
        ? keys.proposal(proposal)
        : keys.organisation(of ?? '-')
    const [found] = await sqlite.get([key as Key<{ rev: number }>])
    if (found) return found.rev
    return (await sqlite.get([keys.rules]))[0]?.version ?? 1
  }

  /** A decision about somebody: `person('suspend', 'ada', 'sam')`. */
  const person = (
    verb: string,
    who: Who | PersonCaller,
    about: string,
    body: object = {},
    given: Call = {},
  ) =>
    call(`${verb}Person`, who, {
      ...given,
      path: { person: about.startsWith('person_') ? about : `person_${about}` },
      body,
    })

  async function approve(who: Who | PersonCaller, answer: Answer | Refusal) {
    return call('approveProposal', who, { path: { proposal: proposalOf(answer) } })
  }

  return {
    deps,
    store: sqlite as Store,
    call,
    person,
    approve,
    caller,
    session,
    organisation,
    put,
    pass: (ms: number) => {
      now += ms
    },
    now: () => now,
    personOf: async (who: string): Promise<Governed<Person>> => {
      const [found] = await sqlite.get([keys.person(who.startsWith('person_') ? who : `person_${who}`)])
      if (!found) throw new Error(who)
      return found
    },
    organisationOf: async (
      id: string,
    ): Promise<Governed<Organisation> & { readonly sessionsFrom?: number }> => {
      const [found] = await sqlite.get([keys.organisation(id)])
      if (!found) throw new Error(id)
      return found
    },
    /** The body of an entry. */
    entry: async (eid: unknown) => {
      const [found] = await sqlite.get([keys.entry(String(eid))])
      return JSON.parse(found?.body ?? 'null')
    },
    /** What an organisation was told, in order. */
    told: async (of: string): Promise<readonly string[]> => {
      const page = await sqlite.query({
        index: indexes.byOwner,
        partition: of,
        from: 'notice#',
        to: 'notice$',
        order: 'asc',
        limit: 100,
      })
      const notices = await sqlite.get(page.keys as readonly ReturnType<typeof keys.notice>[])
      return notices.map(one => one?.type ?? '')
    },
  }
}

export type PeopleWorld = Awaited<ReturnType<typeof peopleWorld>>

/** The code of a refusal; the step of a decision, or the state of a proposal, that went through. */
export function outcome(answer: Answer | Refusal): string {
  if (answer instanceof Refusal) return answer.code
  const { step, state } = answer.body as { step?: string; state?: string }
  return step ?? state ?? String(answer.status)
}

export function bodyOf<T = Record<string, unknown>>(answer: Answer | Refusal): T {
  if (answer instanceof Refusal) throw new Error(`${answer.code}: ${answer.facts.detail}`)
  return answer.body as T
}

export const proposalOf = (answer: Answer | Refusal): string =>
  bodyOf<{ proposal: { id: string } | null }>(answer).proposal?.id ?? ''

export const subjectOf = (answer: Answer | Refusal): string =>
  bodyOf<{ subject: { id: string } }>(answer).subject.id
