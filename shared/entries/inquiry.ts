/** What the log tells of inquiries into leaks: that one was asked, and who was named. Nothing of what was handed in. */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Answered, Inquiry, InquiryKind } from '../domain/inquiries.ts'
import { entryId } from './id.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, type RecordFacts, status } from './record.ts'

/** OCSF Entity Management (3004). */
const create = { classUid: 3004, activityId: 1 } as const
const update = { classUid: 3004, activityId: 3 } as const

interface At {
  /** Milliseconds. */
  readonly now: number
  /** 16 bytes. */
  readonly random: Uint8Array
}

type Asked = Pick<Inquiry, 'id' | 'kind' | 'organisation' | 'person' | 'purpose' | 'case' | 'input'>

/** What it may risk, and what that leaves to the inquiries into the same leak. Units of 1e-9. */
export interface Risk {
  readonly epsilon: number
  readonly left: number
}

const kinds = {
  trace: { asked: { kind: 'leak_trace_asked' }, ended: { kind: 'leak_traced' } },
  attribution: { asked: { kind: 'attribution_asked' }, ended: { kind: 'attributed' } },
} as const satisfies Record<InquiryKind, object>

export function inquiryAskedEntry(
  inquiry: Asked,
  { now, random, request, risk }: At & { readonly request: string; readonly risk?: Risk },
): NamedEntry {
  const { kind, purpose, input } = inquiry
  return make(inquiry, { now, random }, create, {
    ...kinds[kind].asked,
    purpose,
    ...(inquiry.case !== undefined && { case: inquiry.case }),
    input: { sha256: input.sha256, bytes: input.bytes },
    ...(risk && { epsilon: fraction(risk.epsilon), epsilon_left: fraction(risk.left) }),
    request,
  })
}

type Ended = Pick<Inquiry, 'id' | 'kind' | 'organisation' | 'person' | 'case' | 'entry'>

export const inquiryAnsweredEntry = (inquiry: Ended, { result, named }: Answered, at: At): NamedEntry =>
  make(inquiry, at, update, {
    ...kinds[inquiry.kind].ended,
    ...about(inquiry),
    digest: hash('sha256', canonicalize(result) ?? '', 'base64url'),
    named: named.map(({ id, bound }) => ({ id, bound })),
  })

export const inquiryFailedEntry = (inquiry: Ended, code: string, at: At): NamedEntry =>
  make(inquiry, at, update, { kind: 'inquiry_failed', ...about(inquiry), code }, status.failure)

const about = ({ case: of, entry }: Pick<Ended, 'case' | 'entry'>) => ({
  asked: entry,
  ...(of !== undefined && { case: of }),
})

/** Bodies hold whole numbers alone. */
const fraction = (billionths: number): string => String(Number((billionths / 1e9).toPrecision(9)))

function make(
  { id, kind, organisation, person }: Pick<Inquiry, 'id' | 'kind' | 'organisation' | 'person'>,
  { now, random }: At,
  activity: Pick<RecordFacts, 'classUid' | 'activityId'>,
  told: object,
  statusId: RecordFacts['statusId'] = status.success,
): NamedEntry {
  const eid = entryId(now, random)
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
        entity: { type: kind, uid: id },
        unmapped: { ...told, inquiry: id, organisation },
      },
    },
    { organisation },
  )
  return { eid, entry }
}
