import * as z from 'zod'
import { time } from '../../../shared/domain/time.ts'
import type { Period, Statistics } from '../../governance/statistics.ts'
import { instant } from './common.ts'

export const statisticsShown = z
  .object({
    from: instant,
    to: instant,
    proposals: z
      .array(z.object({ action: z.string(), outcome: z.string(), count: z.int() }))
      .meta({ description: 'Opened in the period, by what was proposed and what became of it.' }),
    hours_to_end: z
      .object({ median: z.number(), p90: z.number() })
      .nullable()
      .meta({ description: 'From proposal to end, of those that have ended.' }),
    holds: z
      .object({ active: z.int(), lifted: z.int(), lapsed: z.int() })
      .meta({ description: 'Placed in the period.' }),
    appeals: z
      .object({ open: z.int(), upheld: z.int(), dismissed: z.int(), overdue: z.int() })
      .meta({ description: 'Lodged in the period.' }),
    overdue_ratifications: z
      .int()
      .meta({ description: 'Stops that stand without the second look that was due, as of now.' }),
    truncated: z
      .boolean()
      .meta({ description: 'There were more records than were looked at: the figures are least ones.' }),
  })
  .meta({ id: 'Statistics', description: 'Over what you see, of nobody by name.' })

export const showStatistics = (given: Statistics, { from, to }: Period): z.infer<typeof statisticsShown> => ({
  from: time(from),
  to: time(to),
  proposals: [...given.proposals],
  hours_to_end: given.hours ?? null,
  holds: { ...given.holds },
  appeals: { ...given.appeals },
  overdue_ratifications: given.overdueRatifications,
  truncated: given.truncated,
})
