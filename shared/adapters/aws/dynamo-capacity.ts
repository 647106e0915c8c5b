import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb'
import type { Table } from '../../ports/store.ts'

export type StoreOperation = 'get' | 'write' | 'transact' | 'query'

/** Capacity units: of the table itself, and of its indexes, read or written. */
export interface Units {
  readonly read: number
  readonly write: number
  readonly index: number
}

/** Told once for each table of an answer. A failed condition costs as much as a write, but DynamoDB does not say so. */
export type Consumed = (operation: StoreOperation, table: Table, units: Units) => void

export interface Capacity {
  /** What a request carries so that its answer tells the units. */
  readonly asked: { readonly ReturnConsumedCapacity?: 'INDEXES' }
  told(operation: StoreOperation, consumed: readonly (ConsumedCapacity | undefined)[] | undefined): void
}

export function createCapacity(
  tables: Readonly<Partial<Record<Table, string>>>,
  consumed: Consumed | undefined,
): Capacity {
  if (consumed === undefined) return { asked: {}, told: () => {} }
  const byName = new Map(Object.entries(tables).map(([table, name]) => [name, table as Table]))
  return {
    asked: { ReturnConsumedCapacity: 'INDEXES' },
    told(operation, answer = []) {
      for (const one of answer) {
        const table = byName.get(one?.TableName ?? '')
        if (one !== undefined && table !== undefined) consumed(operation, table, unitsOf(operation, one))
      }
    },
  }
}

function unitsOf(
  operation: StoreOperation,
  { CapacityUnits = 0, GlobalSecondaryIndexes }: ConsumedCapacity,
): Units {
  const index = Object.values(GlobalSecondaryIndexes ?? {}).reduce(
    (sum, one) => sum + (one.CapacityUnits ?? 0),
    0,
  )
  const own = CapacityUnits - index
  return operation === 'get' || operation === 'query'
    ? { read: own, write: 0, index }
    : { read: 0, write: own, index }
}
