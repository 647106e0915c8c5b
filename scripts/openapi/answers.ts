/** Which answers an operation publishes. */
import * as z from 'zod'
import type { Operation } from '../../functions/api/operation.ts'
import { type ActionName, ruleOf, whoDecides } from '../../shared/domain/who-decides.ts'

/** Others are judged by a rule without being its decision: standing by a stop, for one. */
export const isDecision = ({ body }: Operation): boolean =>
  body !== undefined && shapesIn(body).some(shape => shape instanceof z.ZodObject && 'dry_run' in shape.shape)

const shapesIn = (shape: z.ZodType): readonly z.core.$ZodType[] =>
  shape instanceof z.ZodUnion ? shape.options : [shape]

/**
 * The shapes by status. What one person decides never waits for another: a release, for one, waits on nobody, and the
 * document must not say that it could.
 */
export function answersOf(operation: Operation): ReadonlyMap<number, z.ZodType> {
  const { action, answers } = operation
  const alone = isDecision(operation) && action !== undefined && !canWait(action)
  return new Map(
    Object.entries(answers)
      .map(([status, shape]) => [Number(status), shape] as const)
      .filter(([status]) => !(alone && status === 202)),
  )
}

/** Two people, always or where a mission hangs on it. */
const canWait = (action: ActionName): boolean =>
  ruleOf(action).seats.length > 1 || `${action}_continuing` in whoDecides
