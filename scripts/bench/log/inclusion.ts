/** How long an entry waits: from when its put is acknowledged to when a checkpoint is published that includes it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSqliteStore } from '../../../shared/adapters/embedded/sqlite-store.ts'
import { indexes, keys } from '../../../shared/domain/keys.ts'
import { putEntry } from '../../../shared/entries/put.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Row, Settings } from '../bench.ts'
import { loadNow } from '../results.ts'
import { closeAll, type Open, plenty, startGate, startUpstream } from '../servers.ts'
import { quantile } from '../statistics.ts'
import { entriesOfCall } from './entries.ts'

const perSecond = 10
const seconds = 60
/** Milliseconds between two looks at the checkpoint, which are what a figure may be too large by. */
const lookMs = 5

/** A whole gateway in a process of its own; the entries are put from here, beside it. */
export async function inclusion(settings: Settings): Promise<readonly Row[]> {
  const count = Math.max(20, Math.round(perSecond * seconds * settings.scale))
  settings.print(`${count} entries, ${perSecond} a second`)
  const upstream = await startUpstream({ thinkMs: 0, chunkMs: 0 })
  const open: Open[] = [upstream]
  try {
    const gate = await startGate({
      store: 'disk',
      upstream: upstream.told.url,
      partner: 'cedar',
      limits: plenty,
    })
    open.push(gate)
    const { data } = gate.told
    const store = openSqliteStore(join(data, 'sallyport.db'), Object.values(indexes))
    open.push(store)
    const published = watchCheckpoint(join(data, 'bucket', 'objects', 'log', 'checkpoint'))
    const cpuBefore = await gate.cpuMs()
    const [put, puts] = [new Map<string, number>(), [] as number[]]
    const start = performance.now()
    for (let n = 0; put.size < count; n++)
      for (const named of entriesOfCall(n + 1, Date.now())) {
        await sleep(Math.max(0, start + put.size * (1000 / perSecond) - performance.now()))
        const before = performance.now()
        const { ok } = await store.write(putEntry(named))
        if (!ok) throw new Error('an entry was not put')
        put.set(named.eid, performance.now())
        puts.push(performance.now() - before)
      }
    const cpu = (await gate.cpuMs()) - cpuBefore
    const places = await placesOf(store, [...put.keys()])
    await sleep(lookMs * 4)
    const sizes = await published.stop()
    const waits = [...put].map(([eid, at]) => {
      const place = places.get(eid) ?? Number.NaN
      const first = sizes.find(({ size }) => size > place)
      if (first === undefined) throw new Error(`no checkpoint includes ${eid}`)
      return first.at - at
    })
    const row = (what: string, value: number, q: number, target?: number): Row => ({
      what: `from a put's acknowledgement to the checkpoint, ${perSecond} entries a second, ${what}`,
      value,
      unit: 'ms',
      beside: { name: 'the put itself', value: quantile(puts, q), by: 'added' },
      ...(target !== undefined && { target: { at: 'most', value: target } }),
      load: loadNow(),
    })
    return [
      row('p50', quantile(waits, 0.5), 0.5),
      row('p99', quantile(waits, 0.99), 0.99, 2_000),
      row('most', Math.max(...waits), 1),
      {
        what: 'CPU of the server meanwhile, with all that it does at rest',
        value: cpu / count,
        unit: 'ms an entry',
        load: loadNow(),
      },
    ]
  } finally {
    await closeAll(open)
  }
}

/** Which sizes were published, and when each was first seen. */
function watchCheckpoint(path: string): { stop(): Promise<readonly { size: number; at: number }[]> } {
  const seen: { size: number; at: number }[] = []
  const stopping = new AbortController()
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      const [, line] = (await readFile(path, 'utf8').catch(() => '')).split('\n')
      const size = Number(line ?? 0)
      if (size > (seen.at(-1)?.size ?? 0)) seen.push({ size, at: performance.now() })
      await sleep(lookMs)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await watching
      return seen
    },
  }
}

/** When all have one: the checkpoint was published before. Throws where one has none after half a minute. */
async function placesOf(store: Store, eids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const places = new Map<string, number>()
  for (let looks = 0; looks < 300; looks++) {
    for (const eid of eids) {
      if (places.has(eid)) continue
      const [entry] = await store.get([keys.entry(eid)])
      if (entry?.i !== undefined) places.set(eid, entry.i)
    }
    if (places.size === eids.length) return places
    await sleep(100)
  }
  throw new Error(`${eids.length - places.size} entries have no place after half a minute`)
}
