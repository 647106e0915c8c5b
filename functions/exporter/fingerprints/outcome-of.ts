/** The entries of replies, wherever they are kept by now: in the table, or in the archives of their hour. */

import { keys } from '../../../shared/domain/keys.ts'
import { hourOf } from '../../../shared/domain/time.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import { archivedIn } from '../archived.ts'
import type { ExporterDeps } from '../deps.ts'

/** Those that are there still. */
export async function outcomesOf(
  deps: ExporterDeps,
  eids: readonly string[],
): Promise<ReadonlyMap<string, Entry>> {
  const found = new Map<string, Entry>()
  const items = await deps.store.get(eids.map(keys.entry))
  for (const [n, eid] of eids.entries()) {
    const item = items[n]
    if (item) found.set(eid, item)
  }
  const archived = Map.groupBy(
    eids.filter(eid => !found.has(eid)),
    eid => hourOf(timeOfEntry(eid)),
  )
  for (const [hour, some] of archived)
    for await (const group of archivedIn(deps, hour)) {
      for (const { eid, entry } of group) if (some.includes(eid)) found.set(eid, entry)
      if (some.every(eid => found.has(eid))) break
    }
  return found
}
