import { join } from 'node:path'
import { createApi } from '../../functions/api/app.ts'
import { createAttributionKeys } from '../../functions/attribution-keys.ts'
import { createConsole } from '../../functions/console/app.ts'
import { runExporter } from '../../functions/exporter/run.ts'
import { createGate, type GateDeps } from '../../functions/gate/app.ts'
import { openLogView } from '../../functions/log/open.ts'
import { notify } from '../../functions/notifier/app.ts'
import { createRingReader } from '../../functions/ring.ts'
import { createSequencer } from '../../functions/sequencer/app.ts'
import { openLogKey } from '../../functions/sequencer/log-key.ts'
import { sequenceFor } from '../../functions/sequencer/run.ts'
import { witnessPublished } from '../../functions/sequencer/witnessed.ts'
import { runSweeper } from '../../functions/sweeper/run.ts'
import { createToken } from '../../functions/token/app.ts'
import type { TokenDeps } from '../../functions/token/token-deps.ts'
import { makeFolder } from '../../shared/adapters/embedded/durable-file.ts'
import { openFileObjects } from '../../shared/adapters/embedded/file-objects.ts'
import { openFileSigner } from '../../shared/adapters/embedded/file-signer.ts'
import { openLocalSecrets } from '../../shared/adapters/embedded/local-secrets.ts'
import { openPrivateFile } from '../../shared/adapters/embedded/private-file.ts'
import { objectsApart } from '../../shared/adapters/embedded/sqlite-objects.ts'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { createHttp } from '../../shared/adapters/http.ts'
import { createProviderFetch } from '../../shared/adapters/provider-fetch.ts'
import { publicLookup } from '../../shared/adapters/public-lookup.ts'
import { parseCredentials } from '../../shared/adapters/upstream-credentials.ts'
import { lineTelemetry, systemClock, systemRandom } from '../../shared/adapters/world.ts'
import { expiring, indexes } from '../../shared/domain/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock, Telemetry } from '../../shared/ports/world.ts'
import { parseWitnessList } from '../../shared/tlog/witness-list.ts'
import { demoApiKeys } from '../demo/upstream.ts'
import { ensureRing } from '../key-ring.ts'
import type { Config } from './config.ts'
import { every } from './every.ts'
import { expire } from './expire.ts'
import { lockFolder } from './lock.ts'
import { type Listening, listen } from './server.ts'
import { createFileKey, createSigners, removeFileKey } from './token-keys.ts'

/** From one run of a function to the next, where AWS has a stream or a schedule. Milliseconds. */
const notifyMs = 250
const sequenceMs = 500
const witnessMs = 1_000
const expireMs = 60_000
const exportMs = 1_000

export interface Sallyport {
  readonly issuer: string
  readonly store: Store
  /** Lets requests under way end for `graceMs`, then breaks them off; every call has its outcome after it. */
  close(graceMs: number): Promise<void>
}

export interface Wiring {
  /** `:memory:` for the store, which then does not outlive the process; keys stay in the data folder. */
  readonly database?: string
  /** Stands between the functions and the store, for tests that make it fail. */
  readonly wrap?: (store: Store) => Store
  readonly telemetry?: Telemetry
  readonly idleMs?: GateDeps['idleMs']
  readonly pageRateLimit?: TokenDeps['pageRateLimit']
}

