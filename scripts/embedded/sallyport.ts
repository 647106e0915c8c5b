import { join } from 'node:path'
import { createApi } from '../../functions/api/app.ts'
import { createGate, type GateDeps } from '../../functions/gate/app.ts'
import type { GovernanceDeps } from '../../functions/governance/engine/plan.ts'
import { createRingReader } from '../../functions/ring.ts'
import { runSweeper } from '../../functions/sweeper/run.ts'
import { createToken } from '../../functions/token/app.ts'
import type { TokenDeps } from '../../functions/token/token-deps.ts'
import { makeFolder } from '../../shared/adapters/embedded/durable-file.ts'
import { openFileSigner } from '../../shared/adapters/embedded/file-signer.ts'
import { openLocalSecrets } from '../../shared/adapters/embedded/local-secrets.ts'
import { openPrivateFile } from '../../shared/adapters/embedded/private-file.ts'
import { openSqliteStore } from '../../shared/adapters/embedded/sqlite-store.ts'
import { createHttp } from '../../shared/adapters/http.ts'
import { createProviderFetch } from '../../shared/adapters/provider-fetch.ts'
import { publicLookup } from '../../shared/adapters/public-lookup.ts'
import { parseCredentials } from '../../shared/adapters/upstream-credentials.ts'
import { lineTelemetry, systemClock, systemRandom } from '../../shared/adapters/world.ts'
import { indexes } from '../../shared/domain/keys.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Clock, Telemetry } from '../../shared/ports/world.ts'
import { demoApiKeys } from '../demo/upstream.ts'
import { ensureRing } from '../key-ring.ts'
import type { Config } from './config.ts'
import { lockFolder } from './lock.ts'
import { notifyEvery } from './notify-every.ts'
import { type Listening, listen } from './server.ts'
import { createFileKey, createSigners, removeFileKey } from './token-keys.ts'

/** From one look for notices that are due to the next. */
const notifyMs = 250

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
  const sqlite = openSqliteStore(wiring.database ?? join(config.data, 'sallyport.db'), Object.values(indexes))
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
  const gate = createGate({
    ...shared,
    http,
    leaseMs: config.leaseMs,
    credential: credentials,
    ...(wiring.idleMs && { idleMs: wiring.idleMs }),
  })
  listening.serve([
    ['/oauth/', token],
    ['/.well-known/', token],
    ['/openai/', gate],
    ['/anthropic/', gate],
    ['/api/', createApi({ ...shared, secrets, statements })],
    ['/healthz', token],
  ])
  const stopSweeping = sweepEvery(config.leaseMs / 3, { ...world, store })
  const receivers = createHttp({ lookup: publicLookup(issuer) })
  const stopNotifying = notifyEvery(notifyMs, { ...world, store, secrets, issuer, http: receivers })
  return {
    issuer,
    store: sqlite,
    async close(graceMs) {
      await listening.drain(graceMs)
      await Promise.all([stopSweeping(), stopNotifying()])
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

/** On AWS a schedule; here a timer, one run after the other. */
function sweepEvery(ms: number, deps: GovernanceDeps): () => Promise<void> {
  const stopped = new AbortController()
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await deps.clock.sleep(ms, stopped.signal)
      if (!stopped.signal.aborted)
        await runSweeper(deps).catch((error: unknown) => deps.telemetry.error('a sweep failed', error))
    }
  }
  const running = run()
  return () => {
    stopped.abort()
    return running
  }
}
