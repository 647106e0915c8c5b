/** People who decide about the log, a log with calls in it, and exporters, at a time that is moved by hand. */
import type { Answer } from '../../../functions/api/operation.ts'
import { entryOperations } from '../../../functions/api/operations/entries.ts'
import { evidenceOperations } from '../../../functions/api/operations/evidence.ts'
import { logDeletionOperations } from '../../../functions/api/operations/log-deletions.ts'
import { preservationOperations } from '../../../functions/api/operations/preservations.ts'
import type { ExporterDeps } from '../../../functions/exporter/deps.ts'
import { runExporter } from '../../../functions/exporter/run.ts'
import { createSequencer } from '../../../functions/sequencer/app.ts'
import { openLogKey } from '../../../functions/sequencer/log-key.ts'
import { openDerivedSigner } from '../../../shared/adapters/derived-signer.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { type CallFacts, intentEntry, outcomeEntry } from '../../../shared/entries/call.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { entryId, everyDayShard } from '../../../shared/entries/id.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { quiet } from '../../world/embedded.ts'
import { testLogView, testSecrets } from '../../world/log-view.ts'
import { grantWorld } from '../functions/governance/grant-world.ts'

export const dayMs = 86_400_000
export const hourMs = 3_600_000
const usual = 184 * dayMs
export const retentionMs = usual
/** The month in which it begins. */
export const month = '2027-01'
export const why = { code: 'legal_order', text: 'A court asks for it.', reference: 'order 12' }

