/** What the log tells of exports: that one was granted, how it ended, that its reader signed for it, and who fetched the file. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { ExportJob } from '../domain/exports.ts'
import { time } from '../domain/time.ts'
import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import type { SlotOfEpoch } from './read.ts'
import { makeEntry, type RecordFacts, status } from './record.ts'

/** OCSF Entity Management (3004). */
const create = { classUid: 3004, activityId: 1 } as const
const read = { classUid: 3004, activityId: 2 } as const
const update = { classUid: 3004, activityId: 3 } as const

interface At {
  /** Milliseconds. */
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
}

type Granted = Pick<
  ExportJob,
  'id' | 'kind' | 'organisation' | 'person' | 'q' | 'by' | 'from' | 'to' | 'size' | 'purpose'
>

/** Its leaf has a type of its own: exports can be counted by whoever sees no entry. */
export function exportGrantedEntry(
  job: Granted,
  { now, random, request }: At & { readonly request: string },
): NamedEntry {
  const { id, kind, person, q, by, from, to, size, purpose } = job
  const asked = {
    kind,
    query: q,
    ...(by && { by }),
    from: time(from),
    to: time(to),
    size,
    purpose,
    reader: person.id,
  }
  return make(job, entryId(now, random), now, create, {
    unmapped: {
      kind: 'export_granted',
      export: id,
      export_kind: kind,
      organisation: job.organisation,
      reader: person.id,
      query: q,
      ...(by && { by }),
      from: asked.from,
      to: asked.to,
      size,
      purpose,
      digest: hash('sha256', canonicalize(asked) ?? '', 'base64url'),
      request,
    },
  })
}

/** What a file is, once it is made. */
export interface ExportedFile {
  readonly records: number
  readonly bytes: number
  readonly sha256: string
  /** Its reader's: of each month of which something is in it. */
  readonly slots: readonly SlotOfEpoch[]
}

export const exportMadeEntry = (
  job: Pick<ExportJob, 'id' | 'kind' | 'organisation' | 'person' | 'entry'>,
  { records, bytes, sha256, slots }: ExportedFile,
  { now, random }: At,
): NamedEntry =>
  make(job, entryId(now, random), now, update, {
    unmapped: {
      kind: 'export_made',
      export: job.id,
      export_kind: job.kind,
      organisation: job.organisation,
      granted: job.entry,
      ...{ records, bytes, sha256, slots },
    },
  })

export const exportFailedEntry = (
  job: Pick<ExportJob, 'id' | 'kind' | 'organisation' | 'person' | 'entry'>,
  code: string,
  { now, random }: At,
): NamedEntry =>
  make(
    job,
    entryId(now, random),
    now,
    update,
    {
      unmapped: {
        kind: 'export_failed',
        export: job.id,
        export_kind: job.kind,
        organisation: job.organisation,
        granted: job.entry,
        code,
      },
    },
    status.failure,
  )

/** By what somebody signed: the sign-in of the session names the same key. */
export interface CountersignedFacts {
  /** RFC 7638 thumbprint. */
  readonly key: string
  readonly session: string
  /** A compact JWS over the statement of the export. */
  readonly signature: string
}

/** Its leaf has the type of the grant: to each that was fetched there are two. */
export const exportCountersignedEntry = (
  job: Pick<
    ExportJob,
    'id' | 'kind' | 'organisation' | 'person' | 'entry' | 'rows' | 'bytes' | 'sha256' | 'readers'
  >,
  { key, session, signature }: CountersignedFacts,
  { now, random, request }: At & { readonly request: string },
): NamedEntry =>
  make(job, entryId(now, random), now, update, {
    unmapped: {
      kind: 'export_countersigned',
      export: job.id,
      export_kind: job.kind,
      organisation: job.organisation,
      granted: job.entry,
      ...{ records: job.rows, bytes: job.bytes, sha256: job.sha256, readers: job.readers },
      ...{ session, key, countersignature: signature, request },
    },
  })

export interface DownloadFacts {
  readonly now: number
  readonly random: Uint8Array
  readonly request: string
  readonly by: { readonly id: string; readonly name: string }
  /** Bytes of the file: the first one of this answer, and the one after its last. */
  readonly from: number
  readonly to: number
}

/**
 * Each fetch from the beginning is an entry. What goes on with one is an entry a minute: a large file takes hundreds of
 * answers.
 */
export function exportDownloadedEntry(
  job: Pick<ExportJob, 'id' | 'kind' | 'organisation' | 'entry' | 'sha256'>,
  { now, random, request, by, from, to }: DownloadFacts,
): NamedEntry {
  const minute = Math.floor(now / 60_000)
  const begins = from === 0
  const eid = begins
    ? entryId(now, random)
    : entryId(minute * 60_000, hash('sha256', `${job.id}\n${by.id}\n${minute}`, 'buffer'))
  return make({ ...job, person: by }, eid, now, read, {
    unmapped: {
      kind: 'export_downloaded',
      export: job.id,
      export_kind: job.kind,
      organisation: job.organisation,
      granted: job.entry,
      sha256: job.sha256,
      ...(begins ? { from, to } : { continued: true }),
      request,
    },
  })
}

function make(
  { id, organisation, person }: Pick<ExportJob, 'id' | 'organisation' | 'person'>,
  eid: string,
  now: number,
  activity: Pick<RecordFacts, 'classUid' | 'activityId'>,
  fields: { readonly unmapped: object },
  statusId: RecordFacts['statusId'] = status.success,
): NamedEntry {
  const entry = makeEntry(
    {
      eid,
      now,
      ...activity,
      statusId,
      fields: {
        actor: {
          user: { uid: person.id, name: person.name, type: 'person', org: { uid: organisation } },
          app_name: 'api',
        },
        entity: { type: 'export', uid: id },
        ...fields,
      },
    },
    { organisation },
  )
  return { eid, entry }
}
