import { keys } from '../../shared/domain/keys.ts'
import type { Client } from '../../shared/domain/records.ts'
import type { Update } from '../../shared/ports/store.ts'

const dayMs = 86_400_000

/**
 * The first token of an enrolled client makes it active, and the first of a day says that it is in use: one that is not
 * for long is suspended. Nothing on the same day. A decision about the client that came in between stands.
 */
export function markSeen({ id, state, seenOn }: Client, now: number): readonly Update<Client>[] {
  const day = Math.floor(now / dayMs)
  if (state !== 'enrolled' && (state !== 'active' || seenOn === day)) return []
  return [
    {
      kind: 'update',
      key: keys.client(id),
      change: {
        set: [[['seenOn'], day], ...(state === 'enrolled' ? ([[['state'], 'active']] as const) : [])],
      },
      if: { or: [{ eq: [['state'], 'active'] }, { eq: [['state'], 'enrolled'] }] },
    },
  ]
}
