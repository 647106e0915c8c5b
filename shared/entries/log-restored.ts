import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Update". */
const update = { classUid: 3004, activityId: 3 } as const

export interface LogRestoredFacts {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  /** The origin of the log. */
  readonly log: string
  /** Leaves of the tree where the table stood, and where it stands now. */
  readonly from: number
  readonly to: number
  readonly putBack: number
  /** They were in the table, and waited. */
  readonly placed: number
  /** Made after the table was restored, in the place of what the tree has under their id. */
  readonly displaced: readonly Displaced[]
  /** Of all months together, of whom the registry had forgotten which slot is theirs. */
  readonly readers?: number
  readonly contested?: readonly ContestedSlot[]
  readonly reason?: string
  /** Who ran the command. */
  readonly operator: string
}

export interface Displaced {
  readonly eid: string
  /** SHA-256 of its body, base64url. */
  readonly digest: string
  /** Tokens. */
  readonly charge?: number
}

/** What several readers were shown was bound with it: a copy that names it is of one of them. */
export interface ContestedSlot {
  readonly epoch: number
  readonly slot: number
  /** `LogReader.id` */
  readonly readers: readonly string[]
}

/** More than a restore ever finds, and few enough for one entry. */
const toldAtMost = 100

/** The table was made to agree again with the tree that is published. */
export function logRestoredEntry(facts: LogRestoredFacts): NamedEntry {
  const { now, random, log, from, to, putBack, placed, displaced, reason, operator } = facts
  const { readers = 0, contested = [] } = facts
  const eid = entryId(now, random)
  const fields = {
    actor: { user: { name: operator }, app_name: 'restore-log' },
    entity: { type: 'log', uid: log },
    ...(reason && { comment: reason }),
    unmapped: {
      kind: 'log_restored',
      from,
      to,
      put_back: putBack,
      placed,
      displaced: displaced.length,
      of: displaced.slice(0, toldAtMost).map(({ eid: entry, digest, charge }) => ({
        entry,
        digest,
        ...(charge !== undefined && { charge }),
      })),
      ...(readers > 0 && { readers }),
      ...(contested.length > 0 && { contested: contested.slice(0, toldAtMost) }),
    },
  }
  return { eid, entry: makeEntry({ eid, now, ...update, statusId: status.success, fields }, {}) }
}
