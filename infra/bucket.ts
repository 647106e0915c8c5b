import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectLockRetention } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import type { Parameters } from './parameters.ts'
import { has } from './targets.ts'

/** Where each name is given once: tiles of the log, what a commit will apply, sealed bodies. */
export const writtenOnce = ['log/tile/', 'staging/', 'body/'] as const
/** Of those, what stays: a name that was freed by a delete marker could be given again. */
export const keptNames = ['log/tile/', 'body/'] as const
/** Where an object is replaced by whoever read it: by If-Match, or If-None-Match for the first. */
export const swapped = ['log/checkpoint'] as const

export interface ObjectsProps {
  readonly key: IKey
  readonly parameters: Pick<Parameters, 'target' | 'retain' | 'objectLockDays'>
}

/**
 * The bucket of the log. Object Lock keeps every version for `objectLockDays` in GOVERNANCE mode, and the policy
 * refuses to bypass that, so nothing goes by a mistake or by a role of ours. It is not COMPLIANCE for all, because that
 * would hold staging objects and a wrong retention for good; whoever puts a full tile or a body asks for COMPLIANCE on
 * that version. Object Lock protects versions, not names: the policy protects those.
 */
export class Objects extends Construct {
  readonly bucket: Bucket

  constructor(scope: Construct, id: string, { key, parameters }: ObjectsProps) {
    super(scope, id)
    const { target, retain, objectLockDays } = parameters
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      objectLockEnabled: true,
      ...(retain && {
        objectLockDefaultRetention: ObjectLockRetention.governance(Duration.days(objectLockDays)),
      }),
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    // Also refuses multipart uploads there, whose parts take no condition: nothing of ours makes any.
    if (has(target, 'conditionalPuts')) {
      this.#deny('NamesAreGivenOnce', ['s3:PutObject'], writtenOnce, { Null: { 's3:if-none-match': 'true' } })
      this.#deny('ReplacedOnlyWhereRead', ['s3:PutObject'], swapped, {
        Null: { 's3:if-match': 'true', 's3:if-none-match': 'true' },
      })
    }
    if (!retain) return
    this.#deny('NamesAreKept', ['s3:DeleteObject'], keptNames)
    this.#deny('RetentionIsNotBypassed', ['s3:BypassGovernanceRetention'], [''])
  }

  #deny(sid: string, actions: string[], prefixes: readonly string[], conditions: object = {}): void {
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        sid,
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions,
        resources: prefixes.map(prefix => this.bucket.arnForObjects(`${prefix}*`)),
        conditions: { ...conditions },
      }),
    )
  }
}
