/** Which decisions a partner can appeal. */
import type { ActionName } from '../../../shared/domain/who-decides.ts'

/** Decisions that take something away. */
export const appealable: readonly string[] = [
  'partner.suspend',
  'partner.revoke',
  'partner.close',
  'grant.suspend',
  'grant.suspend_continuing',
  'grant.revoke',
  'client.suspend',
  'client.revoke',
  'client.compromised',
  'person.suspend',
  'person.remove',
  'hold.place',
] satisfies readonly ActionName[]

/** Of an action that would have given something. */
export const isAppealableOnceDeclined = (action: ActionName): boolean =>
  !appealable.includes(action) && !action.startsWith('appeal.')
