/** The tree alone, and with the readers' slots: computation only, beside as many bare hashes. */
import { randomBytes } from 'node:crypto'
import { sha256 } from '../../../functions/log-tiles.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { formatBundle } from '../../../shared/tlog/entries-bundle.ts'
import { type Edge, emptyEdge, grow, rootOf } from '../../../shared/tlog/grow.ts'
import { leafInput } from '../../../shared/tlog/hash.ts'
import { tileWidth } from '../../../shared/tlog/tile.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { leafBytes } from '../../../shared/watermark/leaf.ts'
import { bind, type EpochKey, openEpochKey } from '../../../shared/watermark/slots.ts'
import type { Row, Settings } from '../bench.ts'
import { profiler, profileTable } from '../profile.ts'
import { loadNow } from '../results.ts'
import { median } from '../statistics.ts'
import { manyEntries } from './entries.ts'
import { bareHashes, leafInputBytes, nodeInputBytes, slotInputBytes } from './floor.ts'

/** Leaves that a commit of the sequencer has at most. */
const batch = 4_096
const rounds = 5

/** Milliseconds of CPU of this process. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

const spent = (work: () => void): number => {
  const before = cpuMs()
  work()
  return cpuMs() - before
}

/** A commit after the other: hashes of leaves, tiles, bundles, a root each. */
function growTree(edge: Edge, leaves: readonly Uint8Array[]): Edge {
  const grown = grow(
    sha256,
    edge,
    leaves.map(leaf => sha256(leafInput(leaf))),
  )
  rootOf(sha256, grown.edge)
  for (let from = 0; from < leaves.length; from += tileWidth)
    formatBundle(leaves.slice(from, from + tileWidth))
  return grown.edge
}

export async function treeAlone({ scale, print }: Settings): Promise<readonly Row[]> {
  const commits = Math.max(1, Math.round(12 * scale))
  const count = commits * batch
  print(`the tree alone, ${count} leaves a round`)
  const leaves = Array.from({ length: batch }, () => randomBytes(leafBytes))
  const costs = inTurns(
    () => {
      let edge = emptyEdge
      for (let commit = 0; commit < commits; commit++) edge = growTree(edge, leaves)
    },
    () =>
      bareHashes([
        [count, leafInputBytes],
        [count - 1, nodeInputBytes],
      ]),
  )
  return [
    {
      what: 'leaves a second of CPU: hashes, tiles, bundles, root',
      value: (count / median(costs.ours)) * 1000,
      unit: 'leaves',
      beside: {
        name: 'bare SHA-256 of as many nodes',
        value: (count / median(costs.floor)) * 1000,
        by: 'times',
      },
      target: { at: 'least', value: 10_000 },
      load: loadNow(),
    },
  ]
}

/** What binds an entry to its readers, and its leaf in the tree. */
export async function treeWithSlots(settings: Settings): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const slots of [64, 256]) {
    const count = Math.max(64, Math.round((batch * 64 * settings.scale) / slots))
    settings.print(`with ${slots} slots, ${count} entries a round`)
    const entries = manyEntries(count, Date.now(), 10)
    const [first] = entries
    if (first === undefined) throw new Error('there are no entries')
    const key = openEpochKey(epochAt(timeOfEntry(first.eid)), slots, randomBytes(32))
    const ours = (): void => bindAndGrow(key, entries)
    const costs = inTurns(ours, () =>
      bareHashes([
        [count * slots, slotInputBytes],
        [count * slots, nodeInputBytes],
        [count, leafInputBytes],
      ]),
    )
    const perEntry = (of: readonly number[]): number => median(of) / count
    rows.push(
      {
        what: `entries a second of CPU, ${slots} slots`,
        value: 1000 / perEntry(costs.ours),
        unit: 'entries',
        beside: { name: 'bare SHA-256 of as many nodes', value: 1000 / perEntry(costs.floor), by: 'times' },
        load: loadNow(),
      },
      {
        what: `CPU of an entry, ${slots} slots`,
        value: perEntry(costs.ours),
        unit: 'ms',
        beside: { name: 'bare SHA-256 of as many nodes', value: perEntry(costs.floor), by: 'times' },
        load: loadNow(),
      },
    )
    if (settings.profile) await show(`binding with ${slots} slots`, ours, settings)
  }
  return rows
}

const bindAndGrow = (key: EpochKey, entries: readonly NamedEntry[]): void =>
  void growTree(
    emptyEdge,
    entries.map(({ eid, entry }) => bind(key, eid, entry).leaf),
  )

/** After one of each that is not counted. Milliseconds of CPU. */
function inTurns(ours: () => void, floor: () => void): Record<'ours' | 'floor', readonly number[]> {
  const costs = { ours: [] as number[], floor: [] as number[] }
  for (let round = 0; round <= rounds; round++) {
    const both = { ours: spent(ours), floor: spent(floor) }
    if (round === 0) continue
    costs.ours.push(both.ours)
    costs.floor.push(both.floor)
  }
  return costs
}

async function show(what: string, work: () => void, { print }: Settings): Promise<void> {
  const profiling = profiler()
  await profiling.start()
  work()
  const profiled = await profiling.stop()
  print(`\nWhere the time goes: ${what}`)
  for (const line of profileTable(profiled)) print(line)
}
