/** A log with calls in it, people who ask for exports of it, and exporters, at a time that is moved by hand. */
import { unzipSync } from 'fflate'
import type { PersonCaller } from '../../../functions/api/caller.ts'
import { countersignExport } from '../../../functions/api/exports/countersign.ts'
import { createExport } from '../../../functions/api/exports/create.ts'
import { downloadExport } from '../../../functions/api/exports/download.ts'
import type { Answer, Context } from '../../../functions/api/operation.ts'
import type { ExporterDeps } from '../../../functions/exporter/deps.ts'
import { makeExports } from '../../../functions/exporter/exports.ts'
import { openLogKey } from '../../../functions/sequencer/log-key.ts'
import { openDerivedSigner } from '../../../shared/adapters/derived-signer.ts'
import { statementOf } from '../../../shared/bundle/countersignature.ts'
import { chunkKey, type ExportRecord } from '../../../shared/domain/exports.ts'
import { keys, listed } from '../../../shared/domain/keys.ts'
import type { Organisation, Person } from '../../../shared/domain/parties.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { RemovableObjects } from '../../../shared/ports/objects.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Telemetry } from '../../../shared/ports/world.ts'
import { sessionKey } from '../../world/countersign.ts'
import { entriesOf } from '../../world/entries.ts'
import { testSecrets } from '../../world/log-view.ts'
import { type Kept, readWorld } from '../functions/log/read-world.ts'

export interface AskedOf {
  readonly q?: string
  readonly archive?: true
  readonly by?: 'us'
  readonly as?: string
  readonly key?: string
}

