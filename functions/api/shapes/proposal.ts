import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Proposal } from '../../../shared/domain/proposals.ts'
import { time } from '../../../shared/domain/time.ts'
import { ruleOf } from '../../../shared/domain/who-decides.ts'
import { missing } from '../../governance/engine/approve.ts'
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
    shown: z.string().meta({ description: 'SHA-256 of what was shown, base64url.' }),
    severe: z.boolean(),
    rules: z.int(),
    created_at: instant,
    expires_at: instant,
    ended: z.object({ at: instant, by: signature.nullable(), reason: reasonShown.nullable() }).nullable(),
    entry: z.string(),
    version: z.int(),
  })
  .meta({ id: 'Proposal' })

export function showProposal(proposal: Governed<Proposal>, whole: boolean): z.infer<typeof proposalShown> {
  const { ended, action } = proposal
  return {
    id: proposal.id,
    state: proposal.state,
    action: action.name,
    params: { ...action.params },
    subject: showSubject(proposal.subject),
    reason: showReason(proposal.reason, whole),
    proposed_by: showSignature(proposal.proposedBy),
    signatures: proposal.signatures.map(showSignature),
    waits_on: proposal.state === 'open' ? missing(proposal) : null,
    difference: proposal.difference.map(showDifference),
    effects: showEffects(proposal.effects),
    shown: proposal.shown,
    severe: ruleOf(proposal.rule).severe === true,
    rules: proposal.rules,
    created_at: time(proposal.createdAt),
    expires_at: time(proposal.expiresAt),
    ended: ended
      ? {
          at: time(ended.at),
          by: ended.by ? showSignature(ended.by) : null,
          reason: ended.reason ? showReason(ended.reason, whole) : null,
        }
      : null,
    entry: proposal.entry,
    version: proposal.rev,
  }
}
