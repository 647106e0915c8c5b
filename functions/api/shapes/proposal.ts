import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Proposal } from '../../../shared/domain/proposals.ts'
import { appealCommand } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { ruleOf } from '../../../shared/domain/who-decides.ts'
import { sees, type Viewer } from '../../../shared/domain/who-sees.ts'
import { wireFields } from '../../../shared/entries/wire-words.ts'
import { isAppealableOnceDeclined } from '../../governance/appeals/appealable.ts'
import { missing } from '../../governance/engine/approve.ts'
import { proposalFacts } from '../../governance/engine/sight.ts'
import {
  difference,
  effects,
  instant,
  reasonShown,
  showDifference,
  showEffects,
  showReason,
  showSignature,
  showSubject,
  signature,
  subject,
} from './common.ts'

const endedShown = z.object({
  at: instant,
  by: signature.nullable(),
  reason: reasonShown.nullable(),
  rules: z.int().nullable().meta({ description: 'The version of the rules by which it was declined.' }),
  appeal: z.string().nullable().meta({
    description: 'For a partner whose request was declined: the command by which it appeals, once.',
  }),
})

export const proposalShown = z
  .object({
    id: z.string(),
    state: z.enum(['open', 'approved', 'applied', 'declined', 'withdrawn', 'timed_out', 'stale']),
    action: z.string(),
    params: z.record(z.string(), z.unknown()),
    subject,
    reason: reasonShown,
    proposed_by: signature,
    signatures: z.array(signature),
    waits_on: z.string().nullable().meta({ description: 'The offices whose signature is missing.' }),
    difference: z.array(difference),
    effects,
    effects_at: instant.meta({
      description:
        'When the effects were counted. With the last signature they are counted anew, for its entry.',
    }),
    shown: z.string().nullable().meta({
      description: 'SHA-256 of what was shown, base64url; null where words of it are sealed for you.',
    }),
    severe: z.boolean(),
    rules: z.int(),
    created_at: instant,
    expires_at: instant,
    ended: endedShown.nullable(),
    entry: z.string(),
    version: z.int(),
  })
  .meta({ id: 'Proposal' })

/**
 * Who opened it reads their own words, sealed or not; those of who ended it are sealed from a partner all the same, also
 * where the partner has asked for it.
 */
const showEnded = (
  { state, action, subject, ended, entry }: Governed<Proposal>,
  { kind, organisation }: Viewer,
): z.infer<typeof endedShown> | null => {
  if (ended === undefined) return null
  const own = ended.by?.organisation === organisation
  const appeals = kind === 'partner' && subject.organisation === organisation && !own
  return {
    at: time(ended.at),
    by: ended.by ? showSignature(ended.by) : null,
    reason: ended.reason ? showReason(ended.reason, kind !== 'partner' || own) : null,
    rules: ended.rules ?? null,
    appeal:
      state === 'declined' && appeals && isAppealableOnceDeclined(action.name) ? appealCommand(entry) : null,
  }
}

export function showProposal(proposal: Governed<Proposal>, viewer: Viewer): z.infer<typeof proposalShown> {
  const { action } = proposal
  const whole = sees(viewer, proposalFacts(proposal)) === 'whole'
  return {
    id: proposal.id,
    state: proposal.state,
    action: action.name,
    params: wireFields(action.params),
    subject: showSubject(proposal.subject),
    reason: showReason(proposal.reason, whole),
    proposed_by: showSignature(proposal.proposedBy),
    signatures: proposal.signatures.map(showSignature),
    waits_on: proposal.state === 'open' ? missing(proposal) : null,
    difference: proposal.difference.map(showDifference),
    effects: showEffects(proposal.effects),
    effects_at: time(proposal.createdAt),
    shown: proposal.reason.sealed && !whole ? null : proposal.shown,
    severe: ruleOf(proposal.rule).severe === true,
    rules: proposal.rules,
    created_at: time(proposal.createdAt),
    expires_at: time(proposal.expiresAt),
    ended: showEnded(proposal, viewer),
    entry: proposal.entry,
    version: proposal.rev,
  }
}
