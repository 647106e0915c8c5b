import type { Subject } from '../domain/proposals.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'
import { subjectFields } from './subject.ts'

/** OCSF Entity Management (3004), "Update". */
const update = { classUid: 3004, activityId: 3 } as const

export interface ReceiptFacts {
  readonly eid: string
  readonly now: number
  /** The finding. */
  readonly subject: Subject
  /** The office that took it. */
  readonly to: string
  /** Of the advisory: SHA-256, lower-case hex. */
  readonly advisory: string
  /** What the office calls it. */
  readonly receipt: string
  /** Of the receipt as it came: SHA-256, base64url. */
  readonly receiptDigest: string
  readonly attempts: number
}

/** The clearinghouse has the advisory: it named the digest of what was sent. Its address is not told. */
export function receiptEntry(facts: ReceiptFacts): NamedEntry {
  const { eid, now, subject } = facts
  const entry = makeEntry(
    {
      eid,
      now,
      ...update,
      statusId: status.success,
      fields: {
        actor: { app_name: 'notifier' },
        entity: { type: subject.kind, uid: subject.id, name: subject.name },
        unmapped: {
          kind: 'hand_off_receipt',
          ...subjectFields(subject),
          to: facts.to,
          advisory: facts.advisory,
          receipt: facts.receipt,
          receipt_digest: facts.receiptDigest,
          attempts: facts.attempts,
        },
      },
    },
    { organisation: subject.organisation },
  )
  return { eid, entry }
}
