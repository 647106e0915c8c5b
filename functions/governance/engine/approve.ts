/** What people do about an open proposal: approve, decline, withdraw. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { proposalStep as next } from '../../../shared/domain/machines.ts'
import type { Proposal, Subject } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { Rules } from '../../../shared/domain/rules.ts'
import type { Reason, Signature } from '../../../shared/domain/stop.ts'
import { time } from '../../../shared/domain/time.ts'
import {
  type ActionName,
  fillsSeat,
  isDecided,
  judgeSignature,
  openSeats,
} from '../../../shared/domain/who-decides.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { entryId } from '../../../shared/entries/id.ts'
import type { TransactOp } from '../../../shared/ports/store.ts'
import { definitionOf } from '../actions.ts'
import { type Commit, commit } from './commit.ts'
import { readRules } from './decide.ts'
import { noticePuts } from './notices.ts'
import type { Actor, GovernanceDeps, Plan, ProposedBefore } from './plan.ts'
import { endText, entryOf } from './proposal-answer.ts'
import { proposalStep } from './proposal-record.ts'
import { show } from './shown.ts'
import { proposalFacts, viewerOf } from './sight.ts'
import { judgeFresh, judgeRole, offices, readSigners, sign } from './signer.ts'

export interface Answered {
  readonly proposal: string
  /** The version of the proposal that was seen. */
  readonly rev: number
  readonly reason?: Reason
  readonly request: string
}

/** Whoever asked reads why they do not get it, and can appeal it: no request is declined without a reason. */
export interface Declined extends Answered {
  readonly reason: Reason
}

interface Seen {
  readonly proposal: Governed<Proposal>
  /** Of what it is about, as it stands now; a refusal where it could not be made any more. */
  readonly plan: Plan | Refusal
  readonly name: ActionName
  /** What is undone when it ends otherwise. */
  readonly unwind: Plan['unwind']
  readonly rules: Rules
  readonly now: number
  readonly eid: string
}

/** Adds a signature; with the last one that was missing, the change is made in the same transaction. */
export function approve(
  deps: GovernanceDeps,
  actor: Actor,
  answered: Answered,
): Promise<Governed<Proposal> | Refusal> {
  return answer(deps, actor, answered, async seen => {
    const { proposal, plan, name, rules, now, eid } = seen
    const { subject, action } = proposal
    const role = judgeRole(name, actor, subject)
    if (role instanceof Refusal) return role
    const raises = plan instanceof Refusal ? undefined : plan.raises
    const refused =
      judgeSignature(
        { ...actor.person, person: actor.person.id },
        proposal.signatures,
        proposal.proposedBy.person,
        raises,
      ) ?? judgeFresh(name, actor, rules, now)
    if (refused) return refused
    if (!fillsSeat(name, role, actor.organisation.id, subject))
      return refuse('role_missing', 'Your role asks for it, and does not decide on it.')
    if (plan instanceof Refusal || plan.subject.rev !== subject.rev) return stale(seen)

    const by = sign(actor, role, now)
    const signers = await readSigners(deps.store, proposal.signatures, now)
    const before = signers.map(({ signature }) => signature)
    const signatures = [...before, by]
    const complete = isDecided(name, signatures, subject)
    if (!complete && !advances(name, signatures, before, subject))
      return refuse(
        'approval_required',
        `Your signature fills no seat that is open. Still missing: ${missing({ ...proposal, signatures: before })}.`,
      )
    // Between two signatures lie days: what is recorded as its effects is what it does at this moment.
    const counted = complete ? await show(deps, action, proposal.reason, plan, now) : undefined
    const { effects, shown } = counted ?? proposal
    const change = complete
      ? { state: 'applied' as const, signatures, entry: eid, ended: { at: now, by } }
      : { signatures, entry: eid }
    const { proposal: after, update } = proposalStep(proposal, change)
    const carried = {
      now,
      eid,
      by,
      signatures,
      reason: proposal.reason,
      rules,
      breakGlass: false,
      proposed: proposedBefore(proposal),
      effects,
      shown,
    }
    const told = complete
      ? plan.told
      : {
          type: 'proposal.approved',
          text: `${by.name} approves ${action.name} of ${subject.name}; still missing: ${missing(after)}.`,
          next: `sallyport proposal get ${proposal.id}`,
        }
    const notices = told
      ? noticePuts({ eid, now, ...told, subject, ...(plan.tells && { tells: plan.tells }) })
      : []
    return {
      ops: [...(complete ? plan.writes(carried) : []), update, ...notices],
      entry: entryOf(
        { ...seen, proposal: { ...proposal, signatures: before } },
        complete ? 'applied' : 'approved',
        by,
        answered,
        counted,
      ),
      signers: signers.map(({ person }) => person),
      done: after,
    }
  })
}

/** Whoever could have signed it says no, and why: it ends. */
export function decline(
  deps: GovernanceDeps,
  actor: Actor,
  answered: Declined,
): Promise<Governed<Proposal> | Refusal> {
  return answer(deps, actor, answered, async seen => {
    const { proposal, name, now } = seen
    const role = judgeRole(name, actor, proposal.subject)
    if (role instanceof Refusal) return role
    if (proposal.proposedBy.person === actor.person.id)
      return refuse('own_proposal', 'It is your own: withdraw it.', {
        next: `Take it back: sallyport proposal withdraw ${proposal.id}`,
      })
    if (!fillsSeat(name, role, actor.organisation.id, proposal.subject))
      return refuse('role_missing', 'Your role asks for it, and does not decide on it.')
    return ended(seen, 'declined', sign(actor, role, now), answered)
  })
}

