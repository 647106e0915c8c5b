import type { Effects } from '../domain/effects.ts'
import type { Action, Difference, Subject } from '../domain/proposals.ts'
import type { Reason, Signature } from '../domain/stop.ts'
import type { NamedEntry } from './put.ts'
import { makeEntry, status } from './record.ts'
import { subjectFields } from './subject.ts'
import { wireDifference, wireFields } from './wire-words.ts'

/** OCSF Entity Management (3004): "Create", "Read", "Update". */
const activity = { create: 1, read: 2, update: 3 } as const

/** What was done about an action. */
export type Step =
  | 'proposed'
  | 'approved'
  | 'applied'
  | 'declined'
  | 'withdrawn'
  | 'timed_out'
  | 'stale'
  | 'ratified'
  | 'concurred'
  | 'missed'
  | 'lapsed'

export interface DecisionFacts {
  readonly eid: string
  readonly now: number
  readonly step: Step
  readonly action: Pick<Action, 'name' | 'params'>
  readonly subject: Subject
  /** Absent for what time has ended. */
  readonly by?: Signature
  /** Everybody whose signature it rests on. */
  readonly signatures?: readonly Signature[]
  readonly reason?: Reason
  /** Whose words the reason has, where that is not who acts: a signature stands by the words of the proposal. */
  readonly wordsOf?: Signature
  readonly proposal?: string
  readonly difference?: readonly Difference[]
  /** The result of the dry run that was shown, and the digest of all that was. */
  readonly effects?: Effects
  readonly shown?: string
  /** Of a proposal that is applied: the digest of what was shown when it was opened. */
  readonly proposedShown?: string
  /** The version of the approval rules. */
  readonly rules: number
  readonly breakGlass?: true
  /** The request's id. */
  readonly request?: string
  /** Who acts where it is no person: the sweeper, an operator's script. */
  readonly actor?: string
}

/** A decision of people, or of time, with all that it rests on. One entry each. */
export function decisionEntry(facts: DecisionFacts): NamedEntry {
  const { eid, now, step, action, subject, by, signatures, reason, proposal, effects } = facts
  const fields = {
    actor: by
      ? { user: { uid: by.person, name: by.name, org: { uid: by.organisation } }, app_name: 'api' }
      : { app_name: facts.actor ?? 'sweeper' },
    entity: { type: subject.kind, uid: subject.id, name: subject.name },
    ...(reason && { comment: reason.text }),
    unmapped: {
      kind: 'decision',
      decision: step,
      action: action.name,
      params: wireFields(action.params),
      ...subjectFields(subject),
      ...(by && { role: by.role, auth_time: Math.floor(by.authTime / 10_000) * 10_000 }),
      ...(by?.acr && { acr: by.acr }),
      ...(signatures && { signatures: signatures.map(signed) }),
      ...(reason && { reason: reason.code }),
      ...(facts.wordsOf && { words_of: { person: facts.wordsOf.person, name: facts.wordsOf.name } }),
      ...(reason?.reference && { reference: reason.reference }),
      ...(reason?.sealed && { sealed: true }),
      ...(proposal && { proposal }),
      ...(facts.difference && { difference: facts.difference.map(wireDifference) }),
      ...(effects && { effects: wireFields(effects) }),
      ...(facts.shown && { shown: facts.shown }),
      ...(facts.proposedShown && { proposed_shown: facts.proposedShown }),
      ...(facts.breakGlass && { break_glass: true }),
      ...(facts.request && { request: facts.request }),
      rules: facts.rules,
    },
  }
  const entry = makeEntry(
    {
      eid,
      now,
      classUid: 3004,
      activityId: subject.rev === 0 ? activity.create : activity.update,
      statusId: status.success,
      fields,
    },
    { organisation: subject.organisation, ...(by && { actor: by.organisation }) },
  )
  return { eid, entry }
}

const signed = ({ person, organisation, role }: Signature) => ({ person, organisation, role })
