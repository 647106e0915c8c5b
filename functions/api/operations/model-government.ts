/** What is between a developer and the government about a model, as operations: how each is asked for. */
import * as z from 'zod'
import { judgeText } from '../../../shared/domain/marking.ts'
import { decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { forPeople, type Operation } from '../operation.ts'
import { anyId, instant, shortText } from '../shapes/common.ts'
import { limitsBody } from '../shapes/limits.ts'

/** Who signed it, when, and a reference: what looks like a score is refused, in whatever field it stands. */
function determination(verb: 'designate' | 'not_designate', summary: string): Operation {
  return forPeople({
    id: verb === 'designate' ? 'designateModel' : 'notDesignateModel',
    method: 'POST',
    path: `/models/{model}/${verb}`,
    tag: 'models',
    summary,
    description:
      'The determination, its date, its signer and an opaque reference; never a score or a threshold.',
    action: `model.${verb}`,
    changes: true,
    body: decisionBody.extend({
      determination: z
        .string()
        .regex(
          /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
          'it is a reference of up to 100 of A–Z, a–z, 0–9, ., _ and -',
        )
        .meta({ description: 'A reference that means something to the office alone.' }),
      signer: shortText.meta({ description: 'Who signed the determination.' }),
    }),
    answers: decisionAnswers,
    async answer(context) {
      const { determination, signer } = context.body
      const marked = judgeText(determination, 'determination') ?? judgeText(signer, 'signer')
      if (marked) return marked
      const id = context.path.model ?? ''
      return decideBy(context, { name: `model.${verb}`, id, params: { determination, signer } })
    },
  })
}

export const betweenDeveloperAndGovernment: readonly Operation[] = [
  forPeople({
    id: 'assessModel',
    method: 'POST',
    path: '/models/{model}/assess',
    tag: 'models',
    summary: 'Say that it is being assessed',
    description: 'By itself that lapses when its days are over; then it can be said again.',
    action: 'model.assess',
    changes: true,
    body: decisionBody.extend({
      days: z.int().min(1).max(30).default(14).meta({ description: 'For how long; 14 unless given.' }),
    }),
    answers: decisionAnswers,
    answer: context =>
      decideBy(context, {
        name: 'model.assess',
        id: context.path.model ?? '',
        params: { days: context.body.days },
      }),
  }),
  determination('designate', 'Determine that it is a covered frontier model'),
  determination('not_designate', 'Determine that it is no covered frontier model'),
  forPeople({
    id: 'offerModelWindow',
    method: 'POST',
    path: '/models/{model}/window',
    tag: 'models',
    summary: 'Offer the office that it is engaged with the use of it for a time',
    description:
      'The developer offers it, the office takes it. It opens and ends by itself, at most 30 days later, and is for the named clients of the office alone.',
    action: 'model.window',
    changes: true,
    body: decisionBody.extend({
      opens_at: instant
        .optional()
        .meta({ description: 'RFC 3339, UTC; once the office takes it, unless given.' }),
      ends_at: instant,
      clients: z.array(anyId).min(1).max(50).meta({ description: 'Of the office, enrolled or in use.' }),
      limits: limitsBody,
      becomes: z
        .enum(['partner_access', 'designated'])
        .default('partner_access')
        .meta({ description: 'What the model becomes when it ends.' }),
    }),
    answers: decisionAnswers,
    answer(context) {
      const { opens_at, ends_at, clients, limits, becomes } = context.body
      const params = { ...(opens_at !== undefined && { opens_at }), ends_at, clients, limits, becomes }
      return decideBy(context, { name: 'model.window', id: context.path.model ?? '', params })
    },
  }),
  forPeople({
    id: 'shareModel',
    method: 'POST',
    path: '/models/{model}/share',
    tag: 'models',
    summary: 'Show it to the consultants of an office, or no longer',
    action: 'model.share',
    changes: true,
    body: decisionBody.extend({ organisation: anyId, shared: z.boolean() }),
    answers: decisionAnswers,
    answer(context) {
      const { organisation, shared } = context.body
      const id = context.path.model ?? ''
      return decideBy(context, { name: 'model.share', id, params: { organisation, shared } })
    },
  }),
]