/** The proposer takes it back. */
export function withdraw(
  deps: GovernanceDeps,
  actor: Actor,
  answered: Answered,
): Promise<Governed<Proposal> | Refusal> {
  return answer(deps, actor, answered, async seen => {
    const { proposal, now } = seen
    if (proposal.proposedBy.person !== actor.person.id)
      return refuse('role_missing', `Only ${proposal.proposedBy.name}, who proposed it, withdraws it.`)
    return ended(seen, 'withdrawn', sign(actor, proposal.proposedBy.role, now), answered)
  })
}

/** The seats that are still to be filled, in words. */
export const missing = ({ rule, signatures, subject }: Proposal): string =>
  openSeats(rule, signatures, subject).map(offices).join(' and ')

const advances = (
  name: ActionName,
  signatures: readonly Signature[],
  before: readonly Signature[],
  subject: Subject,
) => openSeats(name, signatures, subject).length < openSeats(name, before, subject).length

async function answer(
  deps: GovernanceDeps,
  actor: Actor,
  { proposal: id, rev }: Answered,
  judge: (seen: Seen) => Promise<Commit<Governed<Proposal> | Refusal> | Refusal>,
): Promise<Governed<Proposal> | Refusal> {
  const { store, clock, random } = deps
  const eid = entryId(clock.now(), random.bytes(16))
  return commit<Governed<Proposal> | Refusal>(deps, eid, actor, async () => {
    const now = clock.now()
    const [proposal] = await store.get([keys.proposal(id)])
    if (proposal === undefined || !sees(viewerOf(actor), proposalFacts(proposal)))
      return unknownRecord('proposal', id)
    if (proposal.state !== 'open')
      return refuse('state_forbids', `The proposal is ${proposal.state}; nothing more is decided on it.`)
    if (proposal.rev !== rev)
      return refuse('version_stale', `You saw version ${rev}; it is version ${proposal.rev} now.`)
    const seen = await look(deps, proposal, { rules: await readRules(store), now, eid })
    return now < proposal.expiresAt ? judge(seen) : timedOut(seen)
  })
}

/** A proposal with what it is about, as that stands now. */
export async function look(
  deps: Pick<GovernanceDeps, 'store' | 'retentionMs'>,
  proposal: Governed<Proposal>,
  at: Pick<Seen, 'rules' | 'now' | 'eid'>,
): Promise<Seen> {
  const { action, reason } = proposal
  const { plan, unwind } = definitionOf(action.name)
  const proposed = proposedBefore(proposal)
  const planned = await plan(deps, action, { ...at, reason, breakGlass: false, proposed })
  return {
    ...at,
    proposal,
    plan: planned,
    name: planned instanceof Refusal ? proposal.rule : (planned.rule ?? action.name),
    unwind: planned instanceof Refusal ? await unwind?.(deps, action) : planned.unwind,
  }
}

const proposedBefore = ({ proposedBy: by, entry, subject }: Proposal): ProposedBefore => ({
  by,
  entry,
  subject,
})

const stale = (seen: Seen): Commit<Refusal> => {
  const { proposal, plan } = seen
  const why =
    plan instanceof Refusal
      ? plan.facts.detail
      : `it is version ${plan.subject.rev} now, and was ${proposal.subject.rev}.`
  return over(seen, 'stale', refuse('proposal_stale', `${proposal.subject.name} has changed: ${why}`))
}

const timedOut = (seen: Seen): Commit<Refusal> =>
  over(seen, 'timed_out', refuse('state_forbids', `The proposal ended at ${time(seen.proposal.expiresAt)}.`))

/** It has come to its end by itself: that is recorded, and whoever asked is refused. */
function over(seen: Seen, how: 'stale' | 'timed_out', refusal: Refusal): Commit<Refusal> {
  return { ...endOf(seen, how), done: refusal }
}

function ended(
  seen: Seen,
  how: 'declined' | 'withdrawn',
  by: Signature,
  { reason, request }: Answered,
): Commit<Governed<Proposal>> {
  return endOf(seen, how, by, { ...(reason && { reason }), request })
}

/** A proposal that ends without being applied, with its entry and its notices. */
export function endOf(
  seen: Seen,
  how: 'declined' | 'withdrawn' | 'timed_out' | 'stale',
  by?: Signature,
  told: { readonly reason?: Reason; readonly request?: string } = {},
): Commit<Governed<Proposal>> {
  const { proposal, now, eid } = seen
  const state = next(proposal.state, howEvent[how])
  if (state instanceof Refusal) throw new Error(`a proposal that is ${proposal.state} cannot be ${how}`)
  const { proposal: after, update } = proposalStep(proposal, {
    state,
    entry: eid,
    ended: {
      at: now,
      ...(by && { by }),
      ...(told.reason && { reason: told.reason }),
      rules: seen.rules.version,
    },
  })
  const { reason } = told
  const notices = noticePuts({
    eid,
    now,
    type: `proposal.${how}`,
    text: endText(seen, how, by, reason),
    next: `sallyport proposal get ${proposal.id}`,
    subject: proposal.subject,
  })
  const undone = seen.unwind?.({
    how: how === 'stale' ? 'timed_out' : how,
    at: now,
    entry: eid,
    ...(reason && { reason }),
  })
  const ops: readonly TransactOp[] = [update, ...(undone ?? []), ...notices]
  return { ops, entry: entryOf(seen, how, by, told), done: after }
}

const howEvent = {
  declined: 'decline',
  withdrawn: 'withdraw',
  timed_out: 'time_out',
  stale: 'stale',
} as const
