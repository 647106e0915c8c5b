/** A store on a DynamoDB that answers as it is told, with what the tests of it write. */
import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { toAttributes } from '../../../../shared/adapters/aws/attribute-value.ts'
import { createDynamoStore } from '../../../../shared/adapters/aws/dynamo-store.ts'
import { itemAbsent, type Key, type TransactOp, type WriteOp } from '../../../../shared/ports/store.ts'
import { type Answer, createFakeClient, createFakeClock, longestPauses, type Sent } from './fake-aws.ts'

export const tables = { registry: 'a-registry', meters: 'a-meters', spent: 'a-spent', entries: 'a-entries' }

export function opened(...answers: readonly (Answer | object)[]) {
  const clock = createFakeClock(0)
  const { client, sent } = createFakeClient(clock, ...answers)
  // A token is random too: the bytes differ from one to the next.
  let drawn = 0
  const random = {
    bytes: (n: number) => (n === 4 ? longestPauses.bytes(n) : new Uint8Array(n).fill(drawn++)),
  }
  return { clock, sent, store: createDynamoStore({ client, tables, clock, random }) }
}

export const key: Key = { table: 'meters', pk: 'meter#secret-partner', sk: '-' }
export const item = { n: 1, word: 'secret-value' }
export const stored = (more: object = {}) => toAttributes({ pk: key.pk, sk: key.sk, ...item, ...more })

export const conditionFailed = (Item?: ReturnType<typeof stored>) =>
  new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata: {},
    ...(Item && { Item }),
  })

export const cancelled = (...CancellationReasons: { Code: string; Item?: ReturnType<typeof stored> }[]) =>
  new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons })

export const mine = { eq: [['word'], 'secret-value'] } as const
export const put: WriteOp = { kind: 'put', key, item }
export const putOnce: WriteOp = { ...put, if: itemAbsent, ours: mine }
export const update: WriteOp = { kind: 'update', key, change: { add: [[['n'], 1]] } }
export const guarded: WriteOp = { ...update, if: { lt: [['n'], 5] } }
export const remove: WriteOp = { kind: 'remove', key }
export const check: TransactOp = { kind: 'check', key: { ...key, table: 'registry' } }

/** Its attempts, by when they started. */
export const startsOf = (sent: readonly Sent[]): number[] => sent.map(({ at }) => Math.round(at))
