import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Entry } from './entry.ts'
import { dayShard, floorTime, pendingShard } from './id.ts'

/** The schema that bodies follow: https://schema.ocsf.io/1.8.0 */
const schemaVersion = '1.8.0'

/** Values of OCSF's `status_id`. */
export const status = { unknown: 0, success: 1, failure: 2 } as const

export interface RecordFacts {
  readonly eid: string
  /** Milliseconds since the epoch; the body gets it floored, the entry keeps it apart. */
  readonly now: number
  /** OCSF `class_uid` and `activity_id`; the category and the type follow from them. */
  readonly classUid: 6003 | 3002 | 3004
  readonly activityId: number
  readonly statusId: (typeof status)[keyof typeof status]
  readonly profiles?: readonly string[]
  /** The entry that this one answers. */
  readonly correlates?: string
  /** When what the record tells began, where that was earlier; milliseconds. */
  readonly startedAt?: number
  readonly fields: { readonly unmapped: object; readonly [field: string]: unknown }
}

export type Marks = Omit<Entry, 'body' | 'digest' | 'exact' | 'day' | 'request' | 'pending' | 'i' | 'exp'>

/** An entry with its body in canonical JSON (RFC 8785). Token counts, never the text of prompt or reply. */
export function makeEntry(facts: RecordFacts, marks: Marks): Entry {
  const { eid, now, classUid, activityId, startedAt } = facts
  const { request } = facts.fields.unmapped as { readonly request?: string }
  const body = canonical({
    category_uid: Math.floor(classUid / 1000),
    class_uid: classUid,
    activity_id: activityId,
    type_uid: classUid * 100 + activityId,
    severity_id: 1,
    status_id: facts.statusId,
    time: floorTime(now),
    ...(startedAt !== undefined && { start_time: floorTime(startedAt) }),
    metadata: {
      version: schemaVersion,
      product: { name: 'Sallyport', vendor_name: 'Sallyport' },
      uid: eid,
      ...(facts.profiles && { profiles: facts.profiles }),
      ...(facts.correlates && { correlation_uid: facts.correlates }),
    },
    ...facts.fields,
  })
  return {
    body,
    digest: hash('sha256', body, 'base64url'),
    exact: { time: micros(now), ...(startedAt !== undefined && { start: micros(startedAt) }) },
    ...marks,
    day: dayShard(eid),
    ...(request !== undefined && { request }),
    pending: pendingShard(eid),
  }
}

const micros = (ms: number): string => String(Math.round(ms * 1000))

function canonical(body: object): string {
  const text = canonicalize(body)
  if (text === undefined) throw new TypeError('an entry has no canonical form')
  return text
}
