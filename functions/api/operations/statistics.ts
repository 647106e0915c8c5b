import * as z from 'zod'
import { refuse } from '../../../shared/domain/refusal.ts'
import { statistics } from '../../governance/statistics.ts'
import { forPeople, type Operation } from '../operation.ts'
import { instant } from '../shapes/common.ts'
import { showStatistics, statisticsShown } from '../shapes/statistics.ts'

/** A quarter, where nothing else is asked for. Milliseconds. */
const defaultPeriod = 90 * 86_400_000

/** Who answers for how decisions are made, or looks after that. */
const readers = ['auditor', 'developer-admin', 'nsa-admin', 'counsel'] as const

export const statisticsOperations: readonly Operation[] = [
  forPeople({
    id: 'getStatistics',
    method: 'GET',
    path: '/statistics',
    tag: 'statistics',
    summary: 'How decisions are made, in numbers, over what you see',
    query: z.strictObject({
      from: instant.optional(),
      to: instant.optional().meta({ description: 'Not in the period. Without both: the last 90 days.' }),
    }),
    answers: { 200: statisticsShown },
    async answer({ deps, caller, query }) {
      const { viewer } = caller
      if (viewer.kind === 'partner' || !readers.some(role => viewer.roles.includes(role)))
        return refuse('role_missing', 'Statistics are for auditors, developers and the government.')
      const now = deps.clock.now()
      const to = query.to === undefined ? now : Date.parse(query.to)
      const from = query.from === undefined ? to - defaultPeriod : Date.parse(query.from)
      if (from >= to) return refuse('body_malformed', 'from is before to.', { field: 'from' })
      const body = showStatistics(await statistics(deps.store, viewer, { from, to }, now), { from, to })
      return { status: 200, body }
    },
  }),
]
