import { createHmac } from 'node:crypto'
import type { ApiDeps } from '../../../../functions/api/app.ts'
import type { PersonCaller } from '../../../../functions/api/caller.ts'
import type { Answer } from '../../../../functions/api/operation.ts'
import { clientOperations } from '../../../../functions/api/operations/clients.ts'
import type { Actor } from '../../../../functions/governance/engine/plan.ts'
import { openSqliteStore } from '../../../../shared/adapters/embedded/sqlite-store.ts'
import { type Governed, indexes, keys, listed } from '../../../../shared/domain/keys.ts'
import type { Organisation, Person, Role } from '../../../../shared/domain/parties.ts'
import type { Client, Grant } from '../../../../shared/domain/records.ts'
import { Refusal, type RefusalCode } from '../../../../shared/domain/refusal.ts'
import type { Reason } from '../../../../shared/domain/stop.ts'
import { ticketHash } from '../../../../shared/oauth/enrolment.ts'
import { rotate } from '../../../../shared/oauth/key-ring.ts'
import type { Key, Store } from '../../../../shared/ports/store.ts'
import { testLogView } from '../../../world/log-view.ts'
import { type JoseKey, joseKey, joseSign } from '../../oauth/jose-keys.ts'

export const issuer = 'https://gate.example'
export const start = 1_800_000_000_000
export const day = 86_400_000
export const reason = { code: 'operational', text: 'because' } as const satisfies Reason

const partner = (id: string, name: string): Organisation => ({
  id,
  name,
  kind: 'partner',
  state: 'active',
  partner: 'active',
  developers: ['halcyon'],
  governments: ['ofr'],
})
const organisations: readonly Organisation[] = [
  { id: 'halcyon', name: 'Halcyon Research', kind: 'developer', state: 'active' },
  { id: 'ofr', name: 'Office of Frontier Review', kind: 'government', state: 'active' },
  { id: 'ledger', name: 'Ledger & Pine', kind: 'auditor', state: 'active', audits: ['aurora'] },
  partner('cedar', 'Cedar County Hospital'),
  partner('prairie', 'Prairie Water'),
]
const staff = {
  ada: ['halcyon', 'developer-admin'],
  nora: ['ofr', 'nsa-admin'],
  priya: ['cedar', 'partner-admin'],
  pat: ['cedar', 'partner-admin'],
  sam: ['cedar', 'partner-user'],
  wes: ['prairie', 'partner-admin'],
  ida: ['ledger', 'auditor'],
} as const satisfies Record<string, readonly [string, Role]>
export type Who = keyof typeof staff

