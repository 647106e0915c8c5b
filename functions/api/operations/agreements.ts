import * as z from 'zod'
import { randomId } from '../../../shared/domain/id.ts'
import type { Governed } from '../../../shared/domain/keys.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { readAgreement } from '../../governance/agreements/agreements.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { agreementSubject } from '../../governance/engine/subjects.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { readDirectory } from '../directory.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { agreementShown, showAgreement, termsBody } from '../shapes/agreement.ts'
import { anyId, listOf, listQuery } from '../shapes/common.ts'

function shown(
  { viewer }: PersonCaller,
  agreement: Governed<Agreement>,
  subject: Subject,
): object | undefined {
  const facts = { ...factsOf('agreement', subject), models: agreement.models }
  return sees(viewer, facts) && showAgreement(agreement)
}

/** Whoever signs names what they have read: another version is another digest. */
const signing = (verb: 'sign' | 'acknowledge', summary: string): Operation =>
  forPeople({
    id: `${verb}Agreement`,
    method: 'POST',
    path: `/agreements/{agreement}/${verb}`,
    tag: 'agreements',
    summary,
    action: `agreement.${verb}`,
    changes: true,
    body: decisionBody.extend({
      digest: z.string().max(100).meta({ description: 'Of the version that you have read.' }),
    }),
    answers: decisionAnswers,
    answer: context => {
      const { digest } = context.body
      const id = context.path.agreement ?? ''
      return decideBy(context, { name: `agreement.${verb}`, id, params: { digest } })
    },
  })

export const agreementOperations: readonly Operation[] = [
  forPeople({
    id: 'listAgreements',
    method: 'GET',
    path: '/agreements',
    tag: 'agreements',
    summary: 'The protected agreements that you see',
    query: listQuery.extend({ partner: anyId.optional() }),
    answers: { 200: listOf(agreementShown) },
    async answer({ deps, caller, query: { partner, ...page } }) {
      const { organisations } = await readDirectory(deps.store)
      const owner = partner ?? (caller.viewer.kind === 'partner' ? caller.viewer.organisation : undefined)
      return listRecords<Agreement>(deps.store, {
        record: 'agreement',
        ...(owner !== undefined && { owner }),
        ...page,
        show: one => {
          const other = organisations.get(one.partner)
          return other && shown(caller, one, agreementSubject(one, other))
        },
      })
    },
  }),
  forPeople({
    id: 'getAgreement',
    method: 'GET',
    path: '/agreements/{agreement}',
    tag: 'agreements',
    summary: 'One agreement, with the terms that its digest is of',
    answers: { 200: agreementShown },
    async answer({ deps, caller, path }) {
      const seen = await readAgreement(deps.store, path.agreement ?? '')
      if (seen instanceof Refusal) return seen
      const { agreement, subject } = seen
      const body = shown(caller, agreement, subject)
      if (body === undefined) return unknownRecord('agreement', agreement.id)
      return { status: 200, body, rev: agreement.rev }
    },
  }),
  forPeople({
    id: 'offerAgreement',
    method: 'POST',
    path: '/agreements',
    tag: 'agreements',
    summary: 'Offer a partner an agreement on models of your own',
    action: 'agreement.offer',
    creates: true,
    body: decisionBody.extend({ terms: termsBody }),
    answers: creationAnswers,
    answer: context => {
      const { deps, caller, body } = context
      const id = randomId('agreement', deps.random.bytes(16))
      const params = { developer: caller.organisation.id, terms: body.terms }
      return decideBy(context, { name: 'agreement.offer', id, params }, `/agreements/${id}`)
    },
  }),
  signing('sign', 'Sign what is offered: it is effective from then on'),
  signing('acknowledge', 'Acknowledge the notices: no call is admitted before'),
]
