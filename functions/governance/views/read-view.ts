import { hash } from 'node:crypto'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import {
  foldedName,
  isStanding,
  type SavedView,
  type StandingView,
} from '../../../shared/domain/saved-views.ts'
import { sees, type Viewer } from '../../../shared/domain/who-sees.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Actor } from '../engine/plan.ts'
import { factsOf, viewerOf } from '../engine/sight.ts'

export type ViewSeen = Governed<StandingView>

export const viewSubject = ({
  id,
  organisation,
  rev,
}: Pick<SavedView, 'id' | 'organisation'> & { readonly rev: number }): Subject => ({
  kind: 'view',
  // Its name is kept out of the log.
  ...{ id, name: id, rev, organisation },
  developers: [],
  governments: [],
})

/** How a name stands among those that a person has: of one length, and none of the names that objects have. */
export const nameKey = (name: string): string => hash('sha256', foldedName(name), 'base64url')

/** A private one is for whoever saved it, whatever anybody's role is. */
export const seesView = (
  viewer: Viewer,
  person: string,
  view: Pick<SavedView, 'id' | 'organisation' | 'shared' | 'savedBy'> & { readonly rev: number },
): boolean =>
  (view.shared || view.savedBy.person === person) &&
  sees(viewer, factsOf('view', viewSubject(view))) !== undefined

export async function readView(
  store: Store,
  id: string,
  actor: Pick<Actor, 'person' | 'organisation'>,
): Promise<ViewSeen | Refusal> {
  const [found] = await store.get([keys.view(id)])
  return found && isStanding(found) && seesView(viewerOf(actor), actor.person.id, found)
    ? found
    : refuse('record_unknown', `There is no view ${id} for you.`, {
        next: 'A view is named by its id here: sallyport log views',
      })
}
