import { type Governed, keys, listed } from '../../../shared/domain/keys.ts'
import type { Action, Difference, Proposal, Subject } from '../../../shared/domain/proposals.ts'
import type { Rules } from '../../../shared/domain/rules.ts'
import type { Reason, Signature } from '../../../shared/domain/stop.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { itemAbsent, type Put, type Update } from '../../../shared/ports/store.ts'
import type { Shown } from './shown.ts'

export interface Opening {
  readonly action: Action
  readonly rule: ActionName
  readonly subject: Subject
  readonly difference: readonly Difference[]
  readonly shown: Shown
  readonly reason: Reason
  readonly by: Signature
  readonly signatures: readonly Signature[]
  readonly rules: Rules
  readonly now: number
  readonly eid: string
}

export function openProposal(
  id: string,
  { action, rule, subject, difference, shown, reason, by, signatures, rules, now, eid }: Opening,
): { readonly proposal: Governed<Proposal>; readonly put: Put } {
  const proposal: Governed<Proposal> = {
    id,
    state: 'open',
    action,
    rule,
    subject,
    reason,
    proposedBy: by,
    signatures,
    difference,
    effects: shown.effects,
    shown: shown.shown,
    rules: rules.version,
    createdAt: now,
    expiresAt: now + rules.proposalHours * 3_600_000,
    entry: eid,
    rev: 1,
    ...listed('proposal', subject.organisation, id),
  }
  return { proposal, put: { kind: 'put', key: keys.proposal(id), item: proposal, if: itemAbsent } }
}

/** The next state of a proposal, on the version that was seen. */
export function proposalStep(
  before: Governed<Proposal>,
  change: Partial<Pick<Proposal, 'state' | 'signatures' | 'ended' | 'entry'>>,
): { readonly proposal: Governed<Proposal>; readonly update: Update } {
  return {
    proposal: { ...before, ...change, rev: before.rev + 1 },
    update: {
      kind: 'update',
      key: keys.proposal(before.id),
      if: { and: [{ eq: [['rev'], before.rev] }, { eq: [['state'], 'open'] }] },
      change: {
        set: Object.entries(change).map(([name, value]) => [[name], value] as const),
        add: [[['rev'], 1]],
      },
    },
  }
}
