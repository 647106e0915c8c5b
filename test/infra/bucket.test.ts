import { describe, expect, test } from 'vitest'
import { exportKeptMs } from '../../shared/domain/exports.ts'
import { arn, type Statement, sorted, statementsOf } from './policies.ts'
import { properties, synthesize } from './synthesis.ts'

const { template, json } = synthesize()

const policy = (of = json) => statementsOf(of, 'AWS::S3::BucketPolicy')

const deny = (Action: string, prefixes: readonly string[], Condition?: object): Statement => ({
  Effect: 'Deny',
  Principal: { AWS: ['*'] },
  Action: [Action],
  Resource: prefixes.map(prefix => `${arn('ObjectsBucket')}/${prefix}*`),
  ...(Condition && { Condition }),
})

const withoutTls: Statement = {
  ...deny('s3:*', ['']),
  Resource: [arn('ObjectsBucket'), `${arn('ObjectsBucket')}/*`],
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
}
const namesAreGivenOnce = deny(
  's3:PutObject',
  ['log/tile/', 'log/vkey', 'staging/', 'body/', 'export/', 'attr/pending/', 'inquiry/'],
  { Null: { 's3:if-none-match': 'true' } },
)
const replacedOnlyWhereRead = deny('s3:PutObject', ['log/checkpoint'], {
  Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' },
})
const namesAreKept = deny('s3:DeleteObject', ['log/', 'body/'])
const retentionIsNotBypassed = deny('s3:BypassGovernanceRetention', ['log/', 'staging/', 'body/', 'export/'])
/** Of the rest, fingerprints and texts that were asked about, by whoever packs and answers. */
const locksAreEndedByOneRole = deny('s3:BypassGovernanceRetention', [''], {
  ArnNotEquals: { 'aws:PrincipalArn': '{FunctionsexporterRole.Arn}' },
})

/** What was proved is proved still, whatever lock has ended. */
const treeIsKept = deny('s3:DeleteObjectVersion', ['log/tile/', 'log/vkey'])
const bodiesAreRemovedAsDecided = deny('s3:DeleteObjectVersion', ['body/'], {
  ArnNotEquals: { 'aws:PrincipalArn': '{FunctionsexporterRole.Arn}' },
})

const lockedNoLongerThan = (days: number): Statement => ({
  ...deny('', ['']),
  Action: ['s3:PutObject', 's3:PutObjectRetention'],
  Condition: { NumericGreaterThan: { 's3:object-lock-remaining-retention-days': `${days}` } },
})

describe('the bucket of the log', () => {
  test('keeps every version of the log for a year, so that no role can delete one', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      VersioningConfiguration: { Status: 'Enabled' },
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 365 } },
      },
    })
    expect(policy()).toContainEqual(retentionIsNotBypassed)
    synthesize({ objectLockDays: '730' }).template.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 730 } } },
    })
  })

  test('takes a name once: a put that does not ask for an absent object is refused', () => {
    expect(policy()).toContainEqual(namesAreGivenOnce)
  })

  test('lets the checkpoint be replaced only by whoever has read it', () => {
    expect(policy()).toContainEqual(replacedOnlyWhereRead)
  })

  test('frees no name by a delete marker', () => {
    expect(policy()).toContainEqual(namesAreKept)
  })

  test('is open to nobody without TLS, and to no public', () => {
    expect(policy()).toContainEqual(withoutTls)
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    })
  })

  test('lets nobody lock a version for longer than the deployment keeps what it logs', () => {
    expect(policy()).toContainEqual(lockedNoLongerThan(402))
    expect(policy(synthesize({ retentionDays: '800' }).json)).toContainEqual(lockedNoLongerThan(802))
  })

  test('refuses that, and grants nothing', () => {
    expect(sorted(policy())).toEqual(
      sorted([
        withoutTls,
        namesAreGivenOnce,
        replacedOnlyWhereRead,
        namesAreKept,
        retentionIsNotBypassed,
        locksAreEndedByOneRole,
        treeIsKept,
        bodiesAreRemovedAsDecided,
        lockedNoLongerThan(402),
      ]),
    )
  })

  test('lets go, once their lock has ended, of what commits have staged, of former checkpoints, of exports and of inquiries, and of nothing else', () => {
    const { Rules } = properties(synthesize({ objectLockDays: '500' }).json, 'AWS::S3::Bucket')
      .LifecycleConfiguration as { Rules: readonly object[] }
    expect(Rules).toEqual([
      {
        Id: 'Staged',
        Status: 'Enabled',
        Prefix: 'staging/',
        ExpirationInDays: 500,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
      { Id: 'StagedMarkers', Status: 'Enabled', Prefix: 'staging/', ExpiredObjectDeleteMarker: true },
      {
        Id: 'FormerCheckpoints',
        Status: 'Enabled',
        Prefix: 'log/checkpoint',
        NoncurrentVersionExpiration: { NoncurrentDays: 500 },
      },
      {
        Id: 'Exports',
        Status: 'Enabled',
        Prefix: 'export/',
        ExpirationInDays: 40,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
      { Id: 'ExportMarkers', Status: 'Enabled', Prefix: 'export/', ExpiredObjectDeleteMarker: true },
      {
        Id: 'Inquiries',
        Status: 'Enabled',
        Prefix: 'inquiry/',
        ExpirationInDays: 40,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
      { Id: 'InquiryMarkers', Status: 'Enabled', Prefix: 'inquiry/', ExpiredObjectDeleteMarker: true },
    ])
    expect(40 * 86_400_000).toBeGreaterThan(exportKeptMs)
  })

  test('can be emptied where it is to be thrown away', () => {
    expect(sorted(policy(synthesize({ retain: 'false' }).json))).toEqual(
      sorted([withoutTls, namesAreGivenOnce, replacedOnlyWhereRead]),
    )
  })
})
