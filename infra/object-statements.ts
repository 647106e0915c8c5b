import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { ObjectsUse } from './permissions.ts'
import { allow } from './statements.ts'

/**
 * The rights in the bucket. Without one to list, S3 answers a get of what is not there as if it were forbidden: whoever
 * reads names may ask which there are, below the same beginnings and nowhere else. For how long a version may be locked,
 * where any may, the bucket's own policy says.
 */
export function objectStatements(
  { reads, puts = [], keeps = [], removes = [], releases = [], lists = [] }: ObjectsUse,
  bucketArn: string,
  locks: boolean,
): readonly PolicyStatement[] {
  const below = (prefixes: readonly string[]) => prefixes.map(prefix => `${bucketArn}/${prefix}*`)
  const listed = [...new Set([...reads, ...lists])].map(prefix => `${prefix}*`)
  const statements: PolicyStatement[] = []
  if (reads.length > 0) statements.push(allow(['s3:GetObject'], below(reads)))
  if (listed.length > 0)
    statements.push(allow(['s3:ListBucket'], [bucketArn], { StringLike: { 's3:prefix': listed } }))
  if (puts.length > 0) statements.push(allow(['s3:PutObject'], below(puts)))
  if (keeps.length > 0 && locks) statements.push(allow(['s3:PutObjectRetention'], below(keeps)))
  if (releases.length > 0) statements.push(allow(['s3:BypassGovernanceRetention'], below(releases)))
  if (removes.length > 0)
    statements.push(
      allow(['s3:DeleteObjectVersion'], below(removes)),
      allow(['s3:ListBucketVersions'], [bucketArn], {
        StringLike: { 's3:prefix': removes.map(prefix => `${prefix}*`) },
      }),
    )
  return statements
}
