/** The embedded sequencer alone, with many entries that wait: what a start after a long pause comes to. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEpochs } from '../../../functions/log-epoch.ts'
import { createSequencer } from '../../../functions/sequencer/app.ts'
import type { SequencerDeps } from '../../../functions/sequencer/deps.ts'
import { openLogKey } from '../../../functions/sequencer/log-key.ts'
import { openFileObjects } from '../../../shared/adapters/embedded/file-objects.ts'
import { openFileSigner } from '../../../shared/adapters/embedded/file-signer.ts'
import { openLocalSecrets } from '../../../shared/adapters/embedded/local-secrets.ts'
import { openSqliteStore, type SqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { systemClock, systemRandom } from '../../../shared/adapters/world.ts'
import { indexes } from '../../../shared/domain/keys.ts'
import { type NamedEntry, putEntry } from '../../../shared/entries/put.ts'
import type { Row, Settings } from '../bench.ts'
import { profiler, profileTable } from '../profile.ts'
import { loadNow } from '../results.ts'
import { manyEntries } from './entries.ts'
import { type Step, stepped, steps } from './steps.ts'

const waiting = 20_000
const dayMs = 86_400_000

export async function catchUp(settings: Settings): Promise<readonly Row[]> {
  const count = Math.max(100, Math.round(waiting * settings.scale))
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
  const store = openSqliteStore(join(folder, 'sallyport.db'), Object.values(indexes))
  try {
    const since = Date.now() - 3_600_000
    // All of one month, however late it is.
    const entries = manyEntries(count, since - (new Date(since).getUTCDate() === 1 ? dayMs : 0), 100)
    settings.print(`putting ${count} entries`)
    const putMs = await putAll(store, entries)
    settings.print('appending them')
    const { deps, costs, mark } = stepped(await depsOf(folder, store))
    const sequencer = createSequencer(deps)
    const profiling = profiler()
    if (settings.profile) await profiling.start()
    const [start, cpu] = [performance.now(), process.cpuUsage()]
    let [size, more] = [0, true]
    while (more) {
      mark('begin')
      const round = await sequencer.round()
      mark(undefined)
      if (round.halted) throw new Error('the log was halted')
      ;({ size, more } = round)
    }
    const ms = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const cpuMs = (user + system) / 1000
    if (size !== count + 1) throw new Error(`${size} leaves for ${count} entries and a commitment`)
    if (settings.profile) {
      settings.print('\nWhere the time goes: catching up')
      for (const line of profileTable(await profiling.stop())) settings.print(line)
    }
    const row = (what: string, value: number, unit: string): Row => ({ what, value, unit, load: loadNow() })
    return [
      {
        ...row(`catching up with ${count} entries, store on disk, 64 slots`, count / (ms / 1000), 'leaves/s'),
        beside: { name: 'putting the entries', value: count / (putMs / 1000), by: 'times' },
      },
      row('… until all have their place', ms / 1000, 's'),
      row('… CPU of an entry', cpuMs / count, 'ms'),
      ...(Object.keys(steps) as Step[]).map(step => ({
        ...row(`… ${steps[step]}`, ((costs.get(step)?.ms ?? 0) / ms) * 100, '% of the time'),
        beside: {
          name: 'its share of the CPU',
          value: ((costs.get(step)?.cpuMs ?? 0) / cpuMs) * 100,
          by: 'added' as const,
        },
      })),
    ]
  } finally {
    store.close()
    await rm(folder, { recursive: true })
  }
}

/** As many at once as a busy gateway would write. Returns milliseconds. */
async function putAll(store: SqliteStore, entries: readonly NamedEntry[]): Promise<number> {
  const start = performance.now()
  for (let from = 0; from < entries.length; from += 100) {
    const { written, failure } = await store.writeInOrder(entries.slice(from, from + 100).map(putEntry))
    if (failure || !written.every(({ ok }) => ok)) throw new Error('an entry was not put', { cause: failure })
  }
  return performance.now() - start
}

async function depsOf(folder: string, store: SqliteStore): Promise<SequencerDeps> {
  const objects = await openFileObjects(join(folder, 'bucket'))
  const secrets = await openLocalSecrets(join(folder, 'roots'), systemRandom)
  const signer = await openFileSigner(join(folder, 'log.json'), 'Ed25519')
  const logKey = await openLogKey(objects, 'http://127.0.0.1', signer)
  return {
    store,
    objects,
    secrets,
    logKey,
    epochs: createEpochs({ store, secrets, origin: logKey.origin, slots: 64 }),
    clock: systemClock,
    telemetry: { count: () => undefined, alarm: () => undefined, error: () => undefined },
    retentionMs: 400 * dayMs,
  }
}
