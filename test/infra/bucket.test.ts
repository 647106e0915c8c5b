import { describe, expect, test } from 'vitest'
import { arn, type Statement, sorted, statementsOf } from './policies.ts'
import { synthesize } from './synthesis.ts'

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
const namesAreGivenOnce = deny('s3:PutObject', ['log/tile/', 'staging/', 'body/'], {
  Null: { 's3:if-none-match': 'true' },
})
const replacedOnlyWhereRead = deny('s3:PutObject', ['log/checkpoint'], {
  Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' },
})
const namesAreKept = deny('s3:DeleteObject', ['log/tile/', 'body/'])
const retentionIsNotBypassed = deny('s3:BypassGovernanceRetention', [''])

describe('the bucket of the log', () => {
  test('keeps every version for a year, so that no role can delete one', () => {
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

  test('refuses that, and grants nothing', () => {
    expect(sorted(policy())).toEqual(
      sorted([withoutTls, namesAreGivenOnce, replacedOnlyWhereRead, namesAreKept, retentionIsNotBypassed]),
    )
  })

  test('can be emptied where it is to be thrown away', () => {
    expect(sorted(policy(synthesize({ retain: 'false' }).json))).toEqual(
      sorted([withoutTls, namesAreGivenOnce, replacedOnlyWhereRead]),
    )
  })
})
