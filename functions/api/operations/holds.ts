import * as z from 'zod'
import type { HoldRecord } from '../../../shared/domain/holds.ts'
import { randomId } from '../../../shared/domain/id.ts'
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import { holdFacts, holdSubject, readHold } from '../../governance/holds/holds.ts'
import type { PersonCaller } from '../caller.ts'
import { creationAnswers, decideBy, decisionAnswers, decisionBody, stopBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { type Context, forPeople, type Operation } from '../operation.ts'
import { ratification } from '../ratification.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { holdScope, holdShown, showHold } from '../shapes/hold.ts'

function shown({ viewer }: PersonCaller, hold: Governed<HoldRecord>): object | undefined {
  const sight = sees(viewer, holdFacts(hold))
  return sight && showHold(hold, viewer, sight === 'whole')
}

const read = ({ deps, caller, path }: Pick<Context<PersonCaller>, 'deps' | 'caller' | 'path'>) =>
  readHold(deps.store, path.hold ?? '', caller)

/** What is only looked at is no decision yet. */
const placing = stopBody
  .extend({ scope: holdScope })
  .refine(({ reason, dry_run }) => dry_run === true || reason.reference !== undefined, {
    path: ['reason', 'reference'],
    error: 'a hold names a case or an order: give its reference',
  })

export const holdOperations: readonly Operation[] = [
  forPeople({
    id: 'listHolds',
    method: 'GET',
    path: '/holds',
    tag: 'holds',
    summary: 'The holds that you see',
    query: listQuery.extend({ state: z.enum(['active', 'lifted', 'lapsed']).optional() }),
    answers: { 200: listOf(holdShown) },
    answer: ({ deps, caller, query: { state, ...page } }) =>
      listRecords<HoldRecord>(deps.store, {
        record: 'hold',
        ...page,
        show: one => (state === undefined || one.state === state ? shown(caller, one) : undefined),
      }),
  }),
  forPeople({
    id: 'getHold',
    method: 'GET',
    path: '/holds/{hold}',
    tag: 'holds',
    summary: 'One hold, with what its dry run said',
    answers: { 200: holdShown },
    async answer(context) {
      const hold = await read(context)
      if (hold instanceof Refusal) return hold
      return { status: 200, body: shown(context.caller, hold) ?? {}, rev: hold.rev }
    },
  }),
  forPeople({
    id: 'placeHold',
    method: 'POST',
    path: '/holds',
    tag: 'holds',
    summary: 'Place a hold at once, or see whom it would hit',
    description:
      'A hold stops every call that matches all of its scope, from the next request on. One that the government places lapses after 14 days unless the developer concurs. Its reason names a reference; a dry run needs none. Whoever has none of the attributes in the scope attested is not hit; the dry run names them.',
    action: 'hold.place',
    creates: true,
    body: placing,
    answers: creationAnswers,
    answer: context => {
      const id = randomId('hold', context.deps.random.bytes(16))
      const { scope } = context.body
      return decideBy(context, { name: 'hold.place', id, params: { scope } }, `/holds/${id}`)
    },
  }),
  forPeople({
    id: 'liftHold',
    method: 'POST',
    path: '/holds/{hold}/lift',
    tag: 'holds',
    summary: 'Lift a hold of your organisation',
    action: 'hold.lift',
    changes: true,
    body: decisionBody,
    answers: decisionAnswers,
    answer: context => decideBy(context, { name: 'hold.lift', id: context.path.hold ?? '', params: {} }),
  }),
  forPeople({
    id: 'concurWithHold',
    method: 'POST',
    path: '/holds/{hold}/concur',
    tag: 'holds',
    summary: 'As the developer, stand by a hold of the government: it no longer lapses by itself',
    action: 'hold.concur',
    changes: true,
    body: decisionBody,
    answers: decisionAnswers,
    answer: context => decideBy(context, { name: 'hold.concur', id: context.path.hold ?? '', params: {} }),
  }),
  ratification({
    id: 'ratifyHold',
    path: '/holds/{hold}/ratify',
    tag: 'holds',
    summary: 'Stand by a hold that another person placed',
    action: 'hold.place',
    async read(context) {
      const hold = await read(context)
      if (hold instanceof Refusal) return hold
      const stop = hold.state === 'active' ? hold.stop : undefined
      return { key: keys.hold(hold.id) as never, action: 'hold.place', subject: holdSubject(hold), stop }
    },
  }),
]
