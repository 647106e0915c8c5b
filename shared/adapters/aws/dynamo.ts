import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type Key, StoreUnavailable, type Table } from '../../ports/store.ts'
import type { Capacity, StoreOperation } from './dynamo-capacity.ts'
import { errorName } from './fault.ts'
import type { Pace } from './retry.ts'

/** What every operation of the store needs. */
export interface Dynamo {
  readonly client: Pick<DynamoDBClient, 'send'>
  readonly pace: Pace
  readonly capacity: Capacity
  /** The table's name in AWS. Throws a `TypeError` for one that this function was not given. */
  nameOf(table: Table): string
  /** The attributes of its items that are kept packed. */
  packedIn(table: Table): readonly string[]
}

/** Operation and tables only: keys hold names of people and organisations, and items hold more. */
export function unavailable(
  operation: StoreOperation,
  tables: Iterable<Table>,
  cause: unknown,
): StoreUnavailable {
  const named = [...new Set(tables)].join(', ')
  return new StoreUnavailable(`DynamoDB: ${operation} on ${named} failed: ${errorName(cause)}`, { cause })
}

export const keyOf = ({ pk, sk }: Key) => ({ pk: { S: pk }, sk: { S: sk } })
