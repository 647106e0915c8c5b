import type { Limits } from '../../../shared/domain/meter.ts'
import { aboveCeiling } from '../../../shared/domain/meter-decisions.ts'
import type { Agreement } from '../../../shared/domain/records.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { showLimits } from './limits-words.ts'

/** Nothing where the limits stay within what the agreement allows at most. */
export function judgeCeiling(
  limits: Limits,
  { id, ceiling, clauses }: Pick<Agreement, 'id' | 'ceiling' | 'clauses'>,
): Refusal | undefined {
  const more = 'More takes a new version of the agreement.'
  if (ceiling === undefined)
    return refuse('ceiling_exceeded', `The agreement ${id} names no ceiling. ${more}`, {
      field: 'limits',
      clause: clauses.quota,
    })
  const field = aboveCeiling(limits, ceiling)
  if (field === undefined) return undefined
  const name = field.replace('limits.', '') as keyof ReturnType<typeof showLimits>
  const [asked, most] = [showLimits(limits)[name], showLimits(ceiling)[name]]
  const said = asked === null ? `${field} is left out` : `${field} is ${asked}`
  const option = `--${name.replace('_', '-')}`
  return refuse('ceiling_exceeded', `${said}; the ceiling of the agreement ${id} is ${most}. ${more}`, {
    field,
    clause: clauses.quota,
    next: `Give ${option}, ${most?.toLocaleString('en-US')} at most, or agree on a new version of the agreement.`,
  })
}
