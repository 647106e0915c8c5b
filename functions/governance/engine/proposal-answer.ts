/** What is recorded and told of an answer to a proposal. */

import { reservedIds } from '../../../shared/domain/parties.ts'
import type { Proposal } from '../../../shared/domain/proposals.ts'
import { appealCommand } from '../../../shared/domain/refusal.ts'
import type { Rules } from '../../../shared/domain/rules.ts'
import type { Reason, Signature } from '../../../shared/domain/stop.ts'
import { decisionEntry, type Step } from '../../../shared/entries/decision.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { isAppealableOnceDeclined } from '../appeals/appealable.ts'
import type { Shown } from './shown.ts'

export interface Answering {
  readonly proposal: Proposal
  readonly rules: Rules
  readonly now: number
  readonly eid: string
}

/** For everybody who is told: the code of the reason, never its words, which may be sealed. */
export function endText(
  { proposal, eid, rules }: Answering,
  how: keyof typeof howText,
  by: Signature | undefined,
  reason: Reason | undefined,
): string {
  const { action, subject } = proposal
  const ended = `${action.name} of ${subject.name} ${howText[how]}${by ? ` by ${by.name}` : ''}`
  if (how !== 'declined' || reason === undefined) return `${ended}.`
  const why = `${ended}: ${reason.code}, by version ${rules.version} of the rules.`
  // Developers and offices decide; it is for partners to appeal, and not to themselves.
  const decides = [...subject.developers, ...subject.governments, by?.organisation, ...reservedIds]
  if (decides.includes(subject.organisation) || !isAppealableOnceDeclined(action.name)) return why
  return `${why} A partner that it is about can appeal it once: ${appealCommand(eid)}`
}

const howText = {
  declined: 'was declined',
  withdrawn: 'was withdrawn',
  timed_out: 'was not signed in time',
  stale: 'is over: what it is about has changed since',
} as const

/** `applied`: what it does at the moment of the last signature; what was proposed is told by its digest. */
export function entryOf(
  { proposal, rules, now, eid }: Answering,
  step: Step,
  by: Signature | undefined,
  { reason: said, request }: { readonly reason?: Reason; readonly request?: string },
  applied?: Shown,
): NamedEntry {
  const { action, subject, signatures, id } = proposal
  const { difference, effects, shown } = applied ?? proposal
  const signs = step === 'approved' || step === 'applied'
  // Whoever signs stands by the words of the proposal; whoever ends it says their own or none.
  const reason = said ?? (signs ? proposal.reason : undefined)
  return decisionEntry({
    eid,
    now,
    step,
    action,
    subject,
    ...(by && {
      by,
      signatures: signs ? [...signatures, by] : signatures,
    }),
    ...(reason && { reason }),
    ...(signs && said === undefined && { wordsOf: proposal.proposedBy }),
    proposal: id,
    difference,
    effects,
    shown,
    ...(applied && { proposedShown: proposal.shown }),
    rules: rules.version,
    ...(request && { request }),
  })
}
