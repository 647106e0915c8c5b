import type { PatternMeasures } from '../domain/patterns.ts'
import type { Subject } from '../domain/proposals.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'
import { subjectFields } from './subject.ts'
import { wireFields } from './wire-words.ts'

/** OCSF Entity Management (3004), "Create". */
const create = { classUid: 3004, activityId: 1 } as const

export interface RaisedFacts {
  readonly eid: string
  readonly now: number
  /** The finding. */
  readonly subject: Subject
  /** Whose replies it was found in, who is no part of the subject: they are not shown it. */
  readonly about: string
  /** The digest is that of the version whose clause sets the threshold. */
  readonly agreement: { readonly id: string; readonly digest: string }
  readonly clients: readonly string[]
  readonly measures: PatternMeasures
  /** Of the words of the finding. */
  readonly digest: string
}

/** Nobody decided anything: what was measured reached what was agreed. */
export function findingRaisedEntry(facts: RaisedFacts): NamedEntry {
  const { eid, now, subject, about, agreement, clients, measures, digest } = facts
  const entry = makeEntry(
    {
      eid,
      now,
      ...create,
      statusId: status.success,
      fields: {
        actor: { app_name: 'exporter' },
        entity: { type: subject.kind, uid: subject.id, name: subject.name },
        unmapped: {
          kind: 'finding_raised',
          ...subjectFields(subject),
          agreement,
          about,
          clients,
          measures: wireFields(measures),
          digest,
        },
      },
    },
    { organisation: subject.organisation },
  )
  return { eid, entry }
}
