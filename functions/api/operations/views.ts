import { randomId } from '../../../shared/domain/id.ts'
import { judgeText } from '../../../shared/domain/marking.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { isStanding, type SavedView } from '../../../shared/domain/saved-views.ts'
import { isQueryFault } from '../../../shared/search/query.ts'
import { newSalt } from '../../governance/findings/words-digest.ts'
import { readView, seesView } from '../../governance/views/read-view.ts'
import type { Saving } from '../../governance/views/views.ts'
import { planFor } from '../../log/plan-for.ts'
import { creationAnswers, decideBy, decisionAnswers } from '../decision.ts'
import { listRecords } from '../lists.ts'
import { refusedQuery } from '../log/search.ts'
import { forPeople, type Operation } from '../operation.ts'
import { listOf, listQuery } from '../shapes/common.ts'
import { showView, viewBody, viewRemoval, viewShown } from '../shapes/view.ts'

/** A name and a query say by themselves what they are for. */
const unsaid = { code: 'request', text: '' } as const

export const viewOperations: readonly Operation[] = [
  forPeople({
    id: 'listViews',
    method: 'GET',
    path: '/views',
    tag: 'views',
    summary: 'Your saved searches, and those that are shared with your organisation',
    query: listQuery,
    answers: { 200: listOf(viewShown) },
    answer: ({ deps, caller: { viewer, person }, query }) =>
      listRecords<SavedView>(deps.store, {
        record: 'view',
        owner: viewer.organisation,
        ...query,
        show: one =>
          isStanding(one) && seesView(viewer, person.id, one) ? showView(one, person.id) : undefined,
      }),
  }),
  forPeople({
    id: 'getView',
    method: 'GET',
    path: '/views/{view}',
    tag: 'views',
    summary: 'One saved search',
    answers: { 200: viewShown },
    async answer({ deps, caller, path }) {
      const view = await readView(deps.store, path.view ?? '', caller)
      if (view instanceof Refusal) return view
      return { status: 200, body: showView(view, caller.person.id), rev: view.rev }
    },
  }),
  forPeople({
    id: 'saveView',
    method: 'POST',
    path: '/views',
    tag: 'views',
    summary: 'Keep a search under a name, for yourself or for your organisation',
    description: 'The query is judged now. Whoever uses it later finds what is theirs to see.',
    action: 'view.save',
    creates: true,
    body: viewBody,
    answers: creationAnswers,
    async answer(context) {
      const { deps, caller, body } = context
      const { name, q, by, shared = false } = body
      const marked = judgeText(name, 'name') ?? judgeText(q, 'q')
      if (marked) return marked
      const plan = planFor(caller, { q, now: deps.clock.now(), ...(by && { by }) })
      if (isQueryFault(plan)) return refusedQuery(plan)
      const id = randomId('view', deps.random.bytes(16))
      const params: Saving = { name, q, ...(by && { by }), shared, salt: newSalt(deps.random) }
      return decideBy(
        { ...context, body: { ...body, reason: body.reason ?? unsaid } },
        { name: 'view.save', id, params: { ...params } },
        `/views/${id}`,
      )
    },
  }),
  forPeople({
    id: 'removeView',
    method: 'POST',
    path: '/views/{view}/remove',
    tag: 'views',
    summary: 'Remove a saved search',
    action: 'view.remove',
    changes: true,
    body: viewRemoval,
    answers: decisionAnswers,
    answer: context =>
      decideBy(
        { ...context, body: { ...context.body, reason: context.body.reason ?? unsaid } },
        { name: 'view.remove', id: context.path.view ?? '', params: {} },
      ),
  }),
]
