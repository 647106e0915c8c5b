/** How agreements are suspended, end and are closed out, as operations; and what every decision about one shares. */
import { keys } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { readAgreement } from '../../governance/agreements/read-agreement.ts'
import { decideBy, decisionAnswers, decisionBody, stopBody } from '../decision.ts'
import { forPeople, type Operation } from '../operation.ts'
import { ratification } from '../ratification.ts'
import { linesUpTo } from '../shapes/common.ts'

/** The version that a decision is about: its digest goes into the entry, which then proves of which text it tells. */
export async function digestFor(
  store: Store,
  id: string,
  pending: boolean,
): Promise<{ readonly digest?: string }> {
  const [agreement] = await store.get([keys.agreement(id)])
  if (agreement === undefined) return {}
  const { digest, next } = agreement
  return { digest: pending && next ? next.digest : digest }
}

interface Verb {
  readonly summary: string
  /** About the version that is not in force yet. */
  readonly pending?: true
  readonly stops?: true
  readonly description?: string
}

/** A decision that says no more than why. */
export const decision = (verb: string, { summary, pending, stops, description }: Verb): Operation => {
  const action = `agreement.${verb}` as ActionName
  return forPeople({
    id: `${verb}Agreement`,
    method: 'POST',
    path: `/agreements/{agreement}/${verb}`,
    tag: 'agreements',
    summary,
    ...(description !== undefined && { description }),
    action,
    changes: true,
    body: stops ? stopBody : decisionBody,
    answers: decisionAnswers,
    async answer(context) {
      const id = context.path.agreement ?? ''
      const params = await digestFor(context.deps.store, id, pending === true)
      return decideBy(context, { name: action, id, params })
    },
  })
}

export const agreementEnds: readonly Operation[] = [
  decision('suspend', { summary: 'Suspend an agreement at once: no call is admitted under it', stops: true }),
  decision('reinstate', { summary: 'End a suspension: developer and government together' }),
  decision('resume', { summary: 'End a suspension that its developer put in force alone' }),
  decision('terminate', { summary: 'End an agreement before its time: two people' }),
  decision('leave', {
    summary: 'Leave an agreement, on your own: its partner; of an engagement either side',
  }),
  forPeople({
    id: 'attestAgreement',
    method: 'POST',
    path: '/agreements/{agreement}/attest',
    tag: 'agreements',
    summary: 'Attest, after its end, that what came from the model is destroyed',
    action: 'agreement.attest',
    changes: true,
    body: decisionBody.extend({ text: linesUpTo(4_000).meta({ description: 'What was done, and when.' }) }),
    answers: decisionAnswers,
    async answer(context) {
      const { text } = context.body
      const id = context.path.agreement ?? ''
      const marked = judgeText(text, 'text')
      if (marked) return marked
      const about = await digestFor(context.deps.store, id, false)
      return decideBy(context, { name: 'agreement.attest', id, params: { ...about, text } })
    },
  }),
  decision('close', { summary: 'Close an agreement that has ended, once nothing is owed any more' }),
  ratification({
    id: 'ratifyAgreementSuspension',
    path: '/agreements/{agreement}/ratify',
    tag: 'agreements',
    summary: 'Stand by a suspension that another person put in force',
    action: 'agreement.suspend',
    async read({ deps, caller, path }) {
      const id = path.agreement ?? ''
      const seen = await readAgreement(deps.store, id, caller)
      if (seen instanceof Refusal) return seen
      const { agreement, subject } = seen
      const stop = agreement.state === 'suspended' ? agreement.stop : undefined
      return { key: keys.agreement(id) as never, action: 'agreement.suspend', subject, stop }
    },
  }),
]
