import type { TransactOp } from '../../ports/store.ts'
import { type Decision, decide } from '../decision.ts'
import type { Dynamo } from './dynamo.ts'
import { getItems } from './dynamo-get.ts'

/**
 * For operations that DynamoDB refused as malformed, or that could not be put into a request. It looks at an expression
 * before it looks at the item, while the port decides the condition first and then the change; so the items are read
 * and decided here. Nothing is written. Throws a `TypeError` unless a condition fails.
 */
export async function decideRefused(
  dynamo: Dynamo,
  ops: readonly TransactOp[],
  cause: unknown,
): Promise<readonly Decision[]> {
  const items = await getItems(
    dynamo,
    ops.map(({ key }) => key),
  )
  const decisions = ops.map((op, position) => decide(op, items[position]))
  if (decisions.every(({ held }) => held)) throw new TypeError('DynamoDB takes no such write', { cause })
  return decisions
}
