/** What the archives of an hour hold: entries that the table may have let go of. */
import { hourMs } from '../../shared/domain/time.ts'
import type { NamedEntry } from '../../shared/entries/put.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { keysBelow } from '../keys-below.ts'
import { archiveFolder, openArchive, parseArchiveKey } from '../log/archive.ts'
import { archivedEntry } from '../log/archived-entry.ts'
import { withoutDeleted } from './deleted-months.ts'
import type { ExporterDeps } from './deps.ts'

/** Archive by archive, since they are named by places in the tree: whoever looks for some may stop when they are found. */
export async function* archivedIn(
  { store, objects, secrets }: Pick<ExporterDeps, 'store' | 'objects' | 'secrets'>,
  hour: number,
): AsyncGenerator<readonly NamedEntry[]> {
  const epoch = epochAt(hour * hourMs)
  for await (const key of keysBelow(objects, `${archiveFolder}${epoch}/${hour}/`)) {
    const found = parseArchiveKey(key) && (await objects.get(key))
    // It may have been deleted between.
    if (!found) continue
    const lines = await withoutDeleted(store, epoch, await openArchive(secrets, epoch, found.bytes))
    yield lines.map(line => ({ eid: line.eid, entry: archivedEntry(line) }))
  }
}
