import { BatchGetItemCommand, type BatchGetItemCommandInput } from '@aws-sdk/client-dynamodb'
import type { Key, Table } from '../../ports/store.ts'
import { checkKeys } from '../decision.ts'
import { fromAttributes } from './attribute-value.ts'
import { type Dynamo, keyOf, unavailable } from './dynamo.ts'
import { faultOf, isTransient } from './fault.ts'
import { startRetry } from './retry.ts'

type Request = NonNullable<BatchGetItemCommandInput['RequestItems']>

/**
 * The items of up to 100 keys in their order, strongly consistent. DynamoDB may leave keys unprocessed, because
 * of throttling or since 16 MB are full: those are asked for again until all are known. A key is absent only when
 * DynamoDB has answered for it.
 */
export async function getItems(dynamo: Dynamo, keys: readonly Key[]): Promise<(object | undefined)[]> {
  const { client, pace, capacity } = dynamo
  checkKeys(keys)
  const found = new Map<string, object>()
  let wanted = requestOf(dynamo, keys.filter(canExist))
  if (Object.keys(wanted).length > 0)
    await startRetry(pace)(
      async abortSignal => {
        const answer = await client.send(
          new BatchGetItemCommand({ RequestItems: wanted, ...capacity.asked }),
          { abortSignal },
        )
        // One that was given up must not overwrite what its successor has found.
        abortSignal.throwIfAborted()
        capacity.told('get', answer.ConsumedCapacity)
        for (const [name, items] of Object.entries(answer.Responses ?? {}))
          for (const item of items) found.set(idOf(name, item.pk?.S, item.sk?.S), fromAttributes(item))
        wanted = answer.UnprocessedKeys ?? {}
        if (Object.keys(wanted).length > 0) throw new UnprocessedKeys('Some keys were left unprocessed')
      },
      error => error instanceof UnprocessedKeys || isTransient(error),
    ).catch((error: unknown) => {
      if (faultOf(error) === 'invalid') throw new TypeError('DynamoDB takes no such keys', { cause: error })
      throw unavailable('get', tablesOf(keys), error)
    })
  return keys.map(key => found.get(idOf(dynamo.nameOf(key.table), key.pk, key.sk)))
}

class UnprocessedKeys extends Error {
  override readonly name = 'UnprocessedKeys'
}

/**
 * Whether an item can stand there (a partition key has 1 to 2,048 bytes, a sort key 1 to 1,024). DynamoDB refuses to
 * look for others, and some keys are made of what a stranger has sent: nothing is there, which is no mistake of ours.
 */
const canExist = ({ pk, sk }: Key): boolean => isKeyPart(pk, 2048) && isKeyPart(sk, 1024)

const isKeyPart = (text: string, longest: number): boolean =>
  text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= longest

/** A key that is named twice would be refused. */
function requestOf(dynamo: Dynamo, keys: readonly Key[]): Request {
  const distinct = new Map(keys.map(key => [idOf(dynamo.nameOf(key.table), key.pk, key.sk), key]))
  const byTable = Object.groupBy(distinct.values(), key => dynamo.nameOf(key.table))
  return Object.fromEntries(
    Object.entries(byTable).map(([name, some = []]) => [
      name,
      { Keys: some.map(keyOf), ConsistentRead: true },
    ]),
  )
}

const tablesOf = (keys: readonly Key[]): readonly Table[] => keys.map(({ table }) => table)

const idOf = (...parts: readonly (string | undefined)[]): string => JSON.stringify(parts)