/** Takes the data folder, listens on loopback, and serves every function in this process. */
export async function openSallyport(config: Config, wiring: Wiring = {}): Promise<Sallyport> {
  const clock = systemClock
  const random = systemRandom
  const telemetry = wiring.telemetry ?? lineTelemetry(clock)
  const undo: (() => void | Promise<void>)[] = []
  try {
    await makeFolder(config.data, 0o700).catch((cause: Error) => {
      throw new Error(`SALLYPORT_DATA=${config.data} cannot be made a folder: ${cause.message}`, { cause })
    })
    const lock = lockFolder(config.data)
    undo.push(() => lock.release())
    const listening = await listen(config.port, telemetry)
    undo.push(() => listening.drain(0))
    const sallyport = await open(config, wiring, listening, { clock, random, telemetry })
    return {
      ...sallyport,
      async close(graceMs) {
        await sallyport.close(graceMs)
        lock.release()
      },
    }
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

async function open(
  config: Config,
  wiring: Wiring,
  listening: Listening,
  world: { readonly clock: Clock; readonly random: typeof systemRandom; readonly telemetry: Telemetry },
): Promise<Sallyport> {
  const { clock } = world
  const issuer = config.issuer ?? `http://127.0.0.1:${listening.port}`
  const secrets = await openLocalSecrets(join(config.data, 'keys', 'roots'), world.random)
  const credentials = await openCredentials(join(config.data, 'keys', 'upstream.json'))
  const database = wiring.database ?? join(config.data, 'sallyport.db')
  const sqlite = openSqliteStore(database, Object.values(indexes), expiring)
  const store = wiring.wrap?.(sqlite) ?? sqlite
  const folder = join(config.data, 'keys', 'token')
  await ensureRing({
    store: sqlite,
    clock,
    createKey: () => createFileKey(folder, world.random),
    retireKey: ref => removeFileKey(folder, ref),
  })

  const statements = await openFileSigner(join(config.data, 'keys', 'statements.json'), 'ES256')
  const http = createHttp()
  const shared = {
    ...world,
    store,
    issuer,
    nonceKey: await secrets.derive('nonce', 'dpop'),
    ring: createRingReader(store, clock),
  }
  const token = createToken({
    ...shared,
    signers: createSigners(folder),
    providerFetch: createProviderFetch(issuer),
    ...(wiring.pageRateLimit && { pageRateLimit: wiring.pageRateLimit }),
  })
  const files = await openFileObjects(join(config.data, 'bucket'))
  // Of each call one, and gone within hours.
  const objects = objectsApart('attr/pending/', sqlite.objects, files)
  const gate = createGate({
    ...shared,
    fingerprinting: { keys: createAttributionKeys({ ...shared, secrets }), objects },
    http,
    leaseMs: config.leaseMs,
    credential: credentials,
    ...(wiring.idleMs && { idleMs: wiring.idleMs }),
  })
  const witnesses = await parseWitnessList(config.witnesses).catch((cause: Error) => {
    throw new Error(`SALLYPORT_WITNESSES: ${cause.message}`, { cause })
  })
  const logSigner = await openFileSigner(join(config.data, 'keys', 'log.json'), 'Ed25519')
  const logKey = await openLogKey(objects, issuer, logSigner)
  const log = await openLogView({ ...shared, objects, secrets, slots: config.readerSlots, witnesses })
  listening.serve([
    ['/oauth/', token],
    ['/.well-known/', token],
    ['/openai/', gate],
    ['/anthropic/', gate],
    ['/api/', createApi({ ...shared, secrets, statements, log, retentionMs: config.retentionMs })],
    ['/log/', createConsole({ objects, telemetry: world.telemetry })],
    ['/healthz', token],
  ])
  const receivers = createHttp({ lookup: publicLookup(issuer) })
  const sequencing = {
    ...world,
    store,
    objects,
    secrets,
    logKey,
    epochs: log.epochs,
    retentionMs: config.retentionMs,
  }
  const sequencer = createSequencer(sequencing)
  const stopping = new AbortController()
  const exporting = {
    ...{ ...world, store, objects, secrets, log, witnesses },
    retentionMs: config.retentionMs,
    stop: stopping.signal,
  }
  const timers = [
    every(world, config.leaseMs / 3, 'sweeper', () => runSweeper({ ...world, store })),
    every(world, notifyMs, 'notifier', () => notify({ ...world, store, secrets, issuer, http: receivers })),
    // By connections that go anywhere: whoever runs the log names its witnesses, in a private network too.
    every(world, witnessMs, 'witnesses', () => witnessPublished({ ...sequencing, http, witnesses })),
    every(world, expireMs, 'expiry', () => expire(sqlite, clock)),
    every(world, sequenceMs, 'sequencer', () => sequenceFor(sequencer, clock, 60_000)),
    every(world, exportMs, 'exporter', () => runExporter(exporting, 60_000)),
  ]
  return {
    issuer,
    store: sqlite,
    async close(graceMs) {
      await listening.drain(graceMs)
      stopping.abort()
      await Promise.all(timers.map(stop => stop()))
      await Promise.all([http.close(), receivers.close()])
      sqlite.close()
    },
  }
}

/** The upstream's keys by their names, in a file that only its owner may read; the demo's at first. */
async function openCredentials(path: string): Promise<(name: string) => Promise<string>> {
  const bytes = await openPrivateFile(path, () => Buffer.from(`${JSON.stringify(demoApiKeys, null, 2)}\n`))
  const keyOf = parseCredentials(path, bytes.toString('utf8'))
  return async name => keyOf(name)
}
