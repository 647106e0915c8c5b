import { hash } from 'node:crypto'
import type { Entry } from '../../shared/entries/entry.ts'
import { dayShard } from '../../shared/entries/id.ts'
import type { Archived } from './archive.ts'

/**
 * The entry that an archive's line was made of, with its place: an archive leaves out what follows from the body. Not
 * whether its call is open, and not until when the table keeps it: that changes, and is for whoever puts it back.
 */
export function archivedEntry({ i, eid, body, exact, attr, organisation, actor }: Archived): Entry {
  const { kind, meters, charge, request } = (JSON.parse(body) as { readonly unmapped: Told }).unmapped
  return {
    body,
    digest: hash('sha256', body, 'base64url'),
    exact,
    ...(attr && { attr }),
    ...(organisation && { organisation }),
    ...(actor && { actor }),
    ...(kind === 'intent' && { meters: meters as readonly string[] }),
    ...(kind === 'outcome' && { charge: charge as number }),
    day: dayShard(eid),
    ...(request !== undefined && { request }),
    i,
  }
}

interface Told {
  readonly kind: string
  /** Of an intent their ids, of an outcome what was reserved on each. */
  readonly meters?: readonly unknown[]
  readonly charge?: number
  readonly request?: string
}
