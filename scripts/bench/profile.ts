/** Where a process spends its time, by samples of its stack. */
import { Session } from 'node:inspector/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Column, table } from './table.ts'

export interface Profiled {
  /** In the tree or in a package; `node` for what no file of these asked for. */
  readonly file: string
  readonly name: string
  /** Share of the time in which the process was not idle, spent in the function itself. */
  readonly share: number
}

/** Samples this process, every 100 µs, from `start` until `stop`. */
export function profiler() {
  const session = new Session()
  return {
    async start(): Promise<void> {
      session.connect()
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: 100 })
      await session.post('Profiler.start')
    },
    async stop(): Promise<readonly Profiled[]> {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      return selfTimes(profile)
    },
  }
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string }
    readonly children?: readonly number[] | undefined
  }[]
  readonly samples?: readonly number[] | undefined
  readonly timeDeltas?: readonly number[] | undefined
}

/** Each function once, the dearest first. What Node does for a file counts as that file's, named `… in node`. */
export function selfTimes({ nodes, samples = [], timeDeltas = [] }: Profile): readonly Profiled[] {
  const byId = new Map(nodes.map(node => [node.id, node]))
  const callers = new Map(nodes.flatMap(({ id, children = [] }) => children.map(child => [child, id])))
  const spent = new Map<string, { file: string; name: string; time: number }>()
  let busy = 0
  for (const [at, id] of samples.entries()) {
    const name = byId.get(id)?.callFrame.functionName || '(anonymous)'
    if (name === '(idle)' || name === '(root)') continue
    // A sample stands for the time until the next one.
    const time = timeDeltas[at + 1] ?? 0
    let owner = byId.get(id)
    while (owner && !owner.callFrame.url.startsWith('file:')) owner = byId.get(callers.get(owner.id) ?? 0)
    if (owner?.callFrame.url === import.meta.url) continue
    const one = {
      file: owner ? place(owner.callFrame.url) : 'node',
      name: owner === undefined || owner.id === id ? name : `${name} in node`,
    }
    const key = `${one.file} ${one.name}`
    spent.set(key, { ...one, time: (spent.get(key)?.time ?? 0) + time })
    busy += time
  }
  return [...spent.values()]
    .sort((one, other) => other.time - one.time)
    .map(({ file, name, time }) => ({ file, name, share: time / busy }))
}

const place = (url: string): string =>
  relative(process.cwd(), fileURLToPath(url)).replace(/^.*node_modules\//, '')

const columns: readonly Column[] = [
  { title: 'share', align: 'right' },
  { title: 'file' },
  { title: 'functions', wraps: true },
]

/** A table of the dearest files, and in each of them the dearest functions. */
export function profileTable(profiled: readonly Profiled[], width = 120): readonly string[] {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
  const files = Map.groupBy(profiled, ({ file }) => file)
  const sum = (within: readonly Profiled[]): number => within.reduce((total, { share }) => total + share, 0)
  const rows = [...files]
    .map(([file, within]) => ({ file, within, share: sum(within) }))
    .sort((one, other) => other.share - one.share)
    .filter(({ share }) => share >= 0.005)
    .map(({ file, within, share }) => [
      percent(share),
      file,
      within
        .filter(one => one.share >= 0.002)
        .slice(0, 6)
        .map(one => `${one.name} ${percent(one.share)}`)
        .join(', '),
    ])
  return table(columns, rows, width)
}
