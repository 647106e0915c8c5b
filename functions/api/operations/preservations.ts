import * as z from 'zod'
import { randomId } from '../../../shared/domain/id.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import type { Preservation } from '../../../shared/domain/preservations.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { readPreservation } from '../../governance/preservations/preservations.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { preservationBody, preservationShown, showPreservation } from '../shapes/preservation.ts'

export const preservationOperations: readonly Operation[] = [
  forPeople({
    id: 'listPreservations',
    method: 'GET',
    path: '/preservations',
    tag: 'preservations',
    summary: 'The preservation orders that you see',
    query: listQuery.extend({ state: z.enum(['active', 'lifted']).optional() }),
    answers: { 200: listOf(preservationShown) },
    answer: ({ deps, caller: { viewer }, query: { state, ...page } }) =>
      listRecords<Preservation>(deps.store, {
        record: 'preservation',
        ...page,
        show: one => (state === undefined || one.state === state ? showPreservation(one, viewer) : undefined),
      }),
  }),
  forPeople({
    id: 'getPreservation',
    method: 'GET',
    path: '/preservations/{preservation}',
    tag: 'preservations',
    summary: 'One preservation order, and up to when it has been carried out',
    answers: { 200: preservationShown },
    async answer({ deps, caller, path }) {
      const order = await readPreservation(deps.store, path.preservation ?? '', caller)
      if (order instanceof Refusal) return order
      return { status: 200, body: showPreservation(order, caller.viewer) ?? {}, rev: order.rev }
    },
  }),
  forPeople({
    id: 'placePreservation',
    method: 'POST',
    path: '/preservations',
    tag: 'preservations',
    summary: 'Keep what a query finds, now and later, until two organisations lift the order',
    description:
      'It counts at once: nothing that it covers is deleted, and nothing of it expires. It shows nobody an entry, and stops no call. A partner does not learn of it.',
    action: 'preservation.place',
    creates: true,
    body: preservationBody,
    answers: creationAnswers,
    async answer(context) {
      const { deps, body } = context
      const marked = judgeText(body.query, 'query')
      if (marked) return marked
      const id = randomId('preservation', deps.random.bytes(16))
      const params = { q: body.query }
      return decideBy(context, { name: 'preservation.place', id, params }, `/preservations/${id}`)
    },
  }),
  forPeople({
    id: 'liftPreservation',
    method: 'POST',
    path: '/preservations/{preservation}/lift',
    tag: 'preservations',
    summary: 'Lift a preservation order, developer and office together',
    description: 'What no other order covers goes when its time is over, a week later at the earliest.',
    action: 'preservation.lift',
    changes: true,
    body: decisionBody,
    answers: decisionAnswers,
    answer: context =>
      decideBy(context, { name: 'preservation.lift', id: context.path.preservation ?? '', params: {} }),
  }),
]
