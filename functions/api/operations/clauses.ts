import * as z from 'zod'
import { templates } from '../../../shared/agreements/templates.ts'
import { clauseKinds } from '../../../shared/domain/clauses.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import { clauseEffects } from '../clause-effects.ts'
import { forPeople, type Operation } from '../operation.ts'
import {
  clauseEffectsShown,
  clauseKindShown,
  showClauseEffects,
  showClauseKind,
  showTemplate,
  templateShown,
} from '../shapes/clause.ts'
import { instant, listOf } from '../shapes/common.ts'

/** A day, where nothing else is asked for. Milliseconds. */
const defaultPeriod = 86_400_000

export const clauseOperations: readonly Operation[] = [
  forPeople({
    id: 'listClauseKinds',
    method: 'GET',
    path: '/clauses',
    tag: 'clauses',
    summary: 'Every kind of clause, what it becomes, and whether it is enforced, evidenced or undertaken',
    answers: { 200: listOf(clauseKindShown) },
    answer: async () => ({ status: 200, body: { items: clauseKinds.map(showClauseKind), next: null } }),
  }),
  forPeople({
    id: 'listAgreementTemplates',
    method: 'GET',
    path: '/agreement-templates',
    tag: 'clauses',
    summary: 'Templates to draft agreements from; their text is made up and binds nobody',
    answers: { 200: listOf(templateShown) },
    answer: async () => ({ status: 200, body: { items: templates.map(showTemplate), next: null } }),
  }),
  forPeople({
    id: 'getClauseEffects',
    method: 'GET',
    path: '/agreements/{agreement}/clauses/{clause}/effects',
    tag: 'clauses',
    summary: 'What a clause did: grants it limits, tokens that carry it, what it admitted and refused',
    description: 'Counted over the entries of the counterparty that you see, newest first.',
    query: z.strictObject({
      since: instant.optional().meta({ description: 'Without it: the last 24 hours.' }),
    }),
    answers: { 200: clauseEffectsShown },
    async answer({ deps, caller, path, query: { since } }) {
      const found = await clauseEffects(deps.store, caller, {
        agreement: path.agreement ?? '',
        clause: path.clause ?? '',
        since: since === undefined ? deps.clock.now() - defaultPeriod : Date.parse(since),
      })
      return found instanceof Refusal ? found : { status: 200, body: showClauseEffects(found) }
    },
  }),
]
