/** A hold on a nationality or a region goes by what an organisation attests of its own: it is not got rid of by attesting. */

import { keys } from '../../../shared/domain/keys.ts'
import type { Attributes } from '../../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { type Holdable, holdMatches } from '../../../shared/domain/standing.ts'
import type { Store } from '../../../shared/ports/store.ts'

/**
 * The refusal of a change of attributes by which somebody would come out of a hold that is in force. Whatever model it
 * names: another call may be to that one.
 */
export async function judgeHeldAttributes(
  store: Store,
  before: Holdable,
  after: Pick<Holdable, 'nationality' | 'region'>,
  now: number,
): Promise<Refusal | undefined> {
  const [standing] = await store.get([keys.standing])
  const { nationality: _, region: __, ...who } = before
  for (const [id, { scope, until }] of Object.entries(standing?.holds ?? {})) {
    if (until !== undefined && until <= now) continue
    if (scope.nationality === undefined && scope.region === undefined) continue
    const { model: ___, ...whom } = scope
    if (holdMatches(whom, before) && !holdMatches(whom, { ...who, ...after }))
      return refuse('hold_active', `The hold ${id} goes by it: it is corrected once the hold is lifted.`)
  }
  return undefined
}

export const valuesOf = ({ nationality, region }: Attributes): Pick<Holdable, 'nationality' | 'region'> => ({
  ...(nationality && { nationality: nationality.value }),
  ...(region && { region: region.value }),
})
