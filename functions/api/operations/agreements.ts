import { randomId } from '../../../shared/domain/id.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { Refusal, unknownRecord } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import type { Store } from '../../../shared/ports/store.ts'
import type { DraftWords } from '../../governance/agreements/draw-up.ts'
import { type AgreementSeen, readVersion } from '../../governance/agreements/read-agreement.ts'
import { attest, type Signing } from '../../governance/agreements/signature.ts'
import { preview } from '../../governance/engine/decide.ts'
import { factsOf } from '../../governance/engine/sight.ts'
import { judgeRole } from '../../governance/engine/signer.ts'
import { agreementSubject } from '../../governance/engine/subjects.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { readDirectory } from '../directory.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import {
  agreementShown,
  draftBody,
  redraftBody,
  showAgreement,
  signBody,
  toDraft,
} from '../shapes/agreement.ts'
import { judgeClauses } from '../shapes/clauses-body.ts'
import { anyId, listOf, listQuery, toReason } from '../shapes/common.ts'
import { agreementEnds, decision, digestFor } from './agreement-ends.ts'
import { agreementTextOperations, readSeen, signerAway } from './agreement-texts.ts'

type Seen = Pick<AgreementSeen, 'agreement' | 'subject'>

/** Each comes with its texts, of 64 KB at most: all of them fit into an answer. */
const maxListed = 20

/** With its texts; nothing for whom it is not there. */
async function shown(
  store: Store,
  { viewer }: PersonCaller,
  { agreement, subject }: Seen,
  now: number,
): Promise<object | undefined> {
  const sight = sees(viewer, factsOf('agreement', subject))
  if (sight === undefined) return undefined
  const { next } = agreement
  const isShown = next?.state === 'offered' || viewer.organisation === agreement.developer
  return showAgreement(agreement, {
    version: await readVersion(store, agreement.digest),
    ...(next && isShown && { next: await readVersion(store, next.digest) }),
    whole: sight === 'whole',
    now,
  })
}

const judgeWords = ({ title, clauses }: DraftWords): Refusal | undefined =>
  (title === undefined ? undefined : judgeText(title, 'title')) ?? (clauses && judgeClauses(clauses))

