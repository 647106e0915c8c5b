/** A log with calls in it, and whoever reads it, in memory, at a time that is moved by hand. */
import type { ApiDeps } from '../../../../functions/api/app.ts'
import type { Caller } from '../../../../functions/api/caller.ts'
import type { Context } from '../../../../functions/api/operation.ts'
import { createSequencer } from '../../../../functions/sequencer/app.ts'
import { openLogKey } from '../../../../functions/sequencer/log-key.ts'
import { openDerivedSigner } from '../../../../shared/adapters/derived-signer.ts'
import { openSqliteStore } from '../../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes } from '../../../../shared/domain/keys.ts'
import { type CallFacts, intentEntry, outcomeEntry } from '../../../../shared/entries/call.ts'
import { putEntry } from '../../../../shared/entries/put.ts'
import type { Objects } from '../../../../shared/ports/objects.ts'
import type { Store } from '../../../../shared/ports/store.ts'
import { quiet } from '../../../world/embedded.ts'
import { entriesOf } from '../../../world/entries.ts'
import { testLogView, testSecrets } from '../../../world/log-view.ts'

export interface Reading {
  readonly eid: string
  readonly actor: { readonly user: Readonly<Record<string, unknown>> }
  readonly entity: { readonly type: string; readonly uid: string }
  readonly unmapped: {
    readonly operation: string
    readonly query?: string
    readonly size?: number
    readonly count: number
    readonly of: string
    readonly request: string
  }
}

export interface Kept {
  readonly slots?: number
  /** In memory unless they are given. */
  readonly store?: Store
  readonly objects?: Objects
}

export async function readWorld({ slots = 8, ...kept }: Kept = {}) {
  const store = kept.store ?? openSqliteStore(':memory:', Object.values(indexes))
  const log = testLogView(store, slots, kept.objects)
  let now = Date.UTC(2026, 10, 27, 12)
  let serial = 0
  const clock = { now: () => now, sleep: async () => undefined }
  const random = {
    bytes: (n: number) => Buffer.from(Array.from({ length: n }, (_, i) => (++serial * 37 + i) % 251)),
  }
  const logKey = await openLogKey(log.objects, 'https://log.example', await openDerivedSigner(testSecrets))
  const deps = { store, clock, random, log, telemetry: quiet }

  const facts = (organisation: string): CallFacts => ({
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
    purpose: 'defensive-research',
    clauses: ['quota-1'],
  })

  return {
    store,
    log,
    pass: (ms: number) => {
      now += ms
    },
    now: () => now,
    /** Its intent's id; with its outcome there are two entries. */
    async call(organisation = 'cedar'): Promise<string> {
      const intent = intentEntry(facts(organisation), { reserve: 10, meters: ['m'] }, now, random.bytes(16))
      const ended = { ending: 'completed', charge: 7, meters: [] } as const
      await store.write(putEntry(intent))
      await store.write(putEntry(outcomeEntry(intent.eid, intent.entry, ended, now)))
      return intent.eid
    },
    /** Gives whatever waits its place. */
    async sequence(): Promise<void> {
      const sequencer = createSequencer({
        ...{
          store,
          clock,
          logKey,
          telemetry: quiet,
          secrets: testSecrets,
          objects: log.objects,
          http: undefined as never,
        },
        epochs: log.epochs,
        retentionMs: 1,
      })
      while ((await sequencer.round()).more);
    },
    /** What an operation is answered with; `over` stands for the store. */
    asking: (caller: Caller, over: Store = store): Pick<Context, 'deps' | 'caller' | 'request'> => ({
      deps: { ...deps, store: over } as unknown as ApiDeps,
      caller,
      request: `request-${++serial}`,
    }),
    /** Who read the log, of an organisation, in the order of their ids. */
    async readings(organisation = 'cedar'): Promise<readonly Reading[]> {
      const all = (await entriesOf(store, organisation)).map(({ eid, entry }) => ({
        eid,
        ...JSON.parse(entry.body),
      }))
      return all.filter(one => one.unmapped.kind === 'log_read')
    },
  }
}

export type ReadWorld = Awaited<ReturnType<typeof readWorld>>

export const person = (id: string, organisation = 'cedar'): Caller =>
  ({
    kind: 'person',
    person: { id: `person_${id}`, name: id },
    viewer: { organisation, kind: 'partner', roles: ['partner-admin'] },
  }) as unknown as Caller

export const workload = (id: string, organisation = 'cedar'): Caller =>
  ({
    kind: 'workload',
    client: { id: `client_${id}`, name: id },
    viewer: { organisation, kind: 'partner', roles: [] },
  }) as unknown as Caller

/** A store that does some of it otherwise. */
export const storeWith = (store: Store, change: Partial<Store>): Store => ({
  ...store,
  get: store.get.bind(store) as Store['get'],
  query: store.query.bind(store) as Store['query'],
  write: store.write.bind(store) as Store['write'],
  transact: store.transact.bind(store),
  ...change,
})
