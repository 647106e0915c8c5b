import type { Role } from '../domain/parties.ts'
import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Create". */
const create = { classUid: 3004, activityId: 1 } as const

export interface FoundingFacts {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  readonly organisations: readonly { readonly id: string; readonly name: string; readonly kind: string }[]
  readonly people: readonly {
    readonly id: string
    readonly name: string
    readonly organisation: string
    readonly roles: readonly Role[]
  }[]
  /** Who ran the command, by the operating system. */
  readonly operator: string
}

/** The first two organisations and their administrators were put in place: everything after is decided by people. */
export function foundingEntry({ now, random, organisations, people, operator }: FoundingFacts): NamedEntry {
  const eid = entryId(now, random)
  const fields = {
    actor: { user: { name: operator }, app_name: 'found' },
    entity: { type: 'deployment', uid: organisations.map(({ id }) => id).join(' ') },
    unmapped: { kind: 'founding', organisations, people },
  }
  return { eid, entry: makeEntry({ eid, now, ...create, statusId: status.success, fields }, {}) }
}
