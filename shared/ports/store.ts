/**
 * The store: four tables of items, one key each. Conditions and updates are data, so that every
 * backend decides them the same way and no caller can read, think and then write. A map keeps no order of its names.
 */
export const tables = ['registry', 'meters', 'spent', 'entries'] as const
export type Table = (typeof tables)[number]

declare const record: unique symbol

/** Where one item stands. The type parameter names the record kept there; it has no run-time part. */
export interface Key<R extends object = object> {
  readonly table: Table
  readonly pk: string
  readonly sk: string
  readonly [record]?: R
}

export type RecordAt<K> = K extends Key<infer R> ? R : never

/** The steps to an attribute from the item's top: `['leases', id, 'r']`. */
export type Path = readonly [string, ...string[]]
export type Scalar = string | number | boolean

/**
 * A comparison with an attribute that is absent, or of another type than the value, is false; `not` of
 * it is true. An item that is absent has no attributes. `sizeLt` counts the entries of a map.
 */
export type Condition =
  | { readonly exists: Path }
  | { readonly absent: Path }
  | { readonly eq: readonly [Path, Scalar] }
  | { readonly lt: readonly [Path, Scalar] }
  | { readonly le: readonly [Path, Scalar] }
  | { readonly gt: readonly [Path, Scalar] }
  | { readonly ge: readonly [Path, Scalar] }
  | { readonly sizeLt: readonly [Path, number] }
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition }

/** True for an item that is not there: every stored item carries its `pk`. */
export const itemAbsent: Condition = { absent: ['pk'] }

/**
 * All of a change reads the item as it stood before. `add` takes a missing number as 0. The parents of
 * every path must exist, and no path may lie inside another.
 */
export interface Change {
  readonly set?: readonly (readonly [Path, unknown])[]
  /** `[target, source, n]`: the target becomes the number at the source, plus n. */
  readonly sum?: readonly (readonly [Path, Path, number])[]
  readonly add?: readonly (readonly [Path, number])[]
  readonly remove?: readonly Path[]
}

interface Conditional {
  readonly if?: Condition
  /**
   * The lost-answer rule: when `if` fails and the stored item satisfies this, the operation is one of
   * ours that was done before and whose answer was lost, and counts as done. It makes retries harmless.
   */
  readonly ours?: Condition
}

/** `update` and `check` never create an item: on an absent one they fail. */
export type Put<R extends object = object> = Conditional & {
  readonly kind: 'put'
  readonly key: Key<R>
  readonly item: R
}
export type Update<R extends object = object> = Conditional & {
  readonly kind: 'update'
  readonly key: Key<R>
  readonly change: Change
}
export type Remove<R extends object = object> = Conditional & {
  readonly kind: 'remove'
  readonly key: Key<R>
}
export type Check<R extends object = object> = Conditional & {
  readonly kind: 'check'
  readonly key: Key<R>
}
export type WriteOp<R extends object = object> = Put<R> | Update<R> | Remove<R>
export type TransactOp = WriteOp | Check

/**
 * `item` is the stored item: after the write when `ok` (for `remove` the one removed), and as it stood
 * when the condition failed, because a refusal must say why.
 */
export interface Written<R> {
  readonly ok: boolean
  readonly item: R | undefined
}

/** What became of each operation that was tried. After a `failure` it is unknown whether more took place. */
export interface WrittenInOrder {
  readonly written: readonly Written<object>[]
  readonly failure?: StoreUnavailable
}

/** `items` are the stored items of the operations that failed, by their position. */
export type Transacted =
  | { readonly ok: true }
  | { readonly ok: false; readonly failed: ReadonlyMap<number, object | undefined> }

/** A keys-only view of a table, sparse: an item without both attributes is not in it. May lag on AWS. */
export interface Index {
  readonly table: Table
  readonly name: string
  readonly partition: string
  readonly sort: string
}

export interface Query {
  readonly index: Index
  readonly partition: string
  /** Inclusive bounds on the sort attribute. */
  readonly from?: string
  readonly to?: string
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string
}

export interface Page {
  readonly keys: readonly Key[]
  readonly next: string | undefined
}

export interface Store {
  /**
   * Strongly consistent, one round trip for up to 100 keys, in their order; `undefined` is a proven
   * absence. Keys the backend left unprocessed are retried and then an error, never "absent".
   */
  get<const K extends readonly Key[]>(keys: K): Promise<{ [I in keyof K]: RecordAt<K[I]> | undefined }>
  /** Atomic on one item. Resolves only after the write is durable. */
  write<R extends object>(op: WriteOp<R>): Promise<Written<R>>
  /**
   * One after the other, each atomic on its item, up to the first that does not hold: none takes place unless every
   * one before it is there to stay. No transaction, so nothing is undone; the embedded store syncs once for all.
   */
  writeInOrder(ops: readonly WriteOp[]): Promise<WrittenInOrder>
  /** All or nothing over up to 100 items, each named once. Resolves only after it is durable. */
  transact(ops: readonly TransactOp[]): Promise<Transacted>
  query(query: Query): Promise<Page>
}

/** The store did not answer, or not in time. Whether a write took place is unknown. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}
