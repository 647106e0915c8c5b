import { type Inquiry, mayInvestigate, usualEpsilon } from '../../../shared/domain/inquiries.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { readLeak } from '../../../shared/leak/read-leak.ts'
import { createInquiry, judgeAsker } from '../inquiries/create.ts'
import { ownInquiry } from '../inquiries/own.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { showTrace, traceBody, traceShown } from '../shapes/trace.ts'

export const traceOperations: readonly Operation[] = [
  forPeople({
    id: 'createTrace',
    method: 'POST',
    path: '/traces',
    tag: 'traces',
    summary: 'Ask which reader leaked records of the log',
    description:
      'For a developer-admin, an nsa-admin or an auditor. The log says first that you asked, and then who was named. A job answers, of entries that you may see; see how far it is by its id.',
    creates: true,
    body: traceBody,
    // Of a leak of 3 MB in JSON, where each quote in it takes two bytes.
    maxBody: 4 * 1024 * 1024,
    answers: { 201: traceShown },
    async answer(asking) {
      const refused = judgeAsker(asking.caller)
      if (refused) return refused
      const { leak, epsilon, offset_minutes: offsetMinutes, left_out: leftOut } = asking.body
      const zone = offsetMinutes === undefined ? {} : { offsetMinutes }
      // Before anything is spent on it.
      if (!readLeak(leak, zone).rows.some(({ eid, time }) => eid !== undefined || time !== undefined))
        return refuse('leak_unreadable', 'No row has a time, or the id of an entry.', { field: 'leak' })
      return createInquiry(asking, {
        kind: 'trace',
        input: Buffer.from(leak),
        options: {
          epsilon: epsilon === undefined ? usualEpsilon : Math.round(epsilon * 1e9),
          ...zone,
          ...(leftOut !== undefined && { leftOut }),
        },
      })
    },
  }),
  forPeople({
    id: 'listTraces',
    method: 'GET',
    path: '/traces',
    tag: 'traces',
    summary: 'Traces that you asked for',
    query: listQuery,
    answers: { 200: listOf(traceShown) },
    answer: ({ deps, caller, query }) =>
      listRecords<Inquiry>(deps.store, {
        record: 'trace',
        owner: caller.person.id,
        ...query,
        show: one => (mayInvestigate(caller.viewer) ? showTrace(one) : undefined),
      }),
  }),
  forPeople({
    id: 'getTrace',
    method: 'GET',
    path: '/traces/{trace}',
    tag: 'traces',
    summary: 'A trace that you asked for: how far it is, and who is named',
    answers: { 200: traceShown },
    async answer(context) {
      const found = await ownInquiry(context, 'trace')
      return found instanceof Refusal ? found : { status: 200, body: showTrace(found) }
    },
  }),
]
