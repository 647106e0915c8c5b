import type { LogDeletion } from '../domain/log-deletions.ts'
import type { Role } from '../domain/parties.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Entity Management (3004), "Delete". */
const remove = { classUid: 3004, activityId: 4 } as const

/**
 * That the bodies of a month are gone: who decided it stands in the entry that it names. How many there were is for those
 * who did.
 */
export function monthDeletedEntry(
  eid: string,
  now: number,
  {
    id,
    epoch,
    entry: decidedBy,
    signatures,
    work,
  }: Pick<LogDeletion, 'id' | 'epoch' | 'entry' | 'signatures' | 'work'>,
): NamedEntry {
  const { removed } = work
  const of = (role: Role): readonly string[] => [
    ...new Set(signatures.filter(one => one.role === role).map(({ organisation }) => organisation)),
  ]
  const entry = makeEntry(
    {
      eid,
      now,
      ...remove,
      statusId: status.success,
      fields: {
        actor: { app_name: 'exporter' },
        entity: { type: 'log_epoch', uid: String(epoch), name: id },
        unmapped: {
          kind: 'month_deleted',
          month: id,
          decided_by: decidedBy,
          developers: of('developer-admin'),
          governments: of('nsa-admin'),
          entries: removed.entries,
          archives: removed.archives,
        },
      },
    },
    {},
  )
  return { eid, entry }
}
