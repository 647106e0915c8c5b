import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { indexes } from '../../shared/domain/keys.ts'
import { ofType, strings, synthesize, type TemplateJson } from './synthesis.ts'

const { template, json } = synthesize()
const thrownAway = synthesize({ retain: 'false' })

/** What holds anything that outlives a request. */
const stateful = [
  'AWS::DynamoDB::Table',
  'AWS::S3::Bucket',
  'AWS::KMS::Key',
  'AWS::SecretsManager::Secret',
  'AWS::Logs::LogGroup',
]

const dataKey = (json: TemplateJson): string => {
  const [found] = ofType(json, 'AWS::KMS::Key').find(([id]) => id.startsWith('KeysData')) ?? []
  if (found === undefined) throw new Error('no data key')
  return found
}

describe('what a deployment keeps', () => {
  test('four tables, recoverable to any second and safe from deletion', () => {
    const tables = ofType(json, 'AWS::DynamoDB::Table')
    expect(tables).toHaveLength(4)
    for (const [, { Properties }] of tables) {
      expect(Properties.DeletionProtectionEnabled).toBe(true)
      expect(Properties.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true })
      expect(Properties.BillingMode).toBe('PAY_PER_REQUEST')
    }
  })

  test('all of it encrypted with its own key, which turns once a year', () => {
    const key = dataKey(json)
    template.hasResource('AWS::KMS::Key', {
      Properties: { EnableKeyRotation: true, RotationPeriodInDays: 365 },
    })
    for (const type of [...stateful, 'AWS::SQS::Queue', 'AWS::SNS::Topic'].filter(
      one => one !== 'AWS::KMS::Key',
    ))
      for (const [id, { Properties }] of ofType(json, type))
        expect(strings(keyOf(Properties)), id).toContain(key)
  })

  test('until somebody deletes it by hand, whatever becomes of the stack', () => {
    for (const type of stateful)
      for (const [id, { DeletionPolicy }] of ofType(json, type))
        expect([id, DeletionPolicy]).toEqual([id, 'Retain'])
  })

  test('logs for a year, unless told otherwise', () => {
    for (const [, { Properties }] of ofType(json, 'AWS::Logs::LogGroup'))
      expect(Properties.RetentionInDays).toBe(365)
    for (const [, { Properties }] of ofType(
      synthesize({ logRetentionDays: '731' }).json,
      'AWS::Logs::LogGroup',
    ))
      expect(Properties.RetentionInDays).toBe(731)
  })

  test('spent ids, and entries that are in the tree, until the second that their row names', () => {
    const expiring = ofType(json, 'AWS::DynamoDB::Table').filter(
      ([, one]) => one.Properties.TimeToLiveSpecification,
    )
    expect(expiring.map(([, one]) => one.Properties.TimeToLiveSpecification)).toEqual([
      { AttributeName: 'exp', Enabled: true },
      { AttributeName: 'exp', Enabled: true },
    ])
    expect(expiring.map(([id]) => id.slice(0, -8))).toEqual(['Tablesspent', 'Tablesentries'])
  })

  test('the indexes that the key builders declare, with keys only', () => {
    const made = ofType(json, 'AWS::DynamoDB::Table').flatMap(([id, { Properties }]) =>
      (
        (Properties.GlobalSecondaryIndexes ?? []) as {
          IndexName: string
          KeySchema: unknown
          Projection: unknown
        }[]
      ).map(index => ({ table: id.replace(/^Tables|[0-9A-F]{8}$/g, ''), ...index })),
    )
    expect(made.map(one => `${one.table}.${one.IndexName}`).sort()).toEqual(
      Object.values(indexes)
        .map(one => `${one.table}.${one.name}`)
        .sort(),
    )
    for (const index of made) {
      const declared = Object.values(indexes).find(one => one.name === index.IndexName)
      expect(index.Projection).toEqual({ ProjectionType: 'KEYS_ONLY' })
      expect(index.KeySchema).toEqual([
        { AttributeName: declared?.partition, KeyType: 'HASH' },
        { AttributeName: declared?.sort, KeyType: 'RANGE' },
      ])
    }
  })

  test('the entries tell of their changes by their keys alone', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      StreamSpecification: { StreamViewType: 'KEYS_ONLY' },
    })
    expect(
      ofType(json, 'AWS::DynamoDB::Table').filter(([, one]) => one.Properties.StreamSpecification),
    ).toHaveLength(1)
  })

  test('one HMAC key for each domain of secrets in use, one key to wrap others with, one to sign statements with, one to sign checkpoints with, and no other', () => {
    expect(
      ofType(json, 'AWS::KMS::Key').map(([, one]) => one.Properties.KeySpec ?? 'SYMMETRIC_DEFAULT'),
    ).toEqual([
      'SYMMETRIC_DEFAULT',
      'SYMMETRIC_DEFAULT',
      'ECC_NIST_P256',
      'ECC_NIST_EDWARDS25519',
      ...['HMAC_256', 'HMAC_256', 'HMAC_256', 'HMAC_256'],
    ])
    template.hasResourceProperties('AWS::KMS::Key', { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' })
    template.hasResourceProperties('AWS::KMS::Key', { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })
  })

  test('the upstreams’ credentials as an operator has put them: the stack gives no value', () => {
    const [secret] = ofType(json, 'AWS::SecretsManager::Secret')
    expect(Object.keys(secret?.[1].Properties ?? {})).toEqual(['Description', 'KmsKeyId'])
  })
})

