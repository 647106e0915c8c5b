/** How an operation asks for a change: one body, one answer, for every action of who-decides. */
import * as z from 'zod'
import { keys, type Made } from '../../shared/domain/keys.ts'
import type { Action } from '../../shared/domain/proposals.ts'
import { Refusal, refuse } from '../../shared/domain/refusal.ts'
import { time } from '../../shared/domain/time.ts'
import { ruleOf } from '../../shared/domain/who-decides.ts'
import { itemAbsent, type Key, type Put } from '../../shared/ports/store.ts'
import { type Asked, type Decided, decide, preview } from '../governance/engine/decide.ts'
import { offices } from '../governance/engine/signer.ts'
import type { ApiDeps } from './app.ts'
import type { PersonCaller } from './caller.ts'
import type { Answer, Context } from './operation.ts'
import {
  difference,
  effects,
  instant,
  judgeReason,
  reasonBody,
  showDifference,
  showEffects,
  showSubject,
  subject,
  toReason,
} from './shapes/common.ts'
import { proposalShown, showProposal } from './shapes/proposal.ts'

/** What every decision says beside what it is about. */
export const decisionBody = z.strictObject({
  reason: reasonBody,
  dry_run: z.boolean().optional().meta({ description: 'Nothing is changed; the effects are answered.' }),
})

export const stopBody = decisionBody.extend({
  break_glass: z
    .literal(true)
    .optional()
    .meta({ description: 'Also what two people are needed for. Every party is told, and it is reviewed.' }),
})

export const decisionShown = z
  .object({
    step: z.enum(['dry_run', 'applied', 'proposed']),
    subject,
    needs: z.string().meta({ description: 'Whose signatures it takes.' }),
    entry: z.string().nullable(),
    ratify_by: instant.nullable(),
    proposal: proposalShown.nullable(),
    proposals: z.array(proposalShown).meta({ description: 'Opened for what it left to two people.' }),
    difference: z.array(difference),
    effects,
    shown: z.string(),
  })
  .meta({ id: 'Decision' })

/** Of an operation that decides: 200 applied or a dry run, 202 waits for another signature. */
export const decisionAnswers = { 200: decisionShown, 202: decisionShown } as const
export const creationAnswers = { 200: decisionShown, 201: decisionShown, 202: decisionShown } as const

type Body = z.infer<typeof decisionBody> & { readonly break_glass?: true | undefined }

/** `location` is the path of what the action makes, where it makes something. */
export async function decideBy(
  context: Context<PersonCaller, unknown, Body>,
  action: Action,
  location?: string,
): Promise<Answer | Refusal> {
  const { deps, caller, body, request, rev, idempotency } = context
  const marked = judgeReason(body.reason)
  if (marked) return marked
  const asked: Asked = {
    action,
    reason: toReason(body.reason),
    request,
    ...(rev !== undefined && { rev }),
    ...(body.break_glass && { breakGlass: true }),
  }
  if (body.dry_run) return dryRun(context, asked)
  const now = deps.clock.now()
  if (idempotency === undefined) return answered(await decide(deps, caller, asked), caller, location)

  const key = keys.idempotency(caller.person.id, idempotency.keyHash)
  const before = await answeredBefore(deps, key, idempotency.digest)
  if (before) return before
  const exp = Math.floor(now / 1000) + 86_400
  const put = (decided: Decided): Put => {
    const { status, body: shown } = answerOf(decided, caller, location)
    const item: Made = { by: request, exp, digest: idempotency.digest, status, answer: JSON.stringify(shown) }
    return { kind: 'put', key, item, if: { or: [itemAbsent, { le: [['exp'], Math.floor(now / 1000)] }] } }
  }
  const decided = await decide(deps, caller, { ...asked, once: { key, put } })
  const lost = decided instanceof Refusal && decided.code === 'idempotency_key_reused'
  return (
    (lost && (await answeredBefore(deps, key, idempotency.digest))) || answered(decided, caller, location)
  )
}

/** What a request with this key was answered; a refusal where that was another request. */
export async function answeredBefore(
  { store, clock }: ApiDeps,
  key: Key<Made>,
  digest: string,
): Promise<Answer | Refusal | undefined> {
  const [made] = await store.get([key])
  if (made === undefined || made.exp * 1000 <= clock.now()) return undefined
  if (made.digest !== digest)
    return refuse('idempotency_key_reused', 'Another request was made with this key.')
  return { status: made.status as Answer['status'], body: JSON.parse(made.answer) as object }
}

const answered = (decided: Decided | Refusal, caller: PersonCaller, location?: string): Answer | Refusal =>
  decided instanceof Refusal ? decided : answerOf(decided, caller, location)

function answerOf(decided: Decided, { viewer }: PersonCaller, location?: string): Answer {
  const { subject: about } = decided
  const needs = (name: Action['name']): string => ruleOf(name).seats.map(offices).join(' and ')
  if (decided.step === 'proposed') {
    const { proposal } = decided
    return {
      status: 202,
      location: `/proposals/${proposal.id}`,
      body: {
        step: 'proposed',
        subject: showSubject(about),
        needs: needs(proposal.rule),
        entry: decided.entry,
        ratify_by: null,
        proposal: showProposal(proposal as never, viewer),
        proposals: [],
        difference: proposal.difference.map(showDifference),
        effects: showEffects(proposal.effects),
        shown: proposal.shown,
      },
    }
  }
  return {
    status: about.rev === 0 ? 201 : 200,
    ...(location !== undefined && { location }),
    rev: decided.rev,
    body: {
      step: 'applied',
      subject: showSubject(about),
      needs: '',
      entry: decided.entry,
      ratify_by: decided.ratifyBy === undefined ? null : time(decided.ratifyBy),
      proposal: null,
      proposals: decided.proposals.map(one => showProposal(one as never, viewer)),
      difference: decided.difference.map(showDifference),
      effects: showEffects(decided.effects),
      shown: decided.shown,
    },
  }
}

async function dryRun(
  { deps, caller }: Context<PersonCaller, unknown, Body>,
  asked: Asked,
): Promise<Answer | Refusal> {
  const shown = await preview(deps, caller, asked)
  if (shown instanceof Refusal) return shown
  return {
    status: 200,
    rev: shown.subject.rev,
    body: {
      step: 'dry_run',
      subject: showSubject(shown.subject),
      needs: ruleOf(shown.rule).seats.map(offices).join(' and '),
      entry: null,
      ratify_by: null,
      proposal: null,
      proposals: [],
      difference: shown.difference.map(showDifference),
      effects: showEffects(shown.effects),
      shown: shown.shown,
    },
  }
}
