import { indexes } from '../../../shared/domain/keys.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'
import type { Version } from './read-agreement.ts'

/** Every version of an agreement that is kept, the newest first. */
export async function readVersions(store: Store, agreement: string): Promise<readonly Version[]> {
  const versions: Version[] = []
  const range = { index: indexes.byOwner, partition: agreement, from: 'version#', to: 'version$' }
  for await (const batch of pages<Version>(store, range))
    for (const one of await store.get(batch)) if (one) versions.push(one)
  return versions.toSorted((a, b) => b.version - a.version || b.draftedAt - a.draftedAt)
}
