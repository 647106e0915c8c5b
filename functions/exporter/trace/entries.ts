/** Entries by their ids or their time, also those that the table has let go of: they stand in archives. */

import { keys } from '../../../shared/domain/keys.ts'
import { hourMs, hourOf } from '../../../shared/domain/time.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { coveringOf } from '../../../shared/search/covering.ts'
import { isQueryFault } from '../../../shared/search/query.ts'
import { archivedIn } from '../archived.ts'
import type { ExporterDeps } from '../deps.ts'
import { entriesBack, type Span } from '../entries-back.ts'

export type EntriesDeps = Pick<ExporterDeps, 'store' | 'objects' | 'secrets' | 'clock' | 'retentionMs'>

/** What a read of the store takes. */
const atOnce = 100

/** In groups; those that are nowhere are left out. However many of them an archive has, it is opened once. */
export async function* entriesNamed(
  deps: EntriesDeps,
  eids: readonly string[],
): AsyncGenerator<readonly NamedEntry[]> {
  const gone = new Set<string>()
  for (let at = 0; at < eids.length; at += atOnce) {
    const some = eids.slice(at, at + atOnce)
    const found = await deps.store.get(some.map(keys.entry))
    yield some.flatMap((eid, n) => {
      const entry = found[n]
      if (entry === undefined && isOld(deps, timeOfEntry(eid))) gone.add(eid)
      return entry ? [{ eid, entry }] : []
    })
  }
  for (const hour of hoursOf([...gone]))
    for await (const group of archivedIn(deps, hour)) yield group.filter(({ eid }) => gone.has(eid))
}

/** Hours of whose entries the table may have let go, so that each takes a look at archives. */
export const archivedHours = (deps: EntriesDeps, eids: readonly string[]): number =>
  hoursOf(eids.filter(eid => isOld(deps, timeOfEntry(eid)))).size

const hoursOf = (eids: readonly string[]): ReadonlySet<number> =>
  new Set(eids.map(eid => hourOf(timeOfEntry(eid))))

/** In groups; some may come twice. */
export async function* entriesWithin(deps: EntriesDeps, span: Span): AsyncGenerator<readonly NamedEntry[]> {
  const { store, clock } = deps
  const everything = coveringOf({ q: '', at: clock.now() })
  if (isQueryFault(everything)) throw new Error(everything.message)
  const { from, to } = { from: Math.max(0, span.from), to: Math.min(span.to, clock.now()) }
  if (from > to) return
  yield* entriesBack(store, everything, { from, to })
  for (let hour = hourOf(from); hour <= hourOf(to) && isOld(deps, hour * hourMs); hour++)
    yield* archivedIn(deps, hour)
}

/** The table may have let go of it. */
const isOld = ({ clock, retentionMs }: EntriesDeps, at: number): boolean => at < clock.now() - retentionMs
