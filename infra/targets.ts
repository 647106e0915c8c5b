/**
 * Where a stack can be deployed, and what each place leaves out because it cannot create it. The product's code is
 * the same everywhere. Template tests show that all of it is there on AWS.
 */
export const targets = ['aws', 'localstack', 'ministack'] as const
export type Target = (typeof targets)[number]

export type Part =
  | 'arm64'
  | 'streaming'
  | 'dashboard'
  | 'tlsPolicy'
  | 'apiGatewayLogs'
  | 'conditionalPuts'
  | 'objectLock'
  | 'ed25519'
  | 'edge'

const hostArchitecture = 'It runs functions on its own machine, whatever that is made of.'
const noLogs = 'Its API Gateway writes no logs, and the role for them is the whole account’s.'
const noEdge = 'It has no CloudFormation for what associates a firewall with a stage.'

/** A part that is not named is deployed. */
export const leftOut: Readonly<Record<Target, Readonly<Partial<Record<Part, string>>>>> = {
  aws: {},
  localstack: {
    arm64: hostArchitecture,
    streaming:
      'Its API Gateway refuses responseTransferMode STREAM; the gate answers at once, when all is there.',
    dashboard: 'Its CloudFormation has no AWS::CloudWatch::Dashboard.',
    tlsPolicy: 'It speaks plain HTTP.',
    apiGatewayLogs: noLogs,
    edge: noEdge,
    ed25519: 'Its KMS has no keys of Ed25519.',
  },
  ministack: {
    arm64: hostArchitecture,
    streaming: 'It has no awslambda.streamifyResponse.',
    tlsPolicy: 'Its certificate and its TLS are its own.',
    apiGatewayLogs: noLogs,
    conditionalPuts:
      'It enforces bucket policies without the key s3:if-none-match, so every put would be refused.',
    objectLock:
      'Its CloudFormation makes the bucket without Object Lock, which then refuses a put with a retention.',
    edge: noEdge,
  },
}

export const has = (target: Target, part: Part): boolean => leftOut[target][part] === undefined
