import * as z from 'zod'
import type { Governed } from '../../../shared/domain/keys.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import type { Appeal, Proposal } from '../../../shared/domain/proposals.ts'
import { Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import type { ActionName } from '../../../shared/domain/who-decides.ts'
import { sees } from '../../../shared/domain/who-sees.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { appealFacts, readAppeal } from '../../governance/appeals/appeals.ts'
import { lodge, lodgedBefore } from '../../governance/appeals/lodge-appeal.ts'
import { restoration } from '../../governance/appeals/upheld.ts'
import { proposalFacts } from '../../governance/engine/sight.ts'
import type { PersonCaller } from '../caller.ts'
import { decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { forPeople, type Operation } from '../operation.ts'
import {
  appealShown,
  requestOfAppeal,
  requestOfProposal,
  requestShown,
  requestsOfNomination,
  showAppeal,
} from '../shapes/appeal.ts'
import { anyId, listOf, listQuery, longText } from '../shapes/common.ts'

function shown({ viewer }: PersonCaller, appeal: Governed<Appeal>): object | undefined {
  if (sees(viewer, appealFacts(appeal)) === undefined) return undefined
  // Sealed words of the answer are the deciders', though the appeal itself is the partner's.
  return showAppeal(appeal, viewer.kind !== 'partner')
}

async function read(store: Store, caller: PersonCaller, id: string): Promise<Governed<Appeal> | Refusal> {
  const appeal = await readAppeal(store, id)
  if (appeal instanceof Refusal || shown(caller, appeal)) return appeal
  return unknownRecord('appeal', id)
}

const answering = (
  verb: string,
  action: ActionName & `appeal.${string}`,
  summary: string,
  description: string,
): Operation =>
  forPeople({
    id: `${verb}Appeal`,
    method: 'POST',
    path: `/appeals/{appeal}/${verb}`,
    tag: 'appeals',
    summary,
    description,
    action,
    changes: true,
    body: decisionBody,
    answers: decisionAnswers,
    async answer(context) {
      const { deps, caller, path } = context
      const appeal = await read(deps.store, caller, path.appeal ?? '')
      if (appeal instanceof Refusal) return appeal
      if (action !== 'appeal.uphold') return decideBy(context, { name: action, id: appeal.id, params: {} })
      const { version, confirms } = await restoration(deps.store, appeal, deps.clock.now())
      return decideBy(context, {
        name: action,
        id: appeal.id,
        params: { version, ...(confirms && { confirms }) },
      })
    },
  })

const requestKinds = ['appeal', 'proposal'] as const

export const appealOperations: readonly Operation[] = [
  forPeople({
    id: 'listAppeals',
    method: 'GET',
    path: '/appeals',
    tag: 'appeals',
    summary: 'The appeals that you see',
    query: listQuery.extend({ state: z.enum(['open', 'upheld', 'dismissed']).optional() }),
    answers: { 200: listOf(appealShown) },
    answer: ({ deps, caller, query: { state, ...page } }) =>
      listRecords<Appeal>(deps.store, {
        record: 'appeal',
        ...page,
        show: one => (state === undefined || one.state === state ? shown(caller, one) : undefined),
      }),
  }),
  forPeople({
    id: 'getAppeal',
    method: 'GET',
    path: '/appeals/{appeal}',
    tag: 'appeals',
    summary: 'One appeal',
    answers: { 200: appealShown },
    async answer({ deps, caller, path }) {
      const appeal = await read(deps.store, caller, path.appeal ?? '')
      if (appeal instanceof Refusal) return appeal
      return { status: 200, body: shown(caller, appeal) ?? {}, rev: appeal.rev }
    },
  }),
  forPeople({
    id: 'lodgeAppeal',
    method: 'POST',
    path: '/appeals',
    tag: 'appeals',
    summary: 'Appeal a decision about your organisation, once',
    description:
      'Against what was suspended, revoked, held or declined. An answer is due within ten days; no silence decides it.',
    creates: true,
    body: z.strictObject({
      entry: anyId.meta({ description: 'The entry that records the decision.' }),
      text: longText.meta({ description: 'Why it should be looked at again.' }),
    }),
    answers: { 201: appealShown },
    async answer({ deps, caller, body: { entry, text }, request }) {
      const marked = judgeText(text, 'text')
      if (marked) return marked
      // By the decision's entry an appeal is made once: a repeated request needs no other mark of what it made.
      const appeal =
        (await lodgedBefore(deps.store, caller, { entry, text })) ??
        (await lodge(deps, caller, { entry, text, request }))
      if (appeal instanceof Refusal) return appeal
      return {
        status: 201,
        body: shown(caller, appeal) ?? {},
        rev: appeal.rev,
        location: `/appeals/${appeal.id}`,
      }
    },
  }),
  answering(
    'uphold',
    'appeal.uphold',
    'Uphold an appeal: developer and government together',
    'What the decision took away comes back with it, as far as that very decision still stands.',
  ),
  answering('dismiss', 'appeal.dismiss', 'Dismiss an appeal: two people', 'It is answered once.'),
  forPeople({
    id: 'listRequests',
    method: 'GET',
    path: '/requests',
    tag: 'appeals',
    summary: 'What is asked about your organisation: its state, its clock, the office it waits on',
    description: 'Proposals, appeals and a nomination. After a refusal one may ask again.',
    query: listQuery.extend({ state: z.literal('open').optional() }),
    answers: { 200: listOf(requestShown) },
    async answer({ deps: { store }, caller, query: { limit = 50, after, state } }) {
      const { viewer, organisation } = caller
      const items: object[] = []
      // A cursor of this list is the kind that it is in, and the cursor there.
      const [kind = 'appeal', ...cursor] = after?.split('.') ?? []
      const first = requestKinds.indexOf(kind as (typeof requestKinds)[number])
      if (first < 0)
        return refuse('body_malformed', 'after is the next of an earlier page.', { field: 'after' })
      if (after === undefined && viewer.roles.length > 0 && organisation.kind === 'partner')
        items.push(...requestsOfNomination(organisation))
      let position = cursor.join('.') || undefined
      for (const record of requestKinds.slice(first)) {
        const page = await listRecords<Appeal & Proposal>(store, {
          record,
          owner: organisation.id,
          limit: Math.max(1, limit - items.length),
          after: position,
          show(one) {
            if (state !== undefined && one.state !== state) return undefined
            if (record === 'appeal') return shown(caller, one) && requestOfAppeal(one)
            return sees(viewer, proposalFacts(one)) && requestOfProposal(one)
          },
        })
        if (page instanceof Refusal) return page
        const { items: found, next } = page.body as { items: readonly object[]; next: string | null }
        items.push(...found)
        if (next !== null) return { status: 200, body: { items, next: `${record}.${next}` } }
        position = undefined
        const following = requestKinds[requestKinds.indexOf(record) + 1]
        if (items.length >= limit && following) return { status: 200, body: { items, next: `${following}.` } }
      }
      return { status: 200, body: { items, next: null } }
    },
  }),
]
