import { hash } from 'node:crypto'
import { base32, stamp } from '../../../shared/domain/id.ts'
import { keys } from '../../../shared/domain/keys.ts'
import type { Grant } from '../../../shared/domain/records.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { readGrants } from '../../grants.ts'

export type GrantOf = Pick<Grant, 'organisation' | 'model' | 'agreement'>

const hasEnded = ({ state }: Grant): boolean => state === 'expired' || state === 'revoked'
/** How many are looked at in one read. */
const batch = 10

/**
 * The id of the grant of this organisation and model under this agreement that has not ended, or else of the next.
 * It is made of the three and of how many have ended: two who ask at once mean one record, and the store lets one
 * of them make it.
 */
export async function grantIdOf(store: Store, of: GrantOf): Promise<string> {
  const known = await readGrants(store, of.organisation)
  const going = known.find(
    grant => grant.model === of.model && grant.agreement === of.agreement && !hasEnded(grant),
  )
  if (going) return going.id
  for (let first = 0; ; first += batch) {
    const ids = Array.from({ length: batch }, (_, i) => idOf(of, first + i))
    const found = await store.get(ids.map(keys.grant))
    const free = ids.find((_, i) => {
      const grant = found[i]
      return grant === undefined || !hasEnded(grant)
    })
    if (free !== undefined) return free
  }
}

/** A UUIDv8 (RFC 9562 §5.8) of the digest. No id has a line break. */
const idOf = ({ organisation, model, agreement }: GrantOf, ended: number): string => {
  const text = [organisation, model, agreement, ended].join('\n')
  return `grant_${base32(stamp(hash('sha256', text, 'buffer'), 8))}`
}
