import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Update". */
const update = { classUid: 3004, activityId: 3 } as const

export interface ReopeningFacts {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  readonly meter: string
  readonly model: string
  /** Whose call it was. */
  readonly organisation?: string
  /** The call that was billed beyond its reservation. */
  readonly overrun: string
  /** Each figure of the model's entry that was raised, in tokens. */
  readonly raised: Readonly<Record<string, { readonly from: number; readonly to: number }>>
  readonly reason: string
  /** Who ran the command, by the operating system. */
  readonly operator: string
}

/** A meter that an overrun had closed was opened again, on higher bounds. */
export function reopeningEntry(facts: ReopeningFacts): NamedEntry {
  const { now, random, meter, model, organisation, overrun, raised, reason, operator } = facts
  const eid = entryId(now, random)
  const fields = {
    actor: { user: { name: operator }, app_name: 'reopen' },
    entity: { type: 'meter', uid: meter },
    comment: reason,
    unmapped: { kind: 'reopening', meter, model, overrun, raised },
  }
  const entry = makeEntry(
    { eid, now, ...update, statusId: status.success, correlates: overrun, fields },
    { ...(organisation && { organisation }) },
  )
  return { eid, entry }
}
