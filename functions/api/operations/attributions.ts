import { type Inquiry, mayInvestigate } from '../../../shared/domain/inquiries.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { createInquiry } from '../inquiries/create.ts'
import { ownInquiry } from '../inquiries/own.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { attributionBody, attributionShown, showAttribution } from '../shapes/attribution.ts'
import { listOf, listQuery } from '../shapes/common.ts'

export const attributionOperations: readonly Operation[] = [
  forPeople({
    id: 'createAttribution',
    method: 'POST',
    path: '/attributions',
    tag: 'attributions',
    summary: 'Ask which partner a text of a model was sent to',
    description:
      'For a developer-admin, an nsa-admin or an auditor. The text is compared with the fingerprints of what was sent, of replies whose entries you may see. The log says first that you asked, and then who was named. A job answers; see how far it is by its id.',
    creates: true,
    body: attributionBody,
    // Of 200,000 bytes that JSON may write with six characters each.
    maxBody: 1_228_800,
    answers: { 201: attributionShown },
    answer: asking => {
      const { text, from, to } = asking.body
      return createInquiry(asking, {
        kind: 'attribution',
        input: Buffer.from(text),
        options: {
          ...(from !== undefined && { from: Date.parse(from) }),
          ...(to !== undefined && { to: Date.parse(to) }),
        },
      })
    },
  }),
  forPeople({
    id: 'listAttributions',
    method: 'GET',
    path: '/attributions',
    tag: 'attributions',
    summary: 'Attributions that you asked for',
    query: listQuery,
    answers: { 200: listOf(attributionShown) },
    answer: ({ deps, caller, query }) =>
      listRecords<Inquiry>(deps.store, {
        record: 'attribution',
        owner: caller.person.id,
        ...query,
        show: one => (mayInvestigate(caller.viewer) ? showAttribution(one) : undefined),
      }),
  }),
  forPeople({
    id: 'getAttribution',
    method: 'GET',
    path: '/attributions/{attribution}',
    tag: 'attributions',
    summary: 'An attribution that you asked for: how far it is, and which partner is named',
    answers: { 200: attributionShown },
    async answer(context) {
      const found = await ownInquiry(context, 'attribution')
      return found instanceof Refusal ? found : { status: 200, body: showAttribution(found) }
    },
  }),
]
