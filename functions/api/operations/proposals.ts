import * as z from 'zod'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Proposal } from '../../../shared/domain/proposals.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { type Answered, approve, decline, withdraw } from '../../governance/engine/approve.ts'
import { proposalFacts } from '../../governance/engine/sight.ts'
import type { PersonCaller } from '../caller.ts'
import { listRecords } from '../lists.ts'
import { type Answer, type Context, forPeople, type Operation } from '../operation.ts'
import { judgeReason, listOf, listQuery, reasonBody, toReason } from '../shapes/common.ts'
import { proposalShown, showProposal } from '../shapes/proposal.ts'
import { isMissing } from '../waits.ts'

function shown({ viewer }: PersonCaller, proposal: Governed<Proposal>): object | undefined {
  return sees(viewer, proposalFacts(proposal)) && showProposal(proposal, viewer)
}

const about = (verb: string, summary: string, description?: string) => ({
  id: `${verb}Proposal`,
  method: 'POST' as const,
  path: `/proposals/{proposal}/${verb}`,
  tag: 'proposals',
  summary,
  ...(description && { description }),
  changes: true as const,
  answers: { 200: proposalShown, 202: proposalShown },
})

type Saying = { readonly reason?: z.infer<typeof reasonBody> | undefined }

/** What was done about it is shown as it stands then. */
async function answered(
  { caller, path, rev = 0, request, body: { reason } }: Context<PersonCaller, unknown, Saying>,
  act: (answer: Answered) => Promise<Governed<Proposal> | Refusal>,
): Promise<Answer | Refusal> {
  const marked = reason && judgeReason(reason)
  if (marked) return marked
  const done = await act({
    proposal: path.proposal ?? '',
    rev,
    request,
    ...(reason && { reason: toReason(reason) }),
  })
  if (done instanceof Refusal) return done
  const status = done.state === 'open' ? 202 : 200
  return { status, body: shown(caller, done) ?? {}, rev: done.rev }
}

const withoutWords = z.strictObject({ reason: reasonBody.optional() })

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
      if (!proposal || !body) return unknownRecord('proposal', path.proposal ?? '')
      return { status: 200, body, rev: proposal.rev }
    },
  }),
  forPeople({
    ...about(
      'approve',
      'Add your signature; with the last that was missing it is applied',
      'Nobody approves their own proposal, nor one that raises their own rights. The signature is that of the signed-in person, whatever the body says.',
    ),
    body: withoutWords,
    answer: context => answered(context, answer => approve(context.deps, context.caller, answer)),
  }),
  forPeople({
    ...about(
      'decline',
      'Say no, and why: it ends',
      'The reason is asked for: whoever asked reads its code, and a partner can appeal it.',
    ),
    body: z.strictObject({ reason: reasonBody }),
    answer: context =>
      answered(context, answer =>
        decline(context.deps, context.caller, { ...answer, reason: toReason(context.body.reason) }),
      ),
  }),
  forPeople({
    ...about('withdraw', 'Take back your own proposal'),
    body: withoutWords,
    answer: context => answered(context, answer => withdraw(context.deps, context.caller, answer)),
  }),
]
