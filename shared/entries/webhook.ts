import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Update". */
const update = { classUid: 3004, activityId: 3 } as const

export interface WebhookFacts {
  readonly eid: string
  readonly now: number
  readonly organisation: { readonly id: string; readonly name: string }
  readonly webhook: string
  /** `gone`: the receiver said so. `failing`: it took nothing for days. */
  readonly why: 'gone' | 'failing'
  /** The notice that it did not take. */
  readonly notice: string
}

/** Nothing more is sent to a webhook. Its address is not told: it may hold a secret of the receiver's. */
export function webhookDisabledEntry(facts: WebhookFacts): NamedEntry {
  const { eid, now, organisation, webhook, why, notice } = facts
  const entry = makeEntry(
    {
      eid,
      now,
      ...update,
      statusId: status.success,
      fields: {
        actor: { app_name: 'notifier' },
        entity: { type: 'organisation', uid: organisation.id, name: organisation.name },
        unmapped: { kind: 'webhook_disabled', organisation: organisation.id, webhook, why, notice },
      },
    },
    { organisation: organisation.id },
  )
  return { eid, entry }
}
