import { describe, expect, test } from 'vitest'
import { keptNames, swapped, writtenOnce } from '../../infra/bucket.ts'
import { properties, strings, synthesize } from './synthesis.ts'

const { template, json } = synthesize()

interface Denial {
  readonly Sid?: string
  readonly Effect: string
  readonly Action: string
  readonly Resource: unknown
  readonly Principal: unknown
  readonly Condition?: unknown
}

const denials = (properties(json, 'AWS::S3::BucketPolicy').PolicyDocument as { Statement: Denial[] })
  .Statement

const denial = (sid: string) => denials.find(one => one.Sid === sid)
const paths = (one: Denial | undefined) => strings(one?.Resource).filter(text => text.startsWith('/'))

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
    expect(denial('RetentionIsNotBypassed')).toMatchObject({
      Effect: 'Deny',
      Action: 's3:BypassGovernanceRetention',
      Principal: { AWS: '*' },
    })
    synthesize({ objectLockDays: '730' }).template.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 730 } } },
    })
  })

  test('takes a name once: a put that does not ask for an absent object is refused', () => {
    const refused = denial('NamesAreGivenOnce')
    expect(refused).toMatchObject({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 's3:PutObject',
      Condition: { Null: { 's3:if-none-match': 'true' } },
    })
    expect(paths(refused)).toEqual(writtenOnce.map(prefix => `/${prefix}*`))
  })

  test('lets the checkpoint be replaced only by whoever has read it', () => {
    const refused = denial('ReplacedOnlyWhereRead')
    expect(refused).toMatchObject({
      Effect: 'Deny',
      Action: 's3:PutObject',
      Condition: { Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' } },
    })
    expect(paths(refused)).toEqual(swapped.map(name => `/${name}*`))
  })

  test('frees no name by a delete marker', () => {
    const refused = denial('NamesAreKept')
    expect(refused).toMatchObject({ Effect: 'Deny', Action: 's3:DeleteObject' })
    expect(paths(refused)).toEqual(keptNames.map(prefix => `/${prefix}*`))
  })

  test('is open to nobody without TLS, and to no public', () => {
    expect(denials).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    )
    expect(denials.every(one => one.Effect === 'Deny')).toBe(true)
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    })
  })
})
