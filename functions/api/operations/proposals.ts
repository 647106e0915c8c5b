import * as z from 'zod'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Proposal } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { type Answered, approve, decline, withdraw } from '../../governance/engine/approve.ts'
import type { Actor, GovernanceDeps } from '../../governance/engine/plan.ts'
import { proposalFacts } from '../../governance/engine/sight.ts'
import type { PersonCaller } from '../caller.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { judgeReason, listOf, listQuery, reasonBody, toReason } from '../shapes/common.ts'
import { proposalShown, showProposal } from '../shapes/proposal.ts'
import { isMissing } from '../waits.ts'

function shown({ viewer }: PersonCaller, proposal: Governed<Proposal>): object | undefined {
  const sight = sees(viewer, proposalFacts(proposal))
  return sight && showProposal(proposal, sight === 'whole')
}

const answering = (
  verb: string,
  summary: string,
  act: (deps: GovernanceDeps, actor: Actor, answered: Answered) => Promise<Governed<Proposal> | Refusal>,
  description?: string,
): Operation =>
  forPeople({
    id: `${verb}Proposal`,
    method: 'POST',
    path: `/proposals/{proposal}/${verb}`,
    tag: 'proposals',
    summary,
    ...(description && { description }),
    changes: true,
    body: z.strictObject({ reason: reasonBody.optional() }),
    answers: { 200: proposalShown, 202: proposalShown },
    async answer({ deps, caller, path, rev = 0, request, body }) {
      const marked = body.reason && judgeReason(body.reason)
      if (marked) return marked
      const done = await act(deps, caller, {
        proposal: path.proposal ?? '',
        rev,
        request,
        ...(body.reason && { reason: toReason(body.reason) }),
      })
      if (done instanceof Refusal) return done
      const status = done.state === 'open' ? 202 : 200
      return { status, body: shown(caller, done) ?? {}, rev: done.rev }
    },
  })

export const proposalOperations: readonly Operation[] = [
  forPeople({
    id: 'listProposals',
    method: 'GET',
    path: '/proposals',
    tag: 'proposals',
    summary: 'The proposals that you see',
    query: listQuery.extend({
      state: z.enum(['open', 'applied', 'declined', 'withdrawn', 'timed_out', 'stale']).optional(),
      waits_on: z
        .literal('me')
        .optional()
        .meta({ description: 'Those that your signature is missing from.' }),
    }),
    answers: { 200: listOf(proposalShown) },
    answer: ({ deps, caller, query: { state, waits_on, ...page } }) =>
      listRecords<Proposal>(deps.store, {
        record: 'proposal',
        ...page,
        show: one =>
          (state === undefined || one.state === state) &&
          (waits_on === undefined || isMissing(caller, one, deps.clock.now()))
            ? shown(caller, one)
            : undefined,
      }),
  }),
  forPeople({
    id: 'getProposal',
    method: 'GET',
    path: '/proposals/{proposal}',
    tag: 'proposals',
    summary: 'One proposal, with its difference and its effects',
    answers: { 200: proposalShown },
    async answer({ deps, caller, path }) {
      const [proposal] = await deps.store.get([keys.proposal(path.proposal ?? '')])
      const body = proposal && shown(caller, proposal)
      if (!proposal || !body)
        return refuse('record_unknown', `There is no proposal ${path.proposal} for you.`)
      return { status: 200, body, rev: proposal.rev }
    },
  }),
  answering(
    'approve',
    'Add your signature; with the last that was missing it is applied',
    approve,
    'Nobody approves their own proposal, nor one that raises their own rights. The signature is that of the signed-in person, whatever the body says.',
  ),
  answering('decline', 'Say no: it ends', decline),
  answering('withdraw', 'Take back your own proposal', withdraw),
]
