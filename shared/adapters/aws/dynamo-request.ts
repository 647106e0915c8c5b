import {
  DeleteItemCommand,
  PutItemCommand,
  type TransactWriteItem,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import type { Condition, TransactOp, WriteOp } from '../../ports/store.ts'
import { fromAttributes, toAttributes } from './attribute-value.ts'
import { type Dynamo, keyOf } from './dynamo.ts'
import { expressions } from './dynamo-expression.ts'
import { packText } from './packed-text.ts'

/** Sends one attempt of a write; resolves with the item as the port returns it. */
export type SendWrite = (abortSignal: AbortSignal) => Promise<object | undefined>

const onFailure = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const

/** The request of one write, to be sent as often as its caller likes. Throws a `TypeError` on what none can carry. */
export function writeRequest({ client, capacity, nameOf, packedIn }: Dynamo, op: WriteOp): SendWrite {
  const packed = packedIn(op.key.table)
  const TableName = nameOf(op.key.table)
  const Key = keyOf(op.key)
  if (op.kind === 'put') {
    const Item = itemOf(op, packed)
    const command = {
      TableName,
      Item,
      ...expressions(op.if, undefined, packed),
      ...onFailure,
      ...capacity.asked,
    }
    return async abortSignal => {
      const { ConsumedCapacity } = await client.send(new PutItemCommand(command), { abortSignal })
      capacity.told('write', [ConsumedCapacity])
      return fromAttributes(Item)
    }
  }
  if (op.kind === 'remove') {
    const command = {
      TableName,
      Key,
      ...expressions(op.if, undefined, packed),
      ...onFailure,
      ...capacity.asked,
    }
    return async abortSignal => {
      const { Attributes, ConsumedCapacity } = await client.send(
        new DeleteItemCommand({ ...command, ReturnValues: 'ALL_OLD' }),
        { abortSignal },
      )
      capacity.told('write', [ConsumedCapacity])
      return Attributes && fromAttributes(Attributes)
    }
  }
  const command = {
    TableName,
    Key,
    ...expressions(onThere(op.if), op.change, packed),
    ...onFailure,
    ...capacity.asked,
  }
  return async abortSignal => {
    const { Attributes, ConsumedCapacity } = await client.send(
      new UpdateItemCommand({ ...command, ReturnValues: 'ALL_NEW' }),
      { abortSignal },
    )
    capacity.told('write', [ConsumedCapacity])
    return Attributes && fromAttributes(Attributes)
  }
}

/** As above, for one operation of a transaction. */
export function transactItem({ nameOf, packedIn }: Dynamo, op: TransactOp): TransactWriteItem {
  const packed = packedIn(op.key.table)
  const TableName = nameOf(op.key.table)
  const Key = keyOf(op.key)
  const required = expressions(op.if, undefined, packed)
  if (op.kind === 'put') return { Put: { TableName, Item: itemOf(op, packed), ...required, ...onFailure } }
  if (op.kind === 'remove') return { Delete: { TableName, Key, ...required, ...onFailure } }
  const { ConditionExpression, UpdateExpression, ...placeholders } = expressions(
    onThere(op.if),
    op.kind === 'update' ? op.change : undefined,
    packed,
  )
  const check = { TableName, Key, ConditionExpression, ...placeholders, ...onFailure }
  // In a transaction an update has to change something.
  return UpdateExpression === undefined
    ? { ConditionCheck: check }
    : { Update: { ...check, UpdateExpression } }
}

function itemOf({ item, key: { pk, sk } }: Extract<TransactOp, { kind: 'put' }>, packed: readonly string[]) {
  const attributes = toAttributes({ ...item, pk, sk })
  for (const name of packed) {
    const text = attributes[name]?.S
    if (text !== undefined) attributes[name] = packText(text)
  }
  return attributes
}

/** Without it an update would make the item. */
const onThere = (condition: Condition | undefined): Condition => ({
  and: [{ exists: ['pk'] }, ...(condition ? [condition] : [])],
})
