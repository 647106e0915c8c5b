import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { PartnerState } from '../../../shared/domain/parties.ts'
import type { Appeal, Proposal } from '../../../shared/domain/proposals.ts'
import { time } from '../../../shared/domain/time.ts'
import { type ActionName, ruleOf } from '../../../shared/domain/who-decides.ts'
import { missing } from '../../governance/engine/approve.ts'
import { offices } from '../../governance/engine/signer.ts'
import { instant, named, reasonShown, showReason, showSignature, signature } from './common.ts'

export const appealShown = z
  .object({
    id: z.string(),
    organisation: z.string(),
    entry: z.string().meta({ description: 'The entry of the decision that is appealed.' }),
    subject: named.extend({ kind: z.string() }),
    text: z.string().meta({ description: 'The partner’s words: quoted, never markup.' }),
    by: signature,
    state: z.enum(['open', 'upheld', 'dismissed']),
    at: instant,
    due_at: instant,
    waits_on: z.string().nullable().meta({ description: 'The offices whose answer is missing.' }),
    decided: z.object({ by: z.array(signature), reason: reasonShown, at: instant }).nullable(),
    version: z.int(),
  })
  .meta({ id: 'Appeal' })

/** Whichever way it goes, the same two offices are asked. */
const answering = ruleOf('appeal.uphold').seats.map(offices).join(' and ')

export const showAppeal = (appeal: Governed<Appeal>, whole: boolean): z.infer<typeof appealShown> => ({
  id: appeal.id,
  organisation: appeal.organisation,
  entry: appeal.entry,
  subject: { kind: appeal.subject.kind, id: appeal.subject.id, name: appeal.subject.name },
  text: appeal.text,
  by: showSignature(appeal.by),
  state: appeal.state,
  at: time(appeal.at),
  due_at: time(appeal.dueAt),
  waits_on: appeal.state === 'open' ? answering : null,
  decided: appeal.decided
    ? {
        by: appeal.decided.by.map(showSignature),
        reason: showReason(appeal.decided.reason, whole),
        at: time(appeal.decided.at),
      }
    : null,
  version: appeal.rev,
})

export const requestShown = z
  .object({
    kind: z.enum(['nomination', 'appeal', 'proposal']),
    id: z.string(),
    action: z.string().meta({ description: 'What is asked for, by the name of its rule.' }),
    subject: named.extend({ kind: z.string() }),
    state: z.string(),
    waits_on: z.string().nullable().meta({ description: 'The offices that it waits on; null: on nobody.' }),
    since: instant.nullable(),
    expires_at: instant.nullable().meta({ description: 'It ends then, or an answer is due.' }),
    entry: z.string().nullable().meta({ description: 'The entry of its last step.' }),
  })
  .meta({ id: 'Request' })

type Request = z.infer<typeof requestShown>

export const requestOfAppeal = (appeal: Governed<Appeal>): Request => ({
  kind: 'appeal',
  id: appeal.id,
  action: 'appeal.uphold',
  subject: { kind: appeal.subject.kind, id: appeal.subject.id, name: appeal.subject.name },
  state: appeal.state,
  waits_on: appeal.state === 'open' ? answering : null,
  since: time(appeal.at),
  expires_at: time(appeal.dueAt),
  entry: appeal.entry,
})

export const requestOfProposal = (proposal: Governed<Proposal>): Request => ({
  kind: 'proposal',
  id: proposal.id,
  action: proposal.action.name,
  subject: { kind: proposal.subject.kind, id: proposal.subject.id, name: proposal.subject.name },
  state: proposal.state,
  waits_on: proposal.state === 'open' ? missing(proposal) : null,
  since: time(proposal.createdAt),
  expires_at: time(proposal.expiresAt),
  entry: proposal.entry,
})

/** What a nomination waits for, in each of its states. */
const nextOf: Readonly<Partial<Record<PartnerState, ActionName>>> = {
  nominated: 'partner.vet',
  vetting: 'partner.select',
  selected: 'partner.activate',
}

/** Of a partner that is on its way. It has no clock: the order sets none, and a silence decides nothing. */
export function requestsOfNomination({
  id,
  name,
  partner: state,
}: {
  readonly id: string
  readonly name: string
  readonly partner: PartnerState
}): readonly Request[] {
  const action = nextOf[state]
  if (action === undefined) return []
  const subject = { kind: 'organisation', id, name }
  const waits_on = ruleOf(action).seats.map(offices).join(' and ')
  return [
    { kind: 'nomination', id, action, subject, state, waits_on, since: null, expires_at: null, entry: null },
  ]
}
