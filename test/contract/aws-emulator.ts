/** What the contracts need at an emulator of AWS. Names are random, so that several runs may share one. */
import { randomUUID } from 'node:crypto'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { inject } from 'vitest'
import { createDynamoStore, type DynamoStoreDeps } from '../../shared/adapters/aws/dynamo-store.ts'
import { systemClock, systemRandom } from '../../shared/adapters/world.ts'
import { indexes } from '../../shared/domain/keys.ts'
import type { Index, Store, Table } from '../../shared/ports/store.ts'
import '../world/open.ts'

const connection = {
  endpoint: inject('deployed')?.env.AWS_ENDPOINT_URL ?? '',
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
}

export const world = { clock: systemClock, random: systemRandom }
export const kms = new KMSClient(connection)
export const s3 = new S3Client({ ...connection, forcePathStyle: true })
const dynamo = new DynamoDBClient(connection)

const declared: readonly Index[] = Object.values(indexes)

export interface Tables {
  open(deps?: Partial<DynamoStoreDeps>): Store
  remove(): Promise<void>
}

/** The four tables with the indexes that the key builders declare, as the stack has them. */
export async function makeTables(): Promise<Tables> {
  const tables = {
    registry: await makeTable('registry'),
    meters: await makeTable('meters'),
    spent: await makeTable('spent'),
    entries: await makeTable('entries'),
  }
  return {
    open: (deps = {}) => createDynamoStore({ client: dynamo, tables, indexes: declared, ...world, ...deps }),
    async remove() {
      for (const TableName of Object.values(tables)) await dynamo.send(new DeleteTableCommand({ TableName }))
    },
  }
}

async function makeTable(table: Table): Promise<string> {
  const TableName = `contract-${table}-${randomUUID()}`
  const mine = declared.filter(index => index.table === table)
  const attributes = new Set(['pk', 'sk', ...mine.flatMap(({ partition, sort }) => [partition, sort])])
  await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keySchema('pk', 'sk'),
      AttributeDefinitions: [...attributes].map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
      ...(mine.length > 0 && {
        GlobalSecondaryIndexes: mine.map(({ name, partition, sort }) => ({
          IndexName: name,
          KeySchema: keySchema(partition, sort),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        })),
      }),
    }),
  )
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 30, minDelay: 1 }, { TableName })
  return TableName
}

const keySchema = (partition: string, sort: string) => [
  { AttributeName: partition, KeyType: 'HASH' as const },
  { AttributeName: sort, KeyType: 'RANGE' as const },
]

export async function makeBucket({ locks = false } = {}): Promise<string> {
  const Bucket = `contract-${randomUUID()}`
  await s3.send(new CreateBucketCommand({ Bucket, ...(locks && { ObjectLockEnabledForBucket: true }) }))
  return Bucket
}
