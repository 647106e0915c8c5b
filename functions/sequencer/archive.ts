/** The archives that a commit brings: one for the entries of an hour. */
import { hourMs, hourOf } from '../../shared/domain/time.ts'
import { timeOfEntry } from '../../shared/entries/id.ts'
import type { Secrets } from '../../shared/ports/keys.ts'
import { epochAt } from '../../shared/watermark/epoch.ts'
import { archiveKey, sealArchive } from '../log/archive.ts'
import type { Placed } from './placed.ts'
import type { StagedObject } from './staged.ts'

export async function archivesOf(
  secrets: Pick<Secrets, 'derive'>,
  batch: readonly Placed[],
): Promise<readonly StagedObject[]> {
  const hours = Map.groupBy(batch, ({ eid }) => hourOf(timeOfEntry(eid)))
  return Promise.all(
    [...hours].map(async ([hour, entries]) => {
      const epoch = epochAt(hour * hourMs)
      const lines = entries.map(({ i, eid, entry: { body, exact, attr, organisation, actor } }) => ({
        i,
        eid,
        body,
        exact,
        ...(attr && { attr }),
        ...(organisation && { organisation }),
        ...(actor && { actor }),
      }))
      const places = entries.map(({ i }) => i)
      return {
        key: archiveKey({ epoch, hour, first: Math.min(...places), last: Math.max(...places) }),
        bytes: await sealArchive(secrets, epoch, lines),
      }
    }),
  )
}