describe('a deployment that is to be thrown away', () => {
  test('keeps nothing and protects nothing from deletion', () => {
    for (const [id, { DeletionPolicy, Properties }] of Object.entries(thrownAway.json.Resources)) {
      // One role writes the logs of every API of the account: without it, they would stop.
      if (/^ApiRest(CloudWatchRole|Account)/.test(id)) continue
      expect([id, DeletionPolicy]).not.toEqual([id, 'Retain'])
      expect([id, Properties?.DeletionProtectionEnabled ?? false]).toEqual([id, false])
    }
    thrownAway.template.hasResourceProperties('AWS::S3::Bucket', { ObjectLockConfiguration: Match.absent() })
  })

  test('says so', () => {
    expect(thrownAway.json.Outputs.Retained?.Value).toMatch(/nothing stays/)
    expect(json.Outputs.Retained?.Value).toMatch(/tables, bucket, keys/)
  })
})

test('a deployment tells scripts what they need to know', () => {
  expect(Object.keys(json.Outputs).sort()).toEqual([
    'ApiId',
    'BreakGlassPolicyArn',
    'BreakGlassRoleArn',
    'BucketName',
    'CheckpointKeyArn',
    'DataKeyArn',
    'DeadLetterQueueUrl',
    'EventBus',
    'FunctionApi',
    'FunctionConsole',
    'FunctionExporter',
    'FunctionGate',
    'FunctionNotifier',
    'FunctionSequencer',
    'FunctionSweeper',
    'FunctionToken',
    'Issuer',
    'NonceKeyArn',
    'RestoredTables',
    'Retained',
    'RetentionDays',
    'SealKeyArn',
    'SecretArn',
    'StatementKeyArn',
    'TableEntries',
    'TableMeters',
    'TableRegistry',
    'TableSpent',
    'TokenRoleArn',
    'WatermarkKeyArn',
    'WebhookKeyArn',
    'WrappingKeyArn',
  ])
})

/** Where each type names the key that encrypts it. */
function keyOf(properties: Readonly<Record<string, unknown>>): unknown {
  const { SSESpecification, BucketEncryption, KmsKeyId, KmsMasterKeyId } = properties
  return SSESpecification ?? BucketEncryption ?? KmsKeyId ?? KmsMasterKeyId
}