export async function keptWorld({ retentionMs = usual } = {}) {
  const world = await grantWorld()
  const { store, now } = world
  const governance = Object.assign(world.deps, { retentionMs })
  const log = testLogView(store, 64)
  const objects = log.objects as RemovableObjects & { readonly all: ReadonlyMap<string, Uint8Array> }
  const logKey = await openLogKey(objects, 'https://log.example', await openDerivedSigner(testSecrets))
  const errors: string[] = []
  const telemetry = {
    ...quiet,
    error: (message: string, error: unknown) => void errors.push(`${message}: ${(error as Error).message}`),
  }
  let serial = 0
  const facts = (organisation: string, further: Partial<CallFacts>): CallFacts => ({
    request: `call-${++serial}`,
    address: '192.0.2.1',
    protocol: 'openai',
    operation: 'chat.completions',
    organisation,
    client: `client_${organisation}`,
    tokenId: 'token_1',
    key: 'thumbprint',
    model: 'aurora',
    developer: 'halcyon',
    grant: 'grant_1',
    agreement: { id: 'agreement_1', digest: 'd' },
    purpose: 'defence',
    clauses: ['quota-1'],
    ...further,
  })

  const intentOf = (organisation: string, further: Partial<CallFacts> = {}) =>
    intentEntry(
      facts(organisation, further),
      { reserve: 10, meters: ['m'] },
      now(),
      world.deps.random.bytes(16),
    )

  const ended = { ending: 'completed', charge: 7, meters: [] } as const
  const endCall = async (intent: ReturnType<typeof intentOf>): Promise<void> => {
    await store.write(putEntry(outcomeEntry(intent.eid, intent.entry, ended, now())))
    await store.write({ kind: 'update', key: keys.entry(intent.eid), change: { remove: [['open']] } })
  }

  const deps: ExporterDeps = {
    store,
    objects,
    secrets: testSecrets,
    clock: world.deps.clock,
    random: world.deps.random,
    telemetry,
    log,
    retentionMs,
    witnesses: [],
  }

  async function call(
    who: string,
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
    const all = [
      ...preservationOperations,
      ...logDeletionOperations,
      ...evidenceOperations,
      ...entryOperations,
    ]
    const operation = all.find(one => one.id === id)
    if (operation === undefined) throw new Error(`no operation ${id}`)
    return operation.answer({
      deps: { ...governance, log, issuer: 'https://gate.example', statements } as never,
      caller: await world.caller(who),
      path,
      query: operation.query?.parse(query) ?? {},
      body: operation.body?.parse({ reason: why, ...body }),
      request: `request-${++serial}`,
      ...(rev !== undefined && { rev }),
    })
  }
  const statements = await openDerivedSigner(testSecrets)

  const decided = async (answer: Answer | Refusal, second?: string): Promise<string> => {
    if (answer instanceof Refusal) throw new Error(`${answer.code}: ${answer.facts.detail}`)
    const { subject, proposal } = answer.body as {
      readonly subject: { readonly id: string }
      readonly proposal: { readonly id: string } | null
    }
    if (second !== undefined) {
      const approved = await world.answer(second, 'approve', proposal?.id ?? '')
      if (approved instanceof Refusal) throw new Error(`${approved.code}: ${approved.facts.detail}`)
    }
    return subject.id
  }

  return {
    ...world,
    log,
    objects,
    deps,
    statements,
    errors,
    call,
    decided,
    intentOf,
    endCall,
    putIntent: async (intent: ReturnType<typeof intentOf>) => void (await store.write(putEntry(intent))),
    /** A call, and its outcome at once; the intent's id. */
    async callOf(organisation: string, further: Partial<CallFacts> = {}): Promise<string> {
      const intent = intentOf(organisation, further)
      await store.write(putEntry(intent))
      await endCall(intent)
      return intent.eid
    },
    async sequence(): Promise<void> {
      const sequencer = createSequencer({
        ...{ store, clock: deps.clock, logKey, telemetry: quiet, secrets: testSecrets, objects },
        epochs: log.epochs,
        retentionMs,
      })
      while ((await sequencer.round()).more);
    },
    place: async (who: string, query: string): Promise<string> =>
      decided(await call(who, 'placePreservation', { body: { query } })),
    async lift(id: string, by = 'dana', second = 'nora'): Promise<void> {
      const [order] = await store.get([keys.preservation(id)])
      const path = { preservation: id }
      await decided(await call(by, 'liftPreservation', { path, rev: order?.rev ?? 0 }), second)
    },
    deleteMonth: async (of = month): Promise<string> =>
      decided(await call('dana', 'deleteLogMonth', { body: { month: of } }), 'nora'),
    run: (over: Partial<ExporterDeps> = {}) => runExporter({ ...deps, ...over }, 600_000),
    exp: async (eid: string): Promise<number | undefined> => (await store.get([keys.entry(eid)]))[0]?.exp,
    entryAt: async (eid: string): Promise<Entry | undefined> => (await store.get([keys.entry(eid)]))[0],
    /** Every entry of a day and of the `days` after it, by their ids. */
    async entriesFrom(ms: number, days = 31): Promise<ReadonlyMap<string, Entry>> {
      const found = new Map<string, Entry>()
      for (let n = 0; n < days; n++)
        for (const partition of everyDayShard(ms + n * dayMs)) {
          const page = await store.query({ index: indexes.byDay, partition, order: 'asc', limit: 1000 })
          for (const { pk } of page.keys) {
            const [entry] = await store.get([keys.entry(pk)])
            if (entry) found.set(pk, entry)
          }
        }
      return found
    },
    /** An id of that moment that no entry has. */
    nobodys: (ms: number): string => entryId(ms, Buffer.alloc(16, 9)),
  }
}

export type KeptWorld = Awaited<ReturnType<typeof keptWorld>>

/** A store of which something is done otherwise. */
export const storeWith = (store: Store, change: Partial<Store>): Store => ({
  get: store.get.bind(store) as Store['get'],
  query: store.query.bind(store) as Store['query'],
  write: store.write.bind(store) as Store['write'],
  writeInOrder: store.writeInOrder.bind(store),
  transact: store.transact.bind(store),
  ...change,
})

export const codeOf = (answer: Answer | Refusal): string =>
  answer instanceof Refusal ? answer.code : String((answer.body as { step?: string }).step)
