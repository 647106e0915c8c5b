import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectLockRetention } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { exportKeptMs } from '../shared/domain/exports.ts'
import type { Parameters } from './parameters.ts'
import { has } from './targets.ts'

/** Where each name is given once: tiles of the log, its key, what a commit will apply, sealed bodies, exports, and what waits for the exporter. */
export const writtenOnce = [
  'log/tile/',
  'log/vkey',
  'staging/',
  'body/',
  'export/',
  'attr/pending/',
  'inquiry/',
] as const
/**
 * What stays: a name that was freed by a delete marker could be given again, and without its checkpoint a log could be
 * begun anew from an older state.
 */
export const keptNames = ['log/', 'body/'] as const
/** Of these not even a version goes: tiles, and the key by which they are verified. */
export const treeNames = ['log/tile/', 'log/vkey'] as const
/** Where an object is replaced by whoever read it: by If-Match, or If-None-Match for the first. */
export const swapped = ['log/checkpoint'] as const
/**
 * What the bucket's lock keeps for good. Of anything else the exporter may end it: of fingerprints that are packed or whose
 * month is deleted, and of texts that were asked about.
 */
export const locked = ['log/', 'staging/', 'body/', 'export/'] as const

export interface ObjectsProps {
  readonly key: IKey
  readonly parameters: Pick<Parameters, 'target' | 'retain' | 'objectLockDays' | 'retentionDays'>
}

/** What is to be thrown away has to be emptied first, which nobody could before a lock ends. */
export const locksObjects = ({ target, retain }: Pick<Parameters, 'target' | 'retain'>): boolean =>
  retain && has(target, 'objectLock')

/** From when a part is put: its file is made within days, and kept from then on. */
const exportDays = exportKeptMs / 86_400_000 + 10

/** Room for clocks that differ, and for a put that is tried again. */
const spareDays = 2

/**
 * The bucket of the log. Object Lock keeps every version for `objectLockDays` in GOVERNANCE mode, and the policy
 * refuses to bypass that, so nothing of the log goes by a mistake or by a role of ours. It is not COMPLIANCE for all, because that
 * would hold staging objects and a wrong retention for good; whoever puts a full tile or a body asks for COMPLIANCE on
 * that version, and gets it for no longer than the deployment keeps what it logs: what nobody can delete, its owner pays
 * for. Object Lock protects versions, not names: the policy protects those. What commits have staged, and checkpoints
 * that others have taken the place of, go when their lock has ended.
 */
export class Objects extends Construct {
  readonly bucket: Bucket
  /** What is to be thrown away has to be emptied by anybody. */
  #retain = false

  constructor(scope: Construct, id: string, { key, parameters }: ObjectsProps) {
    super(scope, id)
    const { target, retain, objectLockDays, retentionDays } = parameters
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
      lifecycleRules: [
        // Only the last one is ever needed again, by a log that stands still: not for as long as this.
        {
          id: 'Staged',
          prefix: 'staging/',
          expiration: Duration.days(objectLockDays),
          noncurrentVersionExpiration: Duration.days(1),
        },
        { id: 'StagedMarkers', prefix: 'staging/', expiredObjectDeleteMarker: true },
        {
          id: 'FormerCheckpoints',
          prefix: 'log/checkpoint',
          noncurrentVersionExpiration: Duration.days(objectLockDays),
        },
        // Longer than anybody can fetch them; a lock may keep the bytes for longer than that, and nobody reads them.
        {
          id: 'Exports',
          prefix: 'export/',
          expiration: Duration.days(exportDays),
          noncurrentVersionExpiration: Duration.days(1),
        },
        { id: 'ExportMarkers', prefix: 'export/', expiredObjectDeleteMarker: true },
        // One whose inquiry was never made: the others are removed when they are answered.
        {
          id: 'Inquiries',
          prefix: 'inquiry/',
          expiration: Duration.days(exportDays),
          noncurrentVersionExpiration: Duration.days(1),
        },
        { id: 'InquiryMarkers', prefix: 'inquiry/', expiredObjectDeleteMarker: true },
      ],
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
    if (locksObjects(parameters))
      this.#deny('LockedNoLongerThanKept', ['s3:PutObject', 's3:PutObjectRetention'], [''], {
        NumericGreaterThan: { 's3:object-lock-remaining-retention-days': String(retentionDays + spareDays) },
      })
    this.#deny('NamesAreKept', ['s3:DeleteObject'], keptNames)
    // Whatever lock has ended: what was proved is proved still.
    this.#deny('TreeIsKept', ['s3:DeleteObjectVersion'], treeNames)
    this.#deny('RetentionIsNotBypassed', ['s3:BypassGovernanceRetention'], locked)
    this.#retain = true
  }

  /** Two organisations decide that bodies go, and one role carries it out; no other ends a lock. */
  removes(role: Pick<IRole, 'roleArn'>): void {
    if (!this.#retain) return
    const byOthers = { ArnNotEquals: { 'aws:PrincipalArn': role.roleArn } }
    this.#deny('BodiesAreRemovedAsDecided', ['s3:DeleteObjectVersion'], ['body/'], byOthers)
    this.#deny('LocksAreEndedByOneRole', ['s3:BypassGovernanceRetention'], [''], byOthers)
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
