/** Which decisions a partner can appeal. */
import { type ActionName, takesAway } from '../../../shared/domain/who-decides.ts'

/** A model is its developer's alone: what ends it takes nothing from a partner that somebody could give back. */
export const isAppealable = (action: ActionName): boolean => takesAway(action) && !action.startsWith('model.')

/** Of an action that would have given something. */
export const isAppealableOnceDeclined = (action: ActionName): boolean =>
  !isAppealable(action) && !action.startsWith('appeal.')
