/** A reminder of what time will end: told once, whoever finds it due first. */
import { hash } from 'node:crypto'
import { keys } from '../../shared/domain/keys.ts'
import type { Subject } from '../../shared/domain/proposals.ts'
import { entryId } from '../../shared/entries/id.ts'
import { makeEntry, status } from '../../shared/entries/record.ts'
import type { Store } from '../../shared/ports/store.ts'
import type { Commit } from '../governance/engine/commit.ts'
import { noticePuts } from '../governance/engine/notices.ts'
import type { Ending } from '../governance/lapse.ts'

/** OCSF Entity Management (3004), "Read": nothing is changed. */
const read = { classUid: 3004, activityId: 2 } as const

export interface Reminding {
  readonly subject: Subject
  readonly type: string
  readonly text: string
  readonly next?: string
  /** When what it reminds of is due. */
  readonly dueAt: number
}

/** The same for the same event, so that its entry exists once. `at` in milliseconds. */
export const reminderId = (event: string, at: number): string =>
  entryId(at, hash('sha256', event, 'buffer').subarray(0, 16))

/** Nothing where it was told before. */
export async function remind(
  store: Store,
  { subject, type, text, next, dueAt }: Reminding,
  { now, eid }: Ending,
): Promise<Commit<true> | undefined> {
  const [told] = await store.get([keys.entry(eid)])
  if (told !== undefined) return undefined
  const entry = makeEntry(
    {
      eid,
      now,
      ...read,
      statusId: status.success,
      fields: {
        actor: { app_name: 'sweeper' },
        entity: { type: subject.kind, uid: subject.id, name: subject.name },
        unmapped: {
          kind: 'reminder',
          reminder: type,
          subject: { kind: subject.kind, id: subject.id },
          organisation: subject.organisation,
          developers: subject.developers,
          governments: subject.governments,
          due_at: Math.floor(dueAt / 10_000) * 10_000,
        },
      },
    },
    { organisation: subject.organisation },
  )
  const notices = noticePuts({ eid, now, type, text, subject, ...(next && { next }) })
  return { ops: notices, entry: { eid, entry }, done: true }
}