/** Made-up organisations and people over SQLite in memory, at a time that stands still; the API's operations on top. */
export async function clientWorld(
  wrap: (store: Store) => Store = store => store,
  { issuer: own = issuer, clock = (): number => start } = {},
) {
  const sqlite = openSqliteStore(':memory:', Object.values(indexes))
  const put = async <R extends object>(key: Key<R>, item: R) => {
    await sqlite.write({ kind: 'put', key, item })
  }
  const organisation = (change: Partial<Organisation> & { readonly id: string }) => {
    const found = organisations.find(({ id }) => id === change.id)
    const item = { ...found, ...change, rev: 1, ...listed('organisation', change.id, change.id) }
    return put(keys.organisation(change.id), item as Governed<Organisation>)
  }
  const personOf = (who: Who): Governed<Person> => ({
    id: `person_${who}`,
    name: who,
    organisation: staff[who][0],
    issuer: 'https://idp.example',
    subject: who,
    roles: [staff[who][1]],
    state: 'active',
    createdAt: start,
    rev: 1,
    ...listed('person', staff[who][0], `person_${who}`),
  })
  for (const one of organisations) await organisation({ id: one.id })
  for (const who of Object.keys(staff) as Who[]) await put(keys.person(`person_${who}`), personOf(who))
  const signing = await joseKey()
  const ring = rotate({ version: 0, keys: [] }, { ...pick(signing), ref: 'signing' }, clock())
  await put(keys.keyRing, ring)
  await put(keys.standing, { holds: {}, compromised: {} })

  let passed = 0
  const now = () => clock() + passed
  let serial = 0
  const root = Buffer.alloc(32, 7)
  const store = wrap(sqlite)
  const deps = {
    store,
    log: testLogView(store),
    clock: { now, sleep: async () => {} },
    random: {
      bytes: (n: number) => createHmac('sha512', root).update(`${++serial}`).digest().subarray(0, n),
    },
    telemetry: { count() {}, alarm() {}, error() {} },
    issuer: own,
    nonceKey: Buffer.alloc(32, 3),
    secrets: {
      derive: async (domain: string, label: string) =>
        createHmac('sha256', root).update(`${domain}\n${label}`).digest(),
    },
  } as unknown as ApiDeps

  async function actor(who: Who): Promise<Actor> {
    const [person] = await sqlite.get([keys.person(`person_${who}`)])
    const [of] = await sqlite.get([keys.organisation(staff[who][0])])
    if (!person || !of) throw new Error(who)
    return { person, organisation: of, authTime: now() }
  }

  interface Call {
    readonly path?: Record<string, string>
    readonly query?: object
    readonly body?: object
    readonly rev?: number
    readonly key?: string
    readonly digest?: string
  }
  async function call(id: string, who: Who | undefined, given: Call = {}): Promise<Answer | Refusal> {
    const operation = clientOperations.find(one => one.id === id)
    if (operation === undefined) throw new Error(id)
    const acting = who && (await actor(who))
    const caller = acting && {
      kind: 'person',
      ...acting,
      viewer: {
        organisation: acting.organisation.id,
        kind: acting.organisation.kind,
        roles: acting.person.roles,
        ...(acting.organisation.kind === 'auditor' && { audits: acting.organisation.audits ?? [] }),
      },
    }
    const { key = `key-${++serial}`, digest = 'digest' } = given
    return operation.answer({
      deps,
      caller: caller as unknown as PersonCaller,
      path: given.path ?? {},
      query: given.query ?? {},
      body: operation.body ? operation.body.parse(given.body ?? { reason }) : undefined,
      request: `request-${++serial}`,
      ...(given.rev !== undefined && { rev: given.rev }),
      ...(operation.creates && { idempotency: { keyHash: `${who} ${key}`, digest } }),
    })
  }

  async function proof(ticket: string, key: JoseKey, claims: object = {}, header: object = {}) {
    const iat = Math.floor(now() / 1000)
    const base = { aud: own, iat, jti: `enrolment-number-${++serial}`, ticket_hash: ticketHash(ticket) }
    return joseSign(key, { typ: 'sallyport-enrolment+jwt', ...header }, { ...base, ...claims })
  }

  /** The fields of an answer; a refusal is a mistake of the test. */
  function told<T = Record<string, unknown>>(answer: Answer | Refusal): T {
    if (answer instanceof Refusal) throw new Error(`${answer.code}: ${answer.facts.detail}`)
    return answer.body as T
  }

  const enrolTicket = { kind: 'enrol', name: 'batch', client: 'workload', reason } as const
  async function ticketFor(who: Who, body: object = enrolTicket): Promise<string> {
    return told<{ ticket: string }>(await call('makeClientTicket', who, { body })).ticket
  }

  async function enrol(ticket: string, key: JoseKey) {
    const body = { ticket, public_key: key.jwk, proof: await proof(ticket, key) }
    return call('enrolClient', undefined, { body })
  }

  /** A client of Cedar, through the front door. */
  async function enrolled(body: object = enrolTicket, who: Who = 'priya') {
    const key = await joseKey()
    const { client_id } = told<{ client_id: string }>(await enrol(await ticketFor(who, body), key))
    return { id: client_id, key }
  }

  async function entries(of: string): Promise<readonly EntryBody[]> {
    const page = await sqlite.query({
      index: indexes.byOrganisation,
      partition: of,
      order: 'asc',
      limit: 100,
    })
    const found = await sqlite.get(page.keys.map(key => keys.entry(key.pk)))
    return found.flatMap(entry => (entry ? [JSON.parse(entry.body) as EntryBody] : []))
  }

  return {
    deps,
    store: sqlite as Store,
    signing,
    put,
    call,
    actor,
    proof,
    told,
    enrol,
    enrolled,
    enrolTicket,
    ticketFor,
    organisation,
    person: async (who: Who, change: Partial<Person>) => {
      const [before] = await sqlite.get([keys.person(`person_${who}`)])
      if (before) await put(keys.person(before.id), { ...before, ...change, rev: before.rev + 1 })
    },
    client: async (id: string): Promise<Governed<Client>> => {
      const [found] = await sqlite.get([keys.client(id)])
      if (!found) throw new Error(id)
      return found
    },
    grant: (id: string, organisationId: string, model: string) =>
      put(keys.grant(id), {
        id,
        organisation: organisationId,
        model,
        agreement: 'agreement_1',
        state: 'active',
        startsAt: start - day,
        expiresAt: start + 365 * day,
        meters: [],
        rev: 1,
        ...listed('grant', organisationId, id),
      } satisfies Governed<Grant>),
    pass: (ms: number) => {
      passed += ms
    },
    entries,
    entryOfUse: async (of: string, used = 'enrolled') =>
      (await entries(of)).find(({ unmapped }) => unmapped.params.used === used),
    notices: async (of: string) => {
      const page = await sqlite.query({
        index: indexes.byOwner,
        partition: of,
        from: 'notice#',
        to: 'notice$',
        order: 'asc',
        limit: 100,
      })
      const found = await sqlite.get(page.keys.map(key => keys.notice(key.pk.slice('notice#'.length))))
      return found.flatMap(notice => (notice ? [notice.type] : []))
    },
  }
}

export type ClientWorld = Awaited<ReturnType<typeof clientWorld>>

interface EntryBody {
  readonly actor: object
  readonly comment?: string
  readonly unmapped: {
    readonly action: string
    readonly decision: string
    readonly params: Record<string, unknown>
    readonly subject: object
  }
}

const pick = ({ kid, alg, jwk }: JoseKey) => ({ kid, alg, jwk })

export const codeOf = (answer: unknown): RefusalCode | undefined =>
  answer instanceof Refusal ? answer.code : undefined