export const agreementOperations: readonly Operation[] = [
  forPeople({
    id: 'listAgreements',
    method: 'GET',
    path: '/agreements',
    tag: 'agreements',
    summary: 'The protected agreements that you see',
    query: listQuery.extend({
      partner: anyId.optional().meta({ description: 'Those with this counterparty.' }),
    }),
    answers: { 200: listOf(agreementShown) },
    async answer({ deps, caller, query: { partner, ...page } }) {
      const { organisations } = await readDirectory(deps.store)
      const owner = partner ?? (caller.viewer.kind === 'partner' ? caller.viewer.organisation : undefined)
      return listRecords<Agreement>(deps.store, {
        record: 'agreement',
        ...(owner !== undefined && { owner }),
        ...page,
        limit: Math.min(page.limit ?? maxListed, maxListed),
        show: agreement => {
          const other = organisations.get(agreement.counterparty)
          if (other === undefined) return undefined
          const subject = agreementSubject(agreement, other)
          return shown(deps.store, caller, { agreement, subject }, deps.clock.now())
        },
      })
    },
  }),
  forPeople({
    id: 'getAgreement',
    method: 'GET',
    path: '/agreements/{agreement}',
    tag: 'agreements',
    summary: 'One agreement, with its text and who has signed it',
    answers: { 200: agreementShown },
    async answer(context) {
      const { deps, caller } = context
      const seen = await readSeen(context)
      if (seen instanceof Refusal) return seen
      const body = await shown(deps.store, caller, seen, deps.clock.now())
      if (body === undefined) return unknownRecord('agreement', seen.agreement.id)
      return { status: 200, body, rev: seen.agreement.rev }
    },
  }),
  forPeople({
    id: 'draftAgreement',
    method: 'POST',
    path: '/agreements',
    tag: 'agreements',
    summary: 'Draft an agreement with a partner or an office, from a template or clauses of your own',
    description:
      'Its developer alone sees a draft. One that would not do what it says is refused, with the clause at fault.',
    action: 'agreement.draft',
    creates: true,
    body: decisionBody.extend(draftBody),
    answers: creationAnswers,
    async answer(context) {
      const { deps, caller, body } = context
      const words = toDraft(body)
      const marked = judgeWords(words)
      if (marked) return marked
      const id = randomId('agreement', deps.random.bytes(16))
      const params = { developer: caller.organisation.id, words }
      return decideBy(context, { name: 'agreement.draft', id, params }, `/agreements/${id}`)
    },
  }),
  forPeople({
    id: 'redraftAgreement',
    method: 'PATCH',
    path: '/agreements/{agreement}',
    tag: 'agreements',
    summary: 'Change a draft, or draft the version that is to follow the one in force',
    action: 'agreement.draft',
    changes: true,
    body: decisionBody.extend(redraftBody),
    answers: decisionAnswers,
    async answer(context) {
      const { digest } = context.body
      const words = toDraft(context.body)
      const marked = judgeWords(words)
      if (marked) return marked
      return decideBy(context, {
        name: 'agreement.draft',
        id: context.path.agreement ?? '',
        params: { words, ...(digest !== undefined && { digest }) },
      })
    },
  }),
  forPeople({
    id: 'offerAgreement',
    method: 'POST',
    path: '/agreements/{agreement}/offer',
    tag: 'agreements',
    summary: 'Put a draft before the parties',
    action: 'agreement.offer',
    changes: true,
    body: decisionBody.extend({
      digest: signBody.digest
        .optional()
        .meta({ description: 'Of the draft that you have read; absent: as it stands.' }),
    }),
    answers: decisionAnswers,
    async answer(context) {
      const { deps, path, body } = context
      const id = path.agreement ?? ''
      const params =
        body.digest === undefined ? await digestFor(deps.store, id, true) : { digest: body.digest }
      return decideBy(context, { name: 'agreement.offer', id, params })
    },
  }),
  decision('discard', { summary: 'Drop a draft that nobody was offered', pending: true }),
  decision('return', {
    summary: 'Take an offer back, or do not sign it: it is a draft again',
    pending: true,
  }),
  forPeople({
    id: 'signAgreement',
    method: 'POST',
    path: '/agreements/{agreement}/sign',
    tag: 'agreements',
    summary: 'Sign the version that is offered, for your organisation',
    description:
      'With `signature` by a key of your own; without it this deployment attests that you signed. With the last signature it is in force once its term has begun.',
    action: 'agreement.sign',
    changes: true,
    body: decisionBody.extend(signBody),
    answers: decisionAnswers,
    async answer(context) {
      const { deps, caller, body, path, request, rev } = context
      const { digest, signature } = body
      const id = path.agreement ?? ''
      const of = (signing: Signing) => ({ name: 'agreement.sign' as const, id, params: { ...signing } })
      if (signature !== undefined) return decideBy(context, of({ digest, kind: 'key', jws: signature }))
      const action = of({ digest, kind: 'attested' })
      if (body.dry_run) return decideBy(context, action)
      // Nothing is attested of somebody who could not sign.
      const before = { action, reason: toReason(body.reason), request, ...(rev !== undefined && { rev }) }
      const could = await preview(deps, caller, before)
      if (could instanceof Refusal) return could
      const role = judgeRole('agreement.sign', caller, could.subject)
      if (role instanceof Refusal) return role
      const version = await readVersion(deps.store, digest)
      const jws = await attest(deps.statements, deps.issuer, version, caller, role, deps.clock.now()).catch(
        signerAway,
      )
      return jws instanceof Refusal ? jws : decideBy(context, of({ digest, kind: 'attested', jws }))
    },
  }),
  forPeople({
    id: 'acknowledgeAgreement',
    method: 'POST',
    path: '/agreements/{agreement}/acknowledge',
    tag: 'agreements',
    summary: 'Acknowledge the notice of the version in force: no call is admitted before',
    action: 'agreement.acknowledge',
    changes: true,
    body: decisionBody.extend({ digest: signBody.digest }),
    answers: decisionAnswers,
    answer: context =>
      decideBy(context, {
        name: 'agreement.acknowledge',
        id: context.path.agreement ?? '',
        params: { digest: context.body.digest },
      }),
  }),
  ...agreementEnds,
  ...agreementTextOperations,
]
