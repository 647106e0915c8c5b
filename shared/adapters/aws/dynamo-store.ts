import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import {
  type Index,
  type Key,
  type RecordAt,
  type Store,
  StoreUnavailable,
  type Table,
  type WriteOp,
  type Written,
} from '../../ports/store.ts'
import type { Clock, Random } from '../../ports/world.ts'
import { isOurs } from '../condition.ts'
import { written } from '../decision.ts'
import { fromAttributes } from './attribute-value.ts'
import { type Dynamo, unavailable } from './dynamo.ts'
import { type Consumed, createCapacity } from './dynamo-capacity.ts'
import { getItems } from './dynamo-get.ts'
import { queryIndex } from './dynamo-query.ts'
import { decideRefused } from './dynamo-refused.ts'
import { type SendWrite, writeRequest } from './dynamo-request.ts'
import { transactItems } from './dynamo-transact.ts'
import { faultOf } from './fault.ts'
import { type Retry, startRetry } from './retry.ts'

export interface DynamoStoreDeps {
  /** With `maxAttempts: 1`: the SDK's own retry knows neither the port's rules nor its deadline. */
  readonly client: Pick<DynamoDBClient, 'send'>
  /** Their names in AWS, of those that this function may use; any other is a `TypeError`. */
  readonly tables: Readonly<Partial<Record<Table, string>>>
  readonly clock: Clock
  readonly random: Random
  /** Of a whole call, `writeInOrder` with all its writes included; 3,000 ms. */
  readonly deadlineMs?: number
  /** Of one attempt; 1,000 ms. */
  readonly attemptMs?: number
  /** Those that the tables have; where given, a query of any other is refused before it is sent. */
  readonly indexes?: readonly Index[]
  /** Texts at the top of items that no condition, change or index names: they are kept packed. */
  readonly packed?: Readonly<Partial<Record<Table, readonly string[]>>>
  readonly consumed?: Consumed
}

/**
 * The store on DynamoDB. Each call ends within `deadlineMs` and starts no attempt at or after it, but for the event
 * loop's own delay; callers that hold leases rely on it. An attempt that was given up may still reach DynamoDB later.
 * (A write that DynamoDB takes for malformed, which is a mistake of the program, is followed by one read.)
 *
 * What certainly had no effect (throttles, conflicts) is tried again until then. What may have had one (no answer, a
 * server error) only where once more changes nothing: reads, transactions, which carry a token, writes that know
 * their own work by `ours`, and puts and removals without a condition. A write with a condition but without `ours`
 * is not among them: a second attempt that meets the first one's work would answer that it did not take place.
 *
 * Numbers are added as decimals, not as doubles: with whole numbers, as everywhere here, there is no difference.
 */
export function createDynamoStore(deps: DynamoStoreDeps): Store {
  const { client, tables, clock, random, deadlineMs = 3_000, attemptMs = 1_000, indexes, packed = {} } = deps
  const pace = { clock, random, deadlineMs, attemptMs }
  const dynamo: Dynamo = {
    client,
    pace,
    capacity: createCapacity(tables, deps.consumed),
    nameOf(table) {
      const name = tables[table]
      if (name === undefined) throw new TypeError(`The store was opened without table ${table}`)
      return name
    },
    packedIn: table => packed[table] ?? [],
  }

  return {
    async get<const K extends readonly Key[]>(keys: K) {
      return (await getItems(dynamo, keys)) as { [I in keyof K]: RecordAt<K[I]> | undefined }
    },
    write: op => writeItem(dynamo, op, startRetry(pace)),
    async writeInOrder(ops) {
      const retry = startRetry(pace)
      const done: Written<object>[] = []
      for (const op of ops) {
        try {
          done.push(await writeItem(dynamo, op, retry))
        } catch (failure) {
          if (!(failure instanceof StoreUnavailable)) throw failure
          return { written: done, failure }
        }
        if (!done.at(-1)?.ok) break
      }
      return { written: done }
    },
    transact: ops => transactItems(dynamo, ops),
    async query(query) {
      if (indexes && !indexes.some(one => isSame(one, query.index)))
        throw new TypeError(`The store was opened without index ${query.index.name}`)
      return queryIndex(dynamo, query)
    },
  }
}

async function writeItem<R extends object>(
  dynamo: Dynamo,
  op: WriteOp<R>,
  retry: Retry,
): Promise<Written<R>> {
  let send: SendWrite
  try {
    send = writeRequest(dynamo, op)
  } catch (cause) {
    return decidedAlone(dynamo, op, cause)
  }
  try {
    const item = await retry(send, error => {
      const fault = faultOf(error)
      return fault === 'not_done' || (fault === 'unknown' && isRepeatable(op))
    })
    return { ok: true, item: item as R | undefined }
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) {
      const item = error.Item && fromAttributes(error.Item)
      return { ok: isOurs(op, item), item: item as R | undefined }
    }
    if (faultOf(error) === 'invalid') return decidedAlone(dynamo, op, error)
    throw unavailable('write', [op.key.table], error)
  }
}

async function decidedAlone<R extends object>(
  dynamo: Dynamo,
  op: WriteOp<R>,
  cause: unknown,
): Promise<Written<R>> {
  const [decision] = await decideRefused(dynamo, [op], cause)
  if (decision === undefined) throw cause
  return written<R>(decision)
}

/** Whether a second time leaves the item as the first did, and is answered alike. */
const isRepeatable = (op: WriteOp): boolean =>
  op.if === undefined ? op.kind !== 'update' : op.ours !== undefined

const isSame = (one: Index, other: Index): boolean =>
  one.table === other.table &&
  one.name === other.name &&
  one.partition === other.partition &&
  one.sort === other.sort
