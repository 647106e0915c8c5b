import { type AttributeValue, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb'
import type { Index, Key, Page, Query } from '../../ports/store.ts'
import { decodePosition, encodePosition } from '../page-position.ts'
import { type Dynamo, unavailable } from './dynamo.ts'
import { faultOf, isTransient } from './fault.ts'
import { startRetry } from './retry.ts'

type Item = Readonly<Record<string, AttributeValue>>

/**
 * A page of a keys-only index, eventually consistent as every global one. One key more than the page holds is asked
 * for, so that there is a `next` exactly where there is more.
 */
export async function queryIndex(dynamo: Dynamo, query: Query): Promise<Page> {
  const { client, pace, capacity } = dynamo
  const { index, limit } = query
  const request = requestOf(dynamo, query)
  if (request === undefined) return { keys: [], next: undefined }
  const retry = startRetry(pace)
  const found: Item[] = []
  let start = request.ExclusiveStartKey
  do {
    const answer = await retry(
      abortSignal =>
        client.send(
          new QueryCommand({
            ...request,
            ...(start && { ExclusiveStartKey: start }),
            Limit: limit + 1 - found.length,
            ...capacity.asked,
          }),
          { abortSignal },
        ),
      isTransient,
    ).catch((error: unknown) => {
      if (faultOf(error) === 'invalid') throw new TypeError('DynamoDB takes no such query', { cause: error })
      throw unavailable('query', [index.table], error)
    })
    capacity.told('query', [answer.ConsumedCapacity])
    found.push(...(answer.Items ?? []))
    start = answer.LastEvaluatedKey
  } while (start !== undefined && found.length <= limit)

  const page = found.slice(0, limit)
  const last = found.length > limit ? page.at(-1) : undefined
  return {
    keys: page.map((item): Key => ({ table: index.table, pk: text(item, 'pk'), sk: text(item, 'sk') })),
    next: last && encodePosition([text(last, index.sort), text(last, 'pk'), text(last, 'sk')]),
  }
}

/** Nothing where the bounds leave nothing: DynamoDB would refuse them. */
function requestOf(
  { nameOf }: Dynamo,
  { index, partition, from, to, order, after }: Query,
): QueryCommandInput | undefined {
  if (from !== undefined && to !== undefined && Buffer.compare(Buffer.from(from), Buffer.from(to)) > 0)
    return undefined
  const bounds =
    from !== undefined && to !== undefined
      ? 'BETWEEN :from AND :to'
      : from !== undefined
        ? '>= :from'
        : to !== undefined
          ? '<= :to'
          : undefined
  return {
    TableName: nameOf(index.table),
    IndexName: index.name,
    KeyConditionExpression: bounds
      ? `#partition = :partition AND #sort ${bounds}`
      : '#partition = :partition',
    ExpressionAttributeNames: { '#partition': index.partition, ...(bounds && { '#sort': index.sort }) },
    ExpressionAttributeValues: {
      ':partition': { S: partition },
      ...(from !== undefined && { ':from': { S: from } }),
      ...(to !== undefined && { ':to': { S: to } }),
    },
    ScanIndexForward: order === 'asc',
    ...(after !== undefined && { ExclusiveStartKey: startKey(index, partition, after) }),
  }
}

/** The key of an index's row is its own two attributes and the key of the item. */
function startKey(index: Index, partition: string, after: string): Record<string, AttributeValue> {
  const [sort, pk, sk] = decodePosition(after)
  return { [index.partition]: { S: partition }, [index.sort]: { S: sort }, pk: { S: pk }, sk: { S: sk } }
}

const text = (item: Item, name: string): string => item[name]?.S ?? ''
