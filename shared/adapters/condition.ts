import type { Condition, Path, Scalar, TransactOp } from '../ports/store.ts'

/** Whether a condition holds of an item; one that is not there (`undefined`) has no attributes. */
export function satisfies(item: object | undefined, condition: Condition): boolean {
  if ('and' in condition) return condition.and.every(part => satisfies(item, part))
  if ('or' in condition) return condition.or.some(part => satisfies(item, part))
  if ('not' in condition) return !satisfies(item, condition.not)
  if ('exists' in condition) return attribute(item, condition.exists) !== undefined
  if ('absent' in condition) return attribute(item, condition.absent) === undefined
  if ('eq' in condition) return attribute(item, condition.eq[0]) === condition.eq[1]
  if ('lt' in condition) return compared(item, condition.lt, order => order < 0)
  if ('le' in condition) return compared(item, condition.le, order => order <= 0)
  if ('gt' in condition) return compared(item, condition.gt, order => order > 0)
  if ('ge' in condition) return compared(item, condition.ge, order => order >= 0)
  const [path, bound] = condition.sizeLt
  const map = attribute(item, path)
  return isMap(map) && Object.keys(map).length < bound
}

/**
 * The lost-answer rule for an operation whose condition failed on `item`. An update or a check that was
 * done before has left its item there, so an absent one is never proof of it; a removal may have.
 */
export const isOurs = (op: TransactOp, item: object | undefined): boolean =>
  op.ours !== undefined && mayApply(op, item) && satisfies(item, op.ours)

/** Updates and checks fail on an absent item, whatever they ask for. */
export const mayApply = (op: TransactOp, item: object | undefined): boolean =>
  item !== undefined || op.kind === 'put' || op.kind === 'remove'

/** Where the path leads, through maps only and never to what an object inherits. */
export function attribute(item: object | undefined, path: Path): unknown {
  let value: unknown = item
  for (const step of path) {
    if (!isMap(value) || !Object.hasOwn(value, step)) return undefined
    value = value[step]
  }
  return value
}

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function compared(
  item: object | undefined,
  [path, bound]: readonly [Path, Scalar],
  accepts: (order: number) => boolean,
): boolean {
  const value = attribute(item, path)
  if (typeof value === 'number' && typeof bound === 'number') return accepts(value - bound)
  // Strings are ordered by their UTF-8 bytes, as in DynamoDB and SQLite; JavaScript's order is UTF-16's.
  if (typeof value === 'string' && typeof bound === 'string')
    return accepts(Buffer.compare(Buffer.from(value), Buffer.from(bound)))
  return false
}
