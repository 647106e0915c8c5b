/** The entries of replies, wherever they are kept by now: in the table, or in the archives of their hour. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { timeOfEntry } from '../../../shared/entries/id.ts'
import { hourOf } from '../../../shared/fingerprint/pending.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'
import { archiveFolder, openArchive, parseArchiveKey } from '../../log/archive.ts'
import { archivedEntry } from '../../log/archived-entry.ts'
import { withoutDeleted } from '../deleted-months.ts'
import type { ExporterDeps } from '../deps.ts'
import { keysBelow } from './names.ts'

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
    eid => `${epochAt(timeOfEntry(eid))}/${hourOf(timeOfEntry(eid))}`,
  )
  for (const [hour, some] of archived)
    for await (const [eid, entry] of outcomesInHour(deps, hour, new Set(some))) found.set(eid, entry)
  return found
}

/** Archives are named by places in the tree, which a reply does not tell: those of the hour are opened until all are found. */
async function* outcomesInHour(
  deps: ExporterDeps,
  hour: string,
  sought: Set<string>,
): AsyncGenerator<readonly [string, Entry]> {
  for await (const key of keysBelow(deps.objects, `${archiveFolder}${hour}/`)) {
    const name = parseArchiveKey(key)
    const object = name && (await deps.objects.get(key))
    if (name === undefined || object === undefined) continue
    const lines = await openArchive(deps.secrets, name.epoch, object.bytes)
    for (const line of await withoutDeleted(deps.store, name.epoch, lines))
      if (sought.delete(line.eid)) yield [line.eid, archivedEntry(line)]
    if (sought.size === 0) return
  }
}
