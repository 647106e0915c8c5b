import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Update". */
const update = { classUid: 3004, activityId: 3 } as const

export interface ReopeningFacts {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  readonly meters: readonly string[]
  readonly model: string
  /** Whose call it was. */
  readonly organisation?: string
  /** The calls that were billed beyond their reservations. */
  readonly overruns: readonly string[]
  /** Each figure of the model's entry that was raised, in tokens. */
  readonly raised: Readonly<Record<string, { readonly from: number; readonly to: number }>>
  readonly reason: string
  /** Who ran the command, by the operating system. */
  readonly operator: string
}

/** Meters that overruns had closed were opened again, on higher bounds. */
export function reopeningEntry(facts: ReopeningFacts): NamedEntry {
  const { now, random, meters, model, organisation, overruns, raised, reason, operator } = facts
  const eid = entryId(now, random)
  const fields = {
    actor: { user: { name: operator }, app_name: 'reopen' },
    entity: { type: 'model', uid: model },
    comment: reason,
    unmapped: { kind: 'reopening', model, meters, overruns, raised },
  }
  const entry = makeEntry(
    { eid, now, ...update, statusId: status.success, fields },
    { ...(organisation && { organisation }) },
  )
  return { eid, entry }
}
