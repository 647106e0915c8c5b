/** Which user of a provider is which person here: one each, both ways. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Person } from '../../../shared/domain/parties.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { identityHash } from '../../../shared/oauth/identity.ts'
import { itemAbsent, type Put, type Store } from '../../../shared/ports/store.ts'

/**
 * The write that makes a user of a provider this person, once. A user that is another person already is refused, unless
 * that person was removed: who comes back, or changes their employer, is enrolled anew.
 */
export async function identityPut(
  store: Store,
  { id, issuer, subject }: Pick<Person, 'id' | 'issuer' | 'subject'>,
  field: string,
): Promise<readonly Put[] | Refusal> {
  const key = keys.identity(identityHash(issuer, subject))
  const [taken] = await store.get([key])
  const item = { person: id }
  if (taken === undefined) return [{ kind: 'put', key, item, if: itemAbsent }]
  if (taken.person === id) return []
  const [other] = await store.get([keys.person(taken.person)])
  // Nobody is reinstated from there. Somebody who has only moved to another provider can move back.
  if (other?.state !== 'removed')
    return refuse('record_exists', 'This user of the provider is enrolled already.', { field })
  return [{ kind: 'put', key, item, if: { eq: [['person'], taken.person] } }]
}
