import type { Figures } from '../domain/recount.ts'
import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Update". */
const update = { classUid: 3004, activityId: 3 } as const

export interface RecountFacts {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  readonly meter: string
  /** Whose meter it is, where it is no one else's too. */
  readonly organisation?: string
  readonly before: Figures
  readonly after: Figures
  readonly reason?: string
  /** Who ran the command, by the operating system. */
  readonly operator: string
}

/** A meter was made to agree with the outcomes in the log. */
export function recountEntry(facts: RecountFacts): NamedEntry {
  const { now, random, meter, organisation, before, after, reason, operator } = facts
  const eid = entryId(now, random)
  const fields = {
    actor: { user: { name: operator }, app_name: 'recount' },
    entity: { type: 'meter', uid: meter },
    ...(reason && { comment: reason }),
    unmapped: { kind: 'recount', meter, before, after },
  }
  const entry = makeEntry(
    { eid, now, ...update, statusId: status.success, fields },
    { ...(organisation && { organisation }) },
  )
  return { eid, entry }
}