export async function exportWorld({ calls = 5, ...kept }: Kept & { readonly calls?: number } = {}) {
  const world = await readWorld({ slots: 64, ...kept })
  const { store, log } = world
  const objects = log.objects as RemovableObjects & { readonly all: ReadonlyMap<string, Uint8Array> }
  const alarms: string[] = []
  const errors: string[] = []
  const telemetry: Telemetry = {
    count: () => undefined,
    alarm: name => void alarms.push(name),
    error: (message, error) => void errors.push(`${message}: ${(error as Error).message}`),
  }
  let serial = 0
  const random = {
    bytes: (n: number) => Buffer.from(Array.from({ length: n }, (_, i) => (++serial * 41 + i * 7) % 251)),
  }
  const cedar = { id: 'cedar', name: 'Cedar', kind: 'partner', state: 'active', partner: 'active' }
  await store.write({ kind: 'put', key: keys.standing, item: { holds: {}, compromised: {} } })
  await store.write({
    kind: 'put',
    key: keys.organisation('cedar'),
    item: { ...(cedar as unknown as Organisation), ...listed('organisation', 'cedar', 'cedar'), rev: 1 },
  })
  for (const id of ['ada', 'ben']) {
    const person: Person = {
      id: `person_${id}`,
      name: id,
      organisation: 'cedar',
      issuer: 'https://id.example',
      subject: id,
      roles: ['partner-admin'],
      state: 'active',
      createdAt: 0,
    }
    await store.write({
      kind: 'put',
      key: keys.person(person.id),
      item: { ...person, ...listed('person', 'cedar', person.id), rev: 1 },
    })
  }
  for (let n = 0; n < calls; n++) {
    world.pass(11_000)
    await world.call(n % 4 === 3 ? 'elm' : 'cedar')
  }
  await world.sequence()

  const sessionKeys = { ada: await sessionKey(), ben: await sessionKey('Ed25519') }
  const keyOf = (id: string) => (id === 'ben' ? sessionKeys.ben : sessionKeys.ada)

  const callerOf = (id: string): PersonCaller =>
    ({
      kind: 'person',
      person: { id: `person_${id}`, name: id },
      session: { id: `session_${id}`, jkt: keyOf(id).jkt },
      viewer: { organisation: 'cedar', kind: 'partner', roles: ['partner-admin'] },
    }) as unknown as PersonCaller

  const contextOf = <B>(
    id: string,
    over: object,
    request = `asks-${++serial}`,
  ): Context<PersonCaller, unknown, B> =>
    ({
      ...world.asking(callerOf(id)),
      deps: { ...world.asking(callerOf(id)).deps, random, telemetry },
      caller: callerOf(id),
      path: {},
      query: undefined,
      request,
      ...over,
    }) as unknown as Context<PersonCaller, unknown, B>

  const exporter = (over: Partial<ExporterDeps> = {}): ExporterDeps => ({
    ...{ store, objects, secrets: testSecrets, random, telemetry, log, witnesses: [], retentionMs: 1 },
    clock: { now: world.now, sleep: async () => undefined },
    bounds: { lookedAt: 3, chunk: 1_024 },
    ...over,
  })

  const logKey = await openLogKey(objects, 'https://log.example', await openDerivedSigner(testSecrets))

  return {
    ...world,
    objects,
    alarms,
    errors,
    exporter,
    verifierKey: logKey.verifierKey,
    create: (asked: AskedOf = {}): Promise<Answer | Refusal> => {
      const { q = 'time:-1d..now', archive, by, as = 'ada', key = `key-${++serial}` } = asked
      const body = { q, purpose: 'A test', ...(archive && { archive }), ...(by && { by }) }
      const idempotency = { keyHash: key, digest: JSON.stringify(body) }
      return createExport(contextOf(as, { body, idempotency }))
    },
    /** One that is asked for, and whose granting entry is in the tree. */
    async asked(asked: AskedOf = {}): Promise<string> {
      const answer = await this.create(asked)
      if (answer instanceof Refusal) throw new Error(answer.code)
      await world.sequence()
      return (answer.body as { id: string }).id
    },
    async job(id: string): Promise<ExportRecord> {
      const [job] = await store.get([keys.export(id)])
      if (job === undefined) throw new Error('there is no such export')
      return job
    },
    /** Runs exporters until nothing is left to do; each run comes after what an earlier one has waited for. */
    async make(over: Partial<ExporterDeps> = {}): Promise<void> {
      for (let run = 0; run < 60; run++) {
        await makeExports(exporter(over), world.now() + 3_600_000)
        const { keys: due } = await store.query(dueQuery)
        if (due.length === 0) return
        world.pass(400_000)
        await world.sequence()
      }
      throw new Error('an export does not come to its end')
    },
    async file(id: string): Promise<Buffer> {
      const job = await this.job(id)
      const chunks = Array.from({ length: job.chunks ?? 0 }, (_, n) => objects.all.get(chunkKey(job, n)))
      return Buffer.concat(chunks.map(one => one ?? Buffer.from('missing')))
    },
    async files(id: string): Promise<Readonly<Record<string, string>>> {
      const files = unzipSync(await this.file(id))
      return Object.fromEntries(
        Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
      )
    },
    download: (
      id: string,
      range?: string,
      { as = 'ada', over = {} as Partial<Store>, roles = ['partner-admin'] } = {},
    ) => {
      const context = contextOf(as, { path: { export: id }, ...(range !== undefined && { range }) })
      const viewer = { ...context.caller.viewer, roles }
      return downloadExport({
        ...context,
        caller: { ...context.caller, viewer } as PersonCaller,
        deps: { ...context.deps, store: Object.assign(Object.create(store), over) },
      })
    },
    sessionKeys,
    async statement(id: string): Promise<string> {
      return statementOf(await this.job(id), log.origin) ?? ''
    },
    /** `signature` in place of one of this reader's own. */
    async countersign(
      id: string,
      { as = 'ada', signature = undefined as string | undefined, over = {} as Partial<Store> } = {},
    ): Promise<Answer | Refusal> {
      const context = contextOf<{ readonly signature: string }>(as, {
        path: { export: id },
        body: { signature: signature ?? (await keyOf(as).sign(await this.statement(id))) },
      })
      const changed = Object.assign(Object.create(store), over)
      return countersignExport({ ...context, deps: { ...context.deps, store: changed } })
    },
    async told(kind: string) {
      const all = (await entriesOf(store, 'cedar')).map(({ eid, entry }) => ({
        eid,
        ...JSON.parse(entry.body),
      }))
      return all.filter(one => one.unmapped.kind === kind)
    },
  }
}

const dueQuery = {
  index: { table: 'registry', name: 'by_due', partition: 'due', sort: 'listed' },
  partition: 'export',
  order: 'asc',
  limit: 100,
} as const

export type ExportWorld = Awaited<ReturnType<typeof exportWorld>>

export const recordsIn = (files: Readonly<Record<string, string>>): readonly { readonly eid: string }[] =>
  (files['records.jsonl'] ?? '')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line))
