/** Step 3: the entries that wait for a place, read strongly, in the order in which they get it. */
import { indexes, keys } from '../../shared/domain/keys.ts'
import { epochEntry } from '../../shared/entries/epoch.ts'
import { everyPendingShard, timeOfEntry } from '../../shared/entries/id.ts'
import { type NamedEntry, putEntry } from '../../shared/entries/put.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { epochKeyDigest } from '../../shared/watermark/slots.ts'
import type { SequencerDeps } from './deps.ts'

export interface Candidates {
  readonly entries: readonly NamedEntry[]
  /** There are more than a batch takes. */
  readonly more: boolean
}

const page = 1_000
const readAtOnce = 100

/** The index may lag, so it also names entries that have their place: those are dropped. */
export async function candidates(deps: SequencerDeps, batch: number): Promise<Candidates> {
  const pages = await Promise.all(
    everyPendingShard().map(partition =>
      deps.store.query({ index: indexes.pending, partition, order: 'asc', limit: Math.min(page, batch) }),
    ),
  )
  const waiting = pages.flatMap(({ keys }) => keys.map(({ pk }) => pk)).sort()
  const taken = waiting.slice(0, batch)
  const found = await readEntries(deps, taken)
  const entries = found.filter(({ entry }) => entry.i === undefined)
  const first = await commitments(deps, entries)
  return {
    entries: [...first.filter(({ entry }) => entry.i === undefined), ...without(entries, first)],
    more: waiting.length > batch || pages.some(({ next }) => next !== undefined),
  }
}

const without = (entries: readonly NamedEntry[], others: readonly NamedEntry[]): readonly NamedEntry[] =>
  entries.filter(({ eid }) => others.every(other => other.eid !== eid))

async function readEntries(
  { store }: SequencerDeps,
  eids: readonly string[],
): Promise<readonly NamedEntry[]> {
  const chunks = Array.from({ length: Math.ceil(eids.length / readAtOnce) }, (_, n) =>
    eids.slice(n * readAtOnce, (n + 1) * readAtOnce),
  )
  const read = await Promise.all(chunks.map(chunk => store.get(chunk.map(keys.entry))))
  return chunks.flatMap((chunk, n) =>
    chunk.flatMap((eid, k) => {
      const entry = read[n]?.[k]
      return entry ? [{ eid, entry }] : []
    }),
  )
}

/** Epochs whose commitments a sequencer has found in the tree: there they stay. */
const inTree = new WeakMap<SequencerDeps, Set<number>>()

/**
 * An epoch's commitment comes before every other entry of it. Whoever is first to need it puts it, and again until it has
 * its place.
 */
async function commitments(
  deps: SequencerDeps,
  entries: readonly NamedEntry[],
): Promise<readonly NamedEntry[]> {
  const { store, logKey, epochs } = deps
  const placed = inTree.get(deps) ?? new Set()
  inTree.set(deps, placed)
  const touched = [...new Set(entries.map(({ eid }) => epochAt(timeOfEntry(eid))))]
  const begun = touched.filter(one => !placed.has(one)).sort((a, b) => a - b)
  return Promise.all(
    begun.map(async epoch => {
      const { slots, key } = await epochs(epoch)
      const made = epochEntry({ log: logKey.origin, epoch, slots, keyDigest: epochKeyDigest(key) })
      const { ok, item } = await store.write(putEntry(made))
      if (!ok || item === undefined) throw new Error('another commitment stands in an epoch')
      if (item.i !== undefined) placed.add(epoch)
      return { eid: made.eid, entry: item }
    }),
  )
}
