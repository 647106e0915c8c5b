import type { Change, Condition, Key, Path, TransactOp, WriteOp } from '../../shared/ports/store.ts'

type Json = { [name: string]: unknown }

/** The port's words as plainly as they can be written: the model that every backend is compared with. */
export class ReferenceStore {
  readonly #items = new Map<string, Json>()

  get(key: Key): Json | undefined {
    return structuredClone(this.#items.get(id(key)))
  }

  write(op: WriteOp): { ok: boolean; item: Json | undefined } {
    const before = this.get(op.key)
    if (!this.#holds(op)) return { ok: this.#isOurs(op), item: before }
    this.#apply(op)
    return { ok: true, item: op.kind === 'remove' ? before : this.get(op.key) }
  }

  transact(ops: readonly TransactOp[]): { ok: boolean; failed?: Map<number, Json | undefined> } {
    const failed = ops.filter(op => !this.#holds(op))
    if (!failed.every(op => this.#isOurs(op)))
      return { ok: false, failed: new Map(failed.map(op => [ops.indexOf(op), this.get(op.key)])) }
    if (failed.length === 0) for (const op of ops) this.#apply(op)
    return { ok: true }
  }

  #holds(op: TransactOp): boolean {
    return this.#possible(op) && (!op.if || truth(this.get(op.key), op.if))
  }

  #isOurs(op: TransactOp): boolean {
    return this.#possible(op) && !!op.ours && truth(this.get(op.key), op.ours)
  }

  #possible(op: TransactOp): boolean {
    return op.kind === 'put' || op.kind === 'remove' || this.#items.has(id(op.key))
  }

  #apply(op: TransactOp): void {
    const { pk, sk } = op.key
    if (op.kind === 'put') this.#items.set(id(op.key), structuredClone({ ...op.item, pk, sk }))
    if (op.kind === 'remove') this.#items.delete(id(op.key))
    if (op.kind === 'update') this.#items.set(id(op.key), after(this.get(op.key) ?? {}, op.change))
  }
}

const id = ({ table, pk, sk }: Key): string => `${table} ${pk} ${sk}`

function look(item: unknown, [first, ...rest]: readonly string[]): unknown {
  if (first === undefined) return item
  return item instanceof Object && first in item ? look((item as Json)[first], rest) : undefined
}

function truth(item: Json | undefined, condition: Condition): boolean {
  const [[kind, operand]] = Object.entries(condition) as [[string, never]]
  if (kind === 'and') return (operand as Condition[]).reduce((all, part) => all && truth(item, part), true)
  if (kind === 'or') return (operand as Condition[]).reduce((any, part) => any || truth(item, part), false)
  if (kind === 'not') return !truth(item, operand)
  if (kind === 'exists') return look(item, operand) !== undefined
  if (kind === 'absent') return look(item, operand) === undefined
  const [path, bound] = operand as [Path, never]
  const value = look(item, path)
  if (kind === 'sizeLt') return value instanceof Object && Object.entries(value).length < bound
  if (typeof value !== typeof bound) return false
  const order = value === bound ? 0 : (value as typeof bound) < bound ? -1 : 1
  return { eq: order === 0, lt: order < 0, le: order <= 0, gt: order > 0, ge: order >= 0 }[kind] ?? false
}

function after(item: Json, { set = [], sum = [], add = [], remove = [] }: Change): Json {
  const old = structuredClone(item)
  const parent = (path: Path) => look(item, path.slice(0, -1)) as Json
  for (const [path, value] of set) parent(path)[path.at(-1) ?? ''] = value
  for (const [path, n] of add) parent(path)[path.at(-1) ?? ''] = Number(look(old, path) ?? 0) + n
  for (const [path, source, n] of sum) parent(path)[path.at(-1) ?? ''] = Number(look(old, source)) + n
  for (const path of remove) delete parent(path)[path.at(-1) ?? '']
  return item
}
