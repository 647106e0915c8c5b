import type { Case } from '../../../shared/domain/cases.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { type Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import { sees, type Viewer } from '../../../shared/domain/who-sees.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { Actor } from '../engine/plan.ts'
import { factsOf, viewerOf } from '../engine/sight.ts'

/** No developer and no office decides on it, so that its entries in the log are its organisation's alone as well. */
export const caseSubject = ({
  id,
  organisation,
  rev,
}: Pick<Case, 'id' | 'organisation'> & { readonly rev: number }): Subject => ({
  kind: 'case',
  // Its title is kept out of the log.
  ...{ id, name: id, rev, organisation },
  developers: [],
  governments: [],
})

export const seesCase = (viewer: Viewer, one: Governed<Case>): boolean =>
  sees(viewer, factsOf('case', caseSubject(one))) !== undefined

/** What does not show itself to the actor is not there for them. */
export async function readCase(
  store: Store,
  id: string,
  actor: Pick<Actor, 'person' | 'organisation'>,
): Promise<Governed<Case> | Refusal> {
  const [found] = await store.get([keys.case(id)])
  return found && seesCase(viewerOf(actor), found) ? found : unknownRecord('case', id)
}
