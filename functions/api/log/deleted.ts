import { monthOf } from '../../../shared/bundle/manifest.ts'
import { keys } from '../../../shared/domain/keys.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { isEntryId, timeOfEntry } from '../../../shared/entries/id.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { epochAt } from '../../../shared/watermark/epoch.ts'

/**
 * Of an entry that is not there for somebody: whether its whole month was deleted, and by which decision. It is said of
 * every id of that month, so that it tells of none whether there was one, or is one that is kept.
 */
export async function refuseDeleted(store: Store, eid: string): Promise<Refusal | undefined> {
  if (!isEntryId(eid)) return undefined
  const month = monthOf(epochAt(timeOfEntry(eid)))
  const [deletion] = await store.get([keys.logDeletion(month)])
  return (
    deletion &&
    refuse('entry_deleted', `The bodies of ${month} were deleted, by what was decided in ${deletion.entry}.`)
  )
}
