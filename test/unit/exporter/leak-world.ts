/** A log, ten people of two organisations who have the same records of it, and whoever asks which of them leaked some. */
import type { PersonCaller } from '../../../functions/api/caller.ts'
import type { Answer, Context } from '../../../functions/api/operation.ts'
import { traceOperations } from '../../../functions/api/operations/traces.ts'
import type { ExporterDeps } from '../../../functions/exporter/deps.ts'
import { answerInquiries } from '../../../functions/exporter/inquiries/answer-inquiries.ts'
import { answerers } from '../../../functions/exporter/inquiries/answerers.ts'
import { showEntries } from '../../../functions/log/show.ts'
import { type Calls, chanceOf, madeUpCalls, putCalls } from '../../../scripts/bench/watermark/leak-log.ts'
import type { BundleRecord } from '../../../shared/bundle/records.ts'
import { keys, listed } from '../../../shared/domain/keys.ts'
import type { Organisation, OrganisationKind, Person, Role } from '../../../shared/domain/parties.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import type { Telemetry } from '../../../shared/ports/world.ts'
import { testSecrets } from '../../world/log-view.ts'
import { readWorld } from '../functions/log/read-world.ts'

const organisations = {
  halcyon: { kind: 'developer', role: 'developer-admin' },
  ledger: { kind: 'auditor', role: 'auditor' },
  cedar: { kind: 'partner', role: 'partner-admin' },
} as const satisfies Record<string, { kind: OrganisationKind; role: Role }>
type OrganisationId = keyof typeof organisations

/** Beside the ten, one of each who asks. */
export const readers: readonly { readonly id: string; readonly organisation: OrganisationId }[] = Array.from(
  { length: 10 },
  (_, n) => ({ id: `reader${n}`, organisation: n < 5 ? 'halcyon' : 'ledger' }),
)
const askers = [
  { id: 'dana', organisation: 'halcyon' },
  { id: 'ida', organisation: 'ledger' },
  { id: 'ada', organisation: 'cedar' },
] as const

const model = 'aurora'

