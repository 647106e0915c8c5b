import type { Key, Transacted, TransactOp, Written } from '../ports/store.ts'
import { changed } from './change.ts'
import { isOurs, mayApply, satisfies } from './condition.ts'

/** What becomes of one operation on the item that stands at its key. */
export interface Decision {
  readonly op: TransactOp
  readonly held: boolean
  /** As the port returns it: after the write, or as it stood. */
  readonly item: object | undefined
}

/** Decides for every backend alike, and writes nothing. Throws a `TypeError` on a change that no item can take. */
export function decide(op: TransactOp, before: object | undefined): Decision {
  const held = mayApply(op, before) && (op.if === undefined || satisfies(before, op.if))
  if (!held || op.kind === 'check' || op.kind === 'remove') return { op, held, item: before }
  const { pk, sk } = op.key
  return { op, held, item: op.kind === 'put' ? { ...op.item, pk, sk } : changed({ ...before }, op.change) }
}

export const written = <R extends object>({ op, held, item }: Decision): Written<R> => ({
  ok: held || isOurs(op, item),
  item: item as R | undefined,
})

/** Nothing of a transaction takes place unless every operation of it held. */
export function transacted(decisions: readonly Decision[]): Transacted {
  const failed = [...decisions.entries()].filter(([, { held }]) => !held)
  return failed.every(([, { op, item }]) => isOurs(op, item))
    ? { ok: true }
    : { ok: false, failed: new Map(failed.map(([position, { item }]) => [position, item])) }
}

/** Throws a `TypeError` for more keys than every backend reads at once. */
export function checkKeys(keys: readonly Key[]): void {
  if (keys.length > 100) throw new TypeError('At most 100 keys at once')
}

/** Throws a `TypeError` where a transaction is none that every backend takes. */
export function checkTransaction(ops: readonly TransactOp[]): void {
  if (ops.length > 100) throw new TypeError('At most 100 operations at once')
  const named = new Set(ops.map(({ key }) => JSON.stringify([key.table, key.pk, key.sk])))
  if (named.size < ops.length) throw new TypeError('A transaction names each item once')
}
