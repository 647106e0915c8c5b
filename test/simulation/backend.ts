/** The durable world: four tables as every adapter keeps them, with indexes that lag and rows that expire. */

import { attribute } from '../../shared/adapters/condition.ts'
import { decide, transacted, written } from '../../shared/adapters/decision.ts'
import { indexes } from '../../shared/domain/keys.ts'
import type {
  Index,
  Key,
  Page,
  Query,
  Transacted,
  TransactOp,
  WriteOp,
  Written,
} from '../../shared/ports/store.ts'
import type { Dice } from './dice.ts'
import type { Process, Scheduler } from './scheduler.ts'

/** One item as it was before and after a write. */
export interface Applied {
  readonly by: Process
  readonly op: TransactOp
  readonly before: object | undefined
  readonly after: object | undefined
}

interface Row {
  readonly key: Key
  readonly item: object
}

/** A row of an index. */
export interface Shown {
  readonly partition: string
  readonly sort: string
  readonly key: Key
}

export class Backend {
  readonly #rows = new Map<string, Row>()
  readonly #views = new Map<Index, Map<string, Shown>>()
  readonly #scheduler: Scheduler
  readonly #dice: Dice
  /** How far an index may be behind at most. */
  indexLagMs = 0
  /** Told of each item that was written, at once. */
  onApplied: (applied: Applied) => void = () => undefined
  /** Told of all that one write, or one transaction, has written. */
  onTogether: (applied: readonly Applied[]) => void = () => undefined
  #transaction: Applied[] | undefined

  constructor(scheduler: Scheduler, dice: Dice) {
    this.#scheduler = scheduler
    this.#dice = dice
    for (const index of Object.values(indexes)) this.#views.set(index, new Map())
  }

  get(keys: readonly Key[]): readonly (object | undefined)[] {
    return keys.map(key => this.#rows.get(id(key))?.item)
  }

  write<R extends object>(op: WriteOp<R>, by: Process): Written<R> {
    const before = this.#rows.get(id(op.key))?.item
    const decision = decide(op, before)
    if (decision.held) this.put(op, decision.item, by)
    return written<R>(decision)
  }

  transact(ops: readonly TransactOp[], by: Process): Transacted {
    const decided = ops.map(op => decide(op, this.#rows.get(id(op.key))?.item))
    if (decided.every(({ held }) => held))
      this.together(() => {
        for (const { op, item } of decided) if (op.kind !== 'check') this.put(op, item, by)
      })
    return transacted(decided)
  }

  /** All that `write` puts is of one transaction. */
  together(write: () => void): void {
    const transaction: Applied[] = []
    this.#transaction = transaction
    write()
    this.#transaction = undefined
    this.onTogether(transaction)
  }

  query({ index, partition, from, to, order, limit, after }: Query): Page {
    const view = this.shown(
      index,
      row =>
        row.partition === partition &&
        (from === undefined || row.sort >= from) &&
        (to === undefined || row.sort <= to),
    )
    if (order === 'desc') view.reverse()
    const rest = view.filter(
      row => after === undefined || (order === 'asc' ? position(row) > after : position(row) < after),
    )
    const page = rest.slice(0, limit)
    const last = rest.length > limit ? page.at(-1) : undefined
    return { keys: page.map(({ key }) => key), next: last && position(last) }
  }

  /** What an index shows now, in order. */
  shown(index: Index, accepts: (row: Shown) => boolean): Shown[] {
    const known = this.#views.get(index)
    if (known === undefined) throw new TypeError(`There is no index ${index.name}`)
    return [...known.values()].filter(accepts).sort((a, b) => (position(a) < position(b) ? -1 : 1))
  }

  /** Every item of a table. */
  all(table: Key['table']): readonly Row[] {
    return [...this.#rows.values()].filter(({ key }) => key.table === table)
  }

  /** What an operation has come to, however that was decided. */
  put(op: TransactOp, after: object | undefined, by: Process): void {
    const { key } = op
    const before = this.#rows.get(id(key))?.item
    const gone = op.kind === 'remove'
    if (gone) this.#rows.delete(id(key))
    // As a database keeps it: what is undefined is not there.
    else if (after) this.#rows.set(id(key), { key, item: JSON.parse(JSON.stringify(after)) })
    this.#index(key)
    if (key.table === 'spent') this.#expire(key)
    const applied = { by, op, before, after: gone ? undefined : after }
    this.onApplied(applied)
    if (this.#transaction) this.#transaction.push(applied)
    else this.onTogether([applied])
  }

  #index(key: Key): void {
    for (const [index, view] of this.#views) {
      if (index.table !== key.table) continue
      // Whatever stands there by then: an index is late, and yet it comes to show the last of all writes.
      const show = (): void => {
        const item = this.#rows.get(id(key))?.item
        const partition = attribute(item, [index.partition])
        const sort = attribute(item, [index.sort])
        if (typeof partition === 'string' && typeof sort === 'string')
          view.set(id(key), { partition, sort, key })
        else view.delete(id(key))
      }
      if (this.indexLagMs === 0) show()
      else this.#scheduler.after(this.#dice.below(this.indexLagMs), show)
    }
  }

  /** An expired row goes some time after its expiry, or not in this history. */
  #expire(key: Key): void {
    const item = this.#rows.get(id(key))?.item
    const exp = attribute(item, ['exp'])
    if (typeof exp !== 'number' || this.#dice.chance(0.5)) return
    const left = exp * 1000 - this.#scheduler.now
    this.#scheduler.after(left + this.#dice.below(60_000), () => {
      if (this.#rows.get(id(key))?.item === item) this.#rows.delete(id(key))
    })
  }
}

const id = ({ table, pk, sk }: Key): string => `${table} ${pk} ${sk}`
/** Where it stands in its partition. */
export const position = ({ sort, key }: Omit<Shown, 'partition'>): string => `${sort} ${key.pk} ${key.sk}`
