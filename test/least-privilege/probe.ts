/** Runs as a function under a role of the product's, and says whether that role may do what it is asked to try. */
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import {
  DecryptCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  GetPublicKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
  SignCommand,
} from '@aws-sdk/client-kms'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { indexes } from '../../shared/domain/keys.ts'

const dynamo = new DynamoDBClient({ maxAttempts: 1 })
const events = new EventBridgeClient({ maxAttempts: 1 })
const kms = new KMSClient({ maxAttempts: 1 })
const s3 = new S3Client({ maxAttempts: 1, forcePathStyle: true })
const secrets = new SecretsManagerClient({ maxAttempts: 1 })

const Key = { pk: { S: 'probe' }, sk: { S: '-' } }
/** It holds nowhere, so that nothing is written. */
const never = { ConditionExpression: 'attribute_exists(probe)' }
const Message = Buffer.from('probe')

const attempts: Readonly<Record<string, (on: string, index?: string) => Promise<unknown>>> = {
  'dynamodb:BatchGetItem': on =>
    dynamo.send(new BatchGetItemCommand({ RequestItems: { [on]: { Keys: [Key] } } })),
  'dynamodb:GetItem': TableName => dynamo.send(new GetItemCommand({ TableName, Key })),
  'dynamodb:PutItem': TableName => dynamo.send(new PutItemCommand({ TableName, Item: Key, ...never })),
  'dynamodb:UpdateItem': TableName => dynamo.send(new UpdateItemCommand({ TableName, Key, ...never })),
  'dynamodb:DeleteItem': TableName => dynamo.send(new DeleteItemCommand({ TableName, Key, ...never })),
  'dynamodb:Scan': TableName => dynamo.send(new ScanCommand({ TableName })),
  'dynamodb:Query': (TableName, IndexName) =>
    dynamo.send(
      new QueryCommand({
        TableName,
        IndexName,
        KeyConditionExpression: '#p = :p',
        ExpressionAttributeNames: { '#p': partitionOf(IndexName) },
        ExpressionAttributeValues: { ':p': { S: 'probe' } },
      }),
    ),
  'dynamodb:ConditionCheckItem': TableName =>
    dynamo.send(
      new TransactWriteItemsCommand({ TransactItems: [{ ConditionCheck: { TableName, Key, ...never } }] }),
    ),
  'events:PutEvents': EventBusName =>
    events.send(
      new PutEventsCommand({
        Entries: [{ EventBusName, Source: 'probe', DetailType: 'probe', Detail: '{}' }],
      }),
    ),
  'kms:GenerateMac': KeyId =>
    kms.send(new GenerateMacCommand({ KeyId, Message, MacAlgorithm: 'HMAC_SHA_256' })),
  // Refused or not before it is seen that the key may be of another algorithm.
  'kms:Sign': KeyId => kms.send(new SignCommand({ KeyId, Message, SigningAlgorithm: 'ECDSA_SHA_256' })),
  'kms:GetPublicKey': KeyId => kms.send(new GetPublicKeyCommand({ KeyId })),
  'kms:Decrypt': KeyId => kms.send(new DecryptCommand({ KeyId, CiphertextBlob: Message })),
  'kms:Encrypt': KeyId => kms.send(new EncryptCommand({ KeyId, Plaintext: Message })),
  'kms:DisableKey': KeyId => kms.send(new DisableKeyCommand({ KeyId })),
  'kms:ScheduleKeyDeletion': KeyId =>
    kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 30 })),
  'secretsmanager:GetSecretValue': SecretId => secrets.send(new GetSecretValueCommand({ SecretId })),
  'secretsmanager:PutSecretValue': SecretId =>
    secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'probe' })),
  's3:ListBucket': (Bucket, Prefix) => s3.send(new ListObjectsV2Command({ Bucket, Prefix })),
  's3:DeleteObject': (Bucket, Key) => s3.send(new DeleteObjectCommand({ Bucket, Key })),
  's3:GetObject': (Bucket, Key) => s3.send(new GetObjectCommand({ Bucket, Key })),
  's3:PutObject': (Bucket, Key) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body: 'probe', IfNoneMatch: '*' })),
}

const partitionOf = (index: string | undefined): string =>
  Object.values(indexes).find(({ name }) => name === index)?.partition ?? 'pk'

interface Attempt {
  readonly action: string
  readonly on: string
  readonly part?: string
}

/** What was refused for want of a right; everything else reached the service, whatever it then said. */
export const handler = (asked: readonly Attempt[]): Promise<readonly boolean[]> =>
  Promise.all(
    asked.map(async ({ action, on, part }) => {
      const attempt = attempts[action]
      if (attempt === undefined) throw new Error(`no attempt at ${action}`)
      return attempt(on, part).then(
        () => true,
        (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
          !/AccessDenied|Forbidden|UnauthorizedOperation/.test(error.name) &&
          error.$metadata?.httpStatusCode !== 403,
      )
    }),
  )