export async function leakWorld() {
  const world = await readWorld({ slots: 64 })
  const { store, log } = world
  const objects = log.objects as RemovableObjects & { readonly all: ReadonlyMap<string, Uint8Array> }
  const errors: string[] = []
  const alarms: string[] = []
  const telemetry: Telemetry = {
    count: () => undefined,
    alarm: name => void alarms.push(name),
    error: (message, error) => void errors.push(`${message}: ${(error as Error).message}`),
  }
  await store.write({ kind: 'put', key: keys.standing, item: { holds: {}, compromised: {} } })
  for (const [id, { kind }] of Object.entries(organisations)) {
    const item = {
      ...{ id, name: id, kind, state: 'active', ...(kind === 'auditor' && { audits: [model] }) },
      ...listed('organisation', id, id),
      rev: 1,
    } as unknown as Organisation & ReturnType<typeof listed> & { rev: number }
    await store.write({ kind: 'put', key: keys.organisation(id), item })
  }
  for (const { id, organisation } of [...readers, ...askers]) {
    const person: Person = {
      ...{ id: `person_${id}`, name: id, organisation, issuer: 'https://id.example', subject: id },
      ...{ roles: [organisations[organisation].role], state: 'active', createdAt: 0 },
    }
    const item = { ...person, ...listed('person', organisation, person.id), rev: 1 }
    await store.write({ kind: 'put', key: keys.person(person.id), item })
  }

  const callerOf = (id: string, held?: readonly Role[]): PersonCaller => {
    const { organisation } = [...readers, ...askers].find(one => one.id === id) ?? readers[0] ?? askers[0]
    const { kind, role } = organisations[organisation]
    const roles = held ?? [role]
    const viewer = { organisation, kind, roles, ...(kind === 'auditor' && { audits: [model] }) }
    return { kind: 'person', person: { id: `person_${id}`, name: id }, viewer } as unknown as PersonCaller
  }
  const chance = chanceOf('requests')
  const random = { bytes: (n: number) => Uint8Array.from(chance.bytes(n)) }
  let serial = 0
  const ask = async (
    name: string,
    as: string,
    over: object,
    roles?: readonly Role[],
  ): Promise<Answer | Refusal> => {
    const operation = traceOperations.find(({ id }) => id === name)
    if (operation === undefined) throw new Error(`there is no ${name}`)
    const asking = world.asking(callerOf(as, roles))
    const context = {
      ...asking,
      deps: { ...asking.deps, random, telemetry },
      ...{ path: {}, query: {}, request: `asks-${++serial}`, ...over },
    }
    return operation.answer(context as unknown as Context)
  }

  return {
    ...world,
    objects,
    errors,
    alarms,
    /** Calls of a client of cedar, in the tree. */
    async calls(count: number, over: Partial<Calls> = {}): Promise<readonly NamedEntry[]> {
      const from = world.now() - 86_400_000 / 2
      const made = madeUpCalls({
        seed: 'a',
        count,
        from,
        organisation: 'cedar',
        model,
        developer: 'halcyon',
        ...over,
      })
      await putCalls(store, made)
      await world.sequence()
      const found = await store.get(made.slice(0, 100).map(({ eid }) => keys.entry(eid)))
      return made.map((one, n) => ({ eid: one.eid, entry: found[n] ?? one.entry }))
    },
    /** As they stand in the reader's bundle. */
    async copy(id: string, entries: readonly NamedEntry[]): Promise<readonly BundleRecord[]> {
      const shown = await showEntries(log, callerOf(id), entries)
      if (shown instanceof Refusal) throw new Error(shown.code)
      return shown
    },
    ask: (leak: string, body: object = {}, { as = 'dana', key = `key-${++serial}` } = {}) =>
      ask('createTrace', as, {
        body: { leak, purpose: 'A list on the web', ...body },
        idempotency: { keyHash: key, digest: JSON.stringify({ leak, body }) },
      }),
    get: (id: string, as = 'dana', roles?: readonly Role[]) =>
      ask('getTrace', as, { path: { trace: id } }, roles),
    exporter: (over: Partial<ExporterDeps> = {}): ExporterDeps =>
      ({
        ...{
          store,
          objects,
          secrets: testSecrets,
          random,
          telemetry,
          log,
          witnesses: [],
          retentionMs: 30 * 86_400_000,
        },
        clock: { now: world.now, sleep: async () => undefined },
        ...over,
      }) as ExporterDeps,
    /** Entries of other ten seconds stand in the order of time. */
    answer(over: Partial<ExporterDeps> = {}): Promise<number> {
      world.pass(11_000)
      return answerInquiries(this.exporter(over), world.now() + 3_600_000, answerers)
    },
    /** Asked and answered. */
    async trace(leak: string, body: object = {}, as = 'dana'): Promise<TraceShown> {
      const asked = await this.ask(leak, body, { as })
      if (asked instanceof Refusal) throw new Error(`${asked.code}: ${asked.facts.detail}`)
      await this.answer()
      const found = await this.get((asked.body as { id: string }).id, as)
      if (found instanceof Refusal) throw new Error(found.code)
      return found.body as TraceShown
    },
  }
}

export type LeakWorld = Awaited<ReturnType<typeof leakWorld>>

/** Of what the API shows, what is looked at here. */
export interface TraceShown {
  readonly id: string
  readonly state: string
  readonly failure: { readonly code: string } | null
  readonly ended_by: string | null
  readonly result: {
    readonly rows: number
    readonly matched: number
    readonly ambiguous: number
    readonly unmatched: number
    readonly records: number
    readonly layers: {
      readonly A: { readonly records: number; readonly unproved: number }
      readonly B: { readonly records: number; readonly tested: number }
      readonly C: { readonly records: number; readonly tested: number }
    }
    readonly readers: readonly {
      readonly reader: string
      readonly name: string
      readonly organisation: string | null
      readonly layers: Readonly<Record<string, { readonly bound: number }>>
      readonly bound: number
    }[]
  } | null
}

export const named = ({ result }: TraceShown): readonly string[] =>
  (result?.readers ?? []).map(({ name }) => name).toSorted()
