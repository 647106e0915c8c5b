/** Findings of the NIST 800-53 checks that stay, each with its reason. A test shows that every one of them is still found. */
import { Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'
import type { Deployment } from './deployment.ts'

export interface Acknowledgement {
  /** The rule's name after `NIST.800.53.R5-`. */
  readonly rule: string
  readonly reason: string
  readonly on: (deployment: Deployment) => readonly (IConstruct | undefined)[]
}

const lambdas = ({ gateway }: Deployment): readonly IConstruct[] =>
  Object.values(gateway.functions.byName).map(({ lambda }) => lambda)

const stage = ({ gateway }: Deployment): readonly IConstruct[] => [gateway.api.rest.deploymentStage]

export const acknowledgements: readonly Acknowledgement[] = [
  {
    rule: 'DynamoDBInBackupPlan',
    reason:
      'Every table can be restored to any second of the last 35 days, and cannot be deleted. A backup plan is the account’s: it selects tables by tag, so a deployment cannot bring one without taking the account’s decision.',
    on: ({ gateway }) => Object.values(gateway.tables.byName),
  },
  {
    rule: 'S3BucketLoggingEnabled',
    reason:
      'Access logs come late and not all of them. CloudTrail’s data events, which the account turns on, name each caller and are complete; what the bucket holds is public or proves itself by its hash.',
    on: ({ gateway }) => [gateway.objects.bucket],
  },
  {
    rule: 'S3BucketReplicationEnabled',
    reason:
      'A deployment has one region. Objects are kept there in several zones under Object Lock, and whoever witnesses the log holds its checkpoints elsewhere.',
    on: ({ gateway }) => [gateway.objects.bucket],
  },
  {
    rule: 'SecretsManagerRotationEnabled',
    reason:
      'The providers issue these keys and offer no interface to rotate them. An operator puts a new one in, which the gate takes up within minutes.',
    on: ({ gateway }) => [gateway.upstreamSecret],
  },
  {
    rule: 'APIGWAssociatedWithWAF',
    reason:
      'The edge stack associates one. Without a domain there is none: callers prove who they are, the stage is throttled, and bodies, where attacks would be, are prompts that no managed rule can judge.',
    on: stage,
  },
  {
    rule: 'APIGWCacheEnabledAndEncrypted',
    reason:
      'Every answer is for one caller and one proof. Nothing may be cached, so there is no cache to encrypt.',
    on: stage,
  },
  {
    rule: 'APIGWSSLEnabled',
    reason: 'A client certificate is for HTTP backends. Functions are invoked by IAM, and only by this API.',
    on: stage,
  },
  {
    rule: 'LambdaDLQ',
    reason:
      'Dead letters are for what nobody waits for. API Gateway waits for these functions, and CloudFront for the one of the CDN.',
    on: ({ gateway, cdn }) => {
      const { token, gate, api, console } = gateway.functions.byName
      return [token.lambda, gate.lambda, api.lambda, console.lambda, cdn?.restoreHeaders]
    },
  },
  {
    rule: 'LambdaInsideVPC',
    reason:
      'They reach AWS by its own TLS endpoints under IAM and the upstreams on the Internet, and nothing reaches them but by invocation. A VPC would add a NAT gateway to that way and guard nothing.',
    on: deployment => [...lambdas(deployment), deployment.cdn?.restoreHeaders],
  },
  {
    rule: 'LambdaConcurrency',
    reason:
      'Lambda@Edge takes no reserved concurrency, and an account whose quota is too small for any leaves it out by a parameter.',
    on: ({ gateway, cdn }) => [
      ...Object.values(gateway.functions.byName).flatMap(one =>
        one.reserved === undefined ? [one.lambda] : [],
      ),
      cdn?.restoreHeaders,
    ],
  },
]

export function acknowledge(deployment: Deployment): void {
  for (const { rule, reason, on } of acknowledgements)
    for (const construct of on(deployment))
      if (construct) Validations.of(construct).acknowledge({ id: `NIST.800.53.R5-${rule}`, reason })
}
