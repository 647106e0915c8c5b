import {
  type CancellationReason,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import type { Transacted, TransactOp } from '../../ports/store.ts'
import { checkTransaction, transacted } from '../decision.ts'
import { fromAttributes } from './attribute-value.ts'
import { type Dynamo, unavailable } from './dynamo.ts'
import { decideRefused } from './dynamo-refused.ts'
import { transactItem } from './dynamo-request.ts'
import { faultOf, isTransient } from './fault.ts'
import { startRetry } from './retry.ts'

/** Of an operation that was not decided, because of others or of too many. */
const undecided: ReadonlySet<string | undefined> = new Set([
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'TransactionConflict',
])

/**
 * All or nothing, retried under one token: DynamoDB answers a transaction that it has already done, within ten
 * minutes, as done, without doing it again. One that another transaction got in the way of is tried again too.
 */
export async function transactItems(dynamo: Dynamo, ops: readonly TransactOp[]): Promise<Transacted> {
  const { client, pace, capacity } = dynamo
  checkTransaction(ops)
  if (ops.length === 0) return { ok: true }
  let items: TransactWriteItem[]
  try {
    items = ops.map(op => transactItem(dynamo, op))
  } catch (cause) {
    return transacted(await decideRefused(dynamo, ops, cause))
  }
  const request = new TransactWriteItemsCommand({
    TransactItems: items,
    ClientRequestToken: Buffer.from(pace.random.bytes(16)).toString('hex'),
    ...capacity.asked,
  })

  try {
    const answer = await startRetry(pace)(
      abortSignal => client.send(request, { abortSignal }),
      error =>
        error instanceof TransactionCanceledException
          ? codesOf(error).some(code => undecided.has(code))
          : isTransient(error),
    )
    capacity.told('transact', answer.ConsumedCapacity)
    return { ok: true }
  } catch (error) {
    const codes = error instanceof TransactionCanceledException ? codesOf(error) : []
    if (codes.includes('ValidationError') || faultOf(error) === 'invalid')
      return transacted(await decideRefused(dynamo, ops, error))
    if (error instanceof TransactionCanceledException && isDecided(codes))
      return transacted(ops.map((op, position) => decisionOf(op, error.CancellationReasons?.[position])))
    throw unavailable(
      'transact',
      ops.map(({ key }) => key.table),
      error,
    )
  }
}

const codesOf = ({
  CancellationReasons = [],
}: TransactionCanceledException): readonly (string | undefined)[] =>
  CancellationReasons.map(({ Code }) => Code)

/** Each operation held or failed, and at least one failed. */
const isDecided = (codes: readonly (string | undefined)[]): boolean =>
  codes.includes(conditionFailed) && codes.every(code => code === conditionFailed || code === 'None')

const conditionFailed = 'ConditionalCheckFailed'

const decisionOf = (op: TransactOp, reason: CancellationReason | undefined) => ({
  op,
  held: reason?.Code !== conditionFailed,
  item: reason?.Item && fromAttributes(reason.Item),
})
