/** A log over a store and objects of a test, of which the store can be put back to what it was. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createEpochs } from '../../../functions/log-epoch.ts'
import { createSequencer, type Round } from '../../../functions/sequencer/app.ts'
import { openLogKey } from '../../../functions/sequencer/log-key.ts'
import type { Found, NothingToDo, RestoreDeps } from '../../../scripts/restore-log/look.ts'
import { look } from '../../../scripts/restore-log/look.ts'
import { putBack } from '../../../scripts/restore-log/put-back.ts'
import { type SqliteStore, sqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { systemRandom } from '../../../shared/adapters/world.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { LogState } from '../../../shared/domain/log.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { entryId } from '../../../shared/entries/id.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import { makeEntry } from '../../../shared/entries/record.ts'
import { type Objects, ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import type { Clock } from '../../../shared/ports/world.ts'
import { readPublishedLog } from '../../crash/published-log.ts'
import { quiet } from '../../world/embedded.ts'
import { testSecrets } from '../../world/log-view.ts'
import { memoryObjects } from '../../world/memory-objects.ts'

const issuer = 'https://log.example'
const dayMs = 86_400_000
export const retentionMs = 400 * dayMs

export type RestoreWorld = Awaited<ReturnType<typeof openRestoreWorld>>

export async function openRestoreWorld(slots = 4) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
  const objects = memoryObjects()
  let now = Date.UTC(2026, 10, 27, 9)
  const clock: Clock = { now: () => now, sleep: async () => {} }
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  const logKey = await openLogKey(objects, issuer, {
    kid: 'log',
    alg: 'Ed25519',
    publicJwk: { kty: 'OKP', crv: 'Ed25519', x },
    sign: async bytes => sign(null, bytes, privateKey),
  })
  let files = 0
  const openFile = (path: string) => {
    const database = new DatabaseSync(path)
    return { path, database, store: sqliteStore(database, Object.values(indexes)) as SqliteStore }
  }
  const newFile = () => join(folder, `${files++}.db`)
  let open = openFile(newFile())

  const epochs = (slotsOfNew = slots) =>
    createEpochs({ store: open.store, secrets: testSecrets, origin: logKey.origin, slots: slotsOfNew })
  const sequencer = (over: Objects) =>
    createSequencer({
      store: open.store,
      objects: over,
      secrets: testSecrets,
      logKey,
      clock,
      telemetry: quiet,
      epochs: epochs(),
      retentionMs,
    })
  const deps = (): RestoreDeps => ({
    store: open.store,
    objects,
    secrets: testSecrets,
    logKey,
    clock,
    retentionMs,
  })

  return {
    objects,
    logKey,
    deps,
    get store(): SqliteStore {
      return open.store
    },
    pass: (ms: number) => {
      now += ms
    },
    /** Entries that wait; of their ids. */
    async write(count: number, unmapped: object = { kind: 'refusal' }): Promise<readonly string[]> {
      const eids: string[] = []
      for (let n = 0; n < count; n++) {
        const eid = entryId(now, systemRandom.bytes(16))
        await open.store.write(putEntry({ eid, entry: made(eid, unmapped, now) }))
        eids.push(eid)
      }
      return eids
    },
    /** Under an id of the caller's. */
    writeAs: (eid: string, unmapped: object) =>
      open.store.write(putEntry({ eid, entry: made(eid, unmapped, now) })),
    sequence: (): Promise<Round> => sequencer(objects).round(),
    /** As whoever shows an entry of a month that is not begun. */
    beginEpoch: (epoch: number, slotsOfNew: number) => epochs(slotsOfNew)(epoch),
    /** As one that is killed once its commit is in the state, after `applied` of its objects. */
    async killedSequence(applied = 0): Promise<void> {
      let left = applied
      const failing: Objects = {
        ...objects,
        async put(key, bytes, condition) {
          if (!key.startsWith('staging/') && left-- <= 0) throw new ObjectsUnavailable('killed')
          return objects.put(key, bytes, condition)
        },
      }
      await sequencer(failing)
        .round()
        .catch((error: unknown) => {
          if (!(error instanceof ObjectsUnavailable)) throw error
        })
    },
    copy(): string {
      const path = newFile()
      open.database.prepare('VACUUM INTO ?').run(path)
      return path
    },
    /** Everything that was written since is gone from the store. */
    restore(copy: string): void {
      open.store.close()
      open = openFile(copy)
    },
    /** All but the state of the log is gone too, or that as well. */
    async state(): Promise<LogState | undefined> {
      return (await open.store.get([keys.logState]))[0]
    },
    async entry(eid: string): Promise<Entry | undefined> {
      return (await open.store.get([keys.entry(eid)]))[0]
    },
    rows: (): readonly string[] =>
      open.database
        .prepare("SELECT pk || ' ' || sk || ' ' || body AS row FROM entries ORDER BY 1")
        .all()
        .map(({ row }) => String(row)),
    look: (): Promise<Found | NothingToDo> => look(deps()),
    async putBack(): Promise<{ readonly found: Found; readonly eid: string }> {
      const found = await look(deps())
      if ('nothing' in found) throw new Error(found.nothing)
      const { eid } = await putBack({ ...deps(), random: systemRandom }, found, { operator: 'bob' })
      return { found, eid }
    },
    published: () =>
      readPublishedLog(async path => {
        const bytes = objects.all.get(`log/${path}`)
        return bytes && Buffer.from(bytes)
      }),
    close(): void {
      open.store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

const made = (eid: string, unmapped: object, now: number): Entry =>
  makeEntry({ eid, now, classUid: 6003, activityId: 1, statusId: 1, fields: { unmapped } }, marks(unmapped))

/** As makers of entries set them. */
function marks(unmapped: object) {
  const { kind, meters, charge } = unmapped as { kind?: string; meters?: string[]; charge?: number }
  return {
    organisation: 'cedar',
    ...(kind === 'intent' && meters && { meters, open: 'open#0' }),
    ...(kind === 'outcome' && charge !== undefined && { charge }),
  }
}
