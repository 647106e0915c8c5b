import { readRules } from '../../governance/engine/decide.ts'
import { decideBy, decisionAnswers, decisionBody } from '../decision.ts'
import { forPeople, type Operation } from '../operation.ts'
import { rulesBody, rulesShown, showRules, toRuleChange } from '../shapes/rules.ts'

export const rulesOperations: readonly Operation[] = [
  forPeople({
    id: 'getRules',
    method: 'GET',
    path: '/rules',
    tag: 'rules',
    summary: 'The approval rules that are in force',
    answers: { 200: rulesShown },
    async answer({ deps }) {
      const rules = await readRules(deps.store)
      return { status: 200, body: showRules(rules), rev: rules.version }
    },
  }),
  forPeople({
    id: 'changeRules',
    method: 'POST',
    path: '/rules/change',
    tag: 'rules',
    summary: 'Change approval rules within their bounds: developer and government together',
    description: 'Who decides what is no rule that can be changed here.',
    action: 'rules.change',
    changes: true,
    body: decisionBody.extend({ rules: rulesBody }),
    answers: decisionAnswers,
    answer: context =>
      decideBy(context, {
        name: 'rules.change',
        id: 'rules',
        params: toRuleChange(context.body.rules),
      }),
  }),
]
