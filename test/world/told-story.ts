/** The demo's story in a deployed stack: told once after the deployment, kept, and put back for each world. */
import { setTimeout } from 'node:timers/promises'
import {
  type AttributeValue,
  BatchWriteItemCommand,
  DynamoDBClient,
  ScanCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb'
import { type OpenStack, openStack, tablesIn } from '../../scripts/aws/stack.ts'
import type { DemoCredentials } from '../../scripts/demo/credentials.ts'
import { people } from '../../scripts/demo/people.ts'
import { type DemoProvider, startDemoProvider } from '../../scripts/demo/provider.ts'
import { seed } from '../../scripts/seed.ts'
import { keys } from '../../shared/domain/keys.ts'
import { type Table, tables } from '../../shared/ports/store.ts'

type Item = Record<string, AttributeValue>

/** It goes to other processes as JSON. */
export interface ToldStory {
  readonly credentials: DemoCredentials
  /** Items as DynamoDB has them, bytes in base64. */
  readonly items: Readonly<Record<Table, string>>
}

/** Tells it through the API, some eighty requests. Its people can sign in until `provider` is closed. */
export async function tellOnce(
  stack: string,
  data: string,
): Promise<{ readonly story: ToldStory; readonly provider: DemoProvider }> {
  const { issuer, store, outputs, close } = await openStack(stack)
  const dynamo = new DynamoDBClient({})
  const provider = await startDemoProvider({ port: 0, issuerOfSallyport: issuer, people })
  try {
    // Each world has an upstream of its own.
    const endpoints = { openai: 'http://127.0.0.1:9/v1', anthropic: 'http://127.0.0.1:9' }
    const credentials = await seed(store, { data, issuer, endpoints, provider: provider.issuer })
    await logged(dynamo, outputs)
    const kept = await Promise.all(
      tables.map(async table => {
        const items = await itemsOf(dynamo, tablesIn(outputs)[table] ?? '')
        return [table, JSON.stringify(items.filter(isOfAWorld), inBase64)] as const
      }),
    )
    return { story: { credentials, items: Object.fromEntries(kept) as ToldStory['items'] }, provider }
  } catch (error) {
    await provider.close()
    throw error
  } finally {
    dynamo.destroy()
    close()
  }
}

/** As it was when the story had been told. */
export async function tellAgain(
  { items }: ToldStory,
  dynamo: DynamoDBClient,
  outputs: OpenStack['outputs'],
): Promise<void> {
  const size = await logged(dynamo, outputs)
  await Promise.all(
    tables.map(async table => {
      const name = tablesIn(outputs)[table] ?? ''
      const told = (JSON.parse(items[table], fromBase64) as readonly Item[]).map(Item => ({
        PutRequest: { Item },
      }))
      const kept = new Set(told.map(({ PutRequest: { Item } }) => Item.pk?.S))
      const gone = (await itemsOf(dynamo, name))
        .filter(item => isOfAWorld(item) && !isOnItsWay(table, item, size) && !kept.has(item.pk?.S))
        .map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } as Item } }))
      await writeAll(dynamo, name, [...gone, ...told])
    }),
  )
}

/**
 * All but the key ring, whose keys outlast a test: a key is not made in a moment, and running functions know them. And
 * but the log's own items: the tree in the bucket goes on from world to world, and would halt beside an older state; who
 * has which slot, and the key of a month, is what running functions know as well.
 */
const isOfAWorld = ({ pk }: Item): boolean =>
  !/^(keyring|log|(epoch|readers|witness|attr)#.*)$/.test(pk?.S ?? '')

/** A function that goes by a clock may put an entry at any moment: what is not in that tree yet stays, and is of no world. */
const isOnItsWay = (table: Table, { pk, i }: Item, size: number): boolean =>
  table === 'entries' && (pk?.S ?? '').startsWith('entry_') && Number(i?.N ?? size) >= size

/** Leaves of the tree once every entry has its place in it: one that is taken away before halts the log. */
async function logged(dynamo: DynamoDBClient, outputs: OpenStack['outputs']): Promise<number> {
  const until = Date.now() + 60_000
  for (;;) {
    const items = await itemsOf(dynamo, tablesIn(outputs).entries ?? '')
    const state = items.find(({ pk }) => pk?.S === keys.logState.pk)
    const waiting = items.some(({ pending }) => pending !== undefined)
    if (!waiting && state?.staged?.S === state?.finished?.S) return Number(state?.size?.N ?? 0)
    if (Date.now() > until || state?.halted)
      throw new Error(`the log does not come to its end: ${JSON.stringify(state)}`)
    await setTimeout(200)
  }
}

async function itemsOf(dynamo: DynamoDBClient, table: string): Promise<readonly Item[]> {
  const all: Item[] = []
  let after: Item | undefined
  do {
    const page = await dynamo.send(
      new ScanCommand({ TableName: table, ConsistentRead: true, ExclusiveStartKey: after }),
    )
    all.push(...(page.Items ?? []))
    after = page.LastEvaluatedKey
  } while (after)
  return all
}

/** DynamoDB takes 25 at a time, and may leave some of them. */
async function writeAll(
  dynamo: DynamoDBClient,
  table: string,
  requests: readonly WriteRequest[],
): Promise<void> {
  let left = requests
  while (left.length > 0) {
    const { UnprocessedItems } = await dynamo.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: left.slice(0, 25) } }),
    )
    left = [...(UnprocessedItems?.[table] ?? []), ...left.slice(25)]
  }
}

function inBase64(name: string, value: unknown): unknown {
  return name === 'B' && value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}

function fromBase64(name: string, value: unknown): unknown {
  return name === 'B' && typeof value === 'string' ? Buffer.from(value, 'base64') : value
}
