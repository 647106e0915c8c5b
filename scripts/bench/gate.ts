import type { Bench, Row, Settings } from './bench.ts'
import { costs } from './gate-costs.ts'
import { inTurns, type Pace, scaled, slice } from './gate-slices.ts'
import { closeTargets, kinds, openTargets, type Targets } from './gate-targets.ts'
import type { Answer } from './load.ts'
import { profileTable } from './profile.ts'
import { loadNow } from './results.ts'
import { median, quantile } from './statistics.ts'
import { syncedWrites } from './synced-write.ts'

export const gate: Bench = {
  name: 'gate',
  title:
    'What the gate adds to a call and what it costs in CPU, beside the bare upstream and a plain proxy, each in a process of its own.',
  async run(settings) {
    const targets = await openTargets()
    try {
      await warmUp(targets, settings)
      if (settings.profile) await showProfiles(targets, settings)
      const rows: Row[] = []
      for (const load of loads) rows.push(...(await latencies(targets, load, settings)))
      return [...rows, ...(await costs(targets, settings))]
    } finally {
      await closeTargets(targets)
    }
  },
}

/**
 * A few callers who pause between their calls, about 130 a second together, and as many as a grant may have
 * without a pause. With these every process waits for the others to leave it a processor, and a call for 63
 * others: the figures say what that comes to, and have no target.
 */
const loads: readonly (Pace & {
  readonly name: string
  readonly rounds: number
  /** In each round, to each target. */
  readonly calls: number
  /** Milliseconds that the store on disk may add. */
  readonly target?: { readonly p50: number; readonly p99: number }
})[] = [
  {
    name: '4 callers, 25 ms pauses',
    width: 4,
    pauseMs: 25,
    rounds: 10,
    calls: 120,
    target: { p50: 1.5, p99: 5 },
  },
  { name: '64 at once', width: 64, rounds: 5, calls: 640 },
]

/** So that none is measured while its code is still being compiled. */
async function warmUp(targets: Targets, settings: Settings): Promise<void> {
  settings.print('warming up')
  for (const target of Object.values(targets))
    for (const kind of [kinds.document, kinds.stream])
      await slice(target, kind, scaled(3_000, settings), { width: 32 })
}

async function latencies(
  targets: Targets,
  load: (typeof loads)[number],
  settings: Settings,
): Promise<readonly Row[]> {
  const rows: Row[] = []
  const measures = [
    // Its proof; intent and reservation; outcome, settlement and mark.
    { what: 'JSON', kind: kinds.document, syncs: 3, read: (answer: Answer) => answer.wholeMs },
    { what: 'first byte', kind: kinds.stream, syncs: 2, read: (answer: Answer) => answer.firstMs },
  ]
  for (const { what, kind, syncs, read } of measures) {
    settings.print(`${what}, ${load.name}`)
    const synced: number[] = []
    const found = await inTurns(Object.values(targets), scaled(load.rounds, settings), async target => {
      if (target === targets.disk) synced.push(...syncedWrites(scaled(50, settings)))
      return (await slice(target, kind, scaled(load.calls, settings), load)).map(read)
    })
    if (load.target) rows.push(beyondSyncs(what, syncs, synced, found(targets.disk).flat(), targets))
    for (const [name, q] of [['p50', 0.5] as const, ['p99', 0.99] as const]) {
      const bare = found(targets.bare).map(times => quantile(times, q))
      for (const target of [targets.disk, targets.memory, targets.plain]) {
        const each = found(target).map(times => quantile(times, q))
        const most = target === targets.disk ? load.target?.[name] : undefined
        rows.push({
          what: `${what} ${name}, ${load.name}: ${target.name}`,
          value: median(each),
          unit: 'ms',
          beside: {
            name: targets.bare.name,
            value: median(bare),
            by: 'added',
            compared: median(each.map((value, round) => value - (bare[round] ?? Number.NaN))),
          },
          ...(most !== undefined && { target: { at: 'most', value: most, of: 'comparison' } }),
          load: loadNow(),
        })
      }
    }
  }
  return rows
}

/** What the disk itself takes is the machine's; the rest is ours. */
function beyondSyncs(
  what: string,
  syncs: number,
  synced: readonly number[],
  times: readonly number[],
  { disk }: Targets,
): Row {
  const floor = syncs * median(synced)
  return {
    what: `${what} p50, 4 callers: ${disk.name}`,
    value: median(times),
    unit: 'ms',
    beside: { name: `${syncs} bare synced writes of 4 KB`, value: floor, by: 'added' },
    load: loadNow(),
  }
}

async function showProfiles({ disk, memory }: Targets, settings: Settings): Promise<void> {
  for (const target of [disk, memory])
    for (const [kind, calls] of [
      [kinds.document, 3_000],
      [kinds.stream, 3_000],
      [kinds.longStream, 400],
    ] as const)
      await slice(target, kind, scaled(calls, settings), { width: 16 }, async send => {
        const profiled = await target.server.profile(send)
        settings.print(`\nWhere the time goes: ${kind.name}, ${target.name}`)
        for (const line of profileTable(profiled)) settings.print(line)
      })
}
