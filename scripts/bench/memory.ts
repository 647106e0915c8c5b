import type { Bench, Row, Settings } from './bench.ts'
import { chatPath, createCaller } from './caller.ts'
import { chatBody, mustBeWhole, openLoad, sendAll } from './load.ts'
import { loadNow } from './results.ts'
import type { Usage } from './server-process.ts'
import { closeAll, type Open, plenty, startGate, startUpstream } from './servers.ts'
import { slope } from './statistics.ts'

export const memory: Bench = {
  name: 'memory',
  title:
    'Heap and resident memory of the server over many calls, half of them streams; on disk it is to stay flat.',
  async run(settings) {
    return [...(await grow('disk', settings)), ...(await grow('memory', settings))]
  },
}

/** Of so many calls at scale 1; the first two of these parts are not judged: caches and pools fill up. */
const parts = 10
const partCalls = 10_000
const settling = 2
/** Calls whose proofs are made at a time. */
const sliceCalls = 1_000
const width = 16
const megabyte = 1e6

/** The store in memory keeps its entries, so it has no target: what a call leaves there is told. */
async function grow(store: 'memory' | 'disk', settings: Settings): Promise<readonly Row[]> {
  const where = store === 'disk' ? 'store on disk' : 'store in memory'
  const each = Math.max(2 * width, Math.round(partCalls * settings.scale))
  const upstream = await startUpstream({ thinkMs: 0, chunkMs: 0 })
  const open: Open[] = [upstream]
  try {
    const gate = await startGate({ store, upstream: upstream.told.url, partner: 'cedar', limits: plenty })
    open.push(gate)
    const load = openLoad(gate.told.issuer + chatPath, width)
    open.push(load)
    const caller = createCaller(gate.told)
    const points: (readonly [calls: number, usage: Usage])[] = [[0, await gate.usage()]]
    for (let part = 1; part <= parts; part++) {
      for (let made = 0; made < each; made += sliceCalls)
        for (const kind of ['document', 'stream'] as const) {
          const body = chatBody(kind, 8)
          const headers = await caller.headers(Math.ceil(Math.min(sliceCalls, each - made) / 2))
          const answers = await sendAll(
            load,
            headers.map(one => ({ headers: one, body })),
            { width },
          )
          mustBeWhole(answers, kind)
        }
      const usage = await gate.usage()
      points.push([part * each, usage])
      const shown = (bytes: number): string => (bytes / megabyte).toFixed(1)
      settings.print(
        `${where}, ${part * each} calls: heap ${shown(usage.heap)} MB, resident ${shown(usage.rss)} MB`,
      )
    }
    const judged = points.slice(settling)
    const growth = (read: (usage: Usage) => number): number =>
      slope(judged.map(([calls, usage]) => [calls, read(usage)]))
    const last = points.at(-1)?.[1]
    const row = (what: string, value: number, unit: string, target?: Row['target']): Row => ({
      what: `${what}: ${where}`,
      value,
      unit,
      ...(target && { target }),
      load: loadNow(),
    })
    const perMany = (partCalls / megabyte) * growth(usage => usage.heap)
    return [
      row(
        'growth of the heap for 10,000 calls',
        perMany,
        'MB',
        store === 'disk' ? { at: 'most', value: 1 } : undefined,
      ),
      row(
        'growth of resident memory for a call',
        growth(usage => usage.rss),
        'bytes',
      ),
      row(`heap after ${parts * each} calls`, (last?.heap ?? Number.NaN) / megabyte, 'MB'),
      row(`resident after ${parts * each} calls`, (last?.rss ?? Number.NaN) / megabyte, 'MB'),
    ]
  } finally {
    await closeAll(open)
  }
}
