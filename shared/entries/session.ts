import type { Person, Session } from '../domain/parties.ts'
import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'

/** OCSF Authentication (3002), "Logoff". */
const logoff = { classUid: 3002, activityId: 2 } as const

/** A session was ended from the list of sessions: by its own person, or by an administrator of their organisation. */
export function endedSessionEntry({
  now,
  random,
  request,
  by,
  person,
  session,
}: {
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
  /** The request's id. */
  readonly request: string
  readonly by: Pick<Person, 'id' | 'name' | 'organisation'>
  readonly person: Pick<Person, 'id' | 'name' | 'organisation'>
  readonly session: Pick<Session, 'id' | 'app'>
}): NamedEntry {
  const eid = entryId(now, random)
  const fields = {
    actor: { user: { uid: by.id, name: by.name, org: { uid: by.organisation } }, app_name: 'api' },
    user: { uid: person.id, name: person.name, type: 'person', org: { uid: person.organisation } },
    unmapped: {
      kind: 'session_end',
      session: session.id,
      reason: by.id === person.id ? 'ended_by_person' : 'ended_by_administrator',
      app: session.app,
      request,
    },
  }
  const entry = makeEntry(
    { eid, now, ...logoff, statusId: status.success, fields },
    { organisation: person.organisation, actor: by.organisation },
  )
  return { eid, entry }
}
