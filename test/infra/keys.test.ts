/** Who may do what with each key, statement for statement; and that whatever a key encrypts can be written with it. */
import { describe, expect, test } from 'vitest'
import { domainsOn } from '../../infra/permissions.ts'
import { arn, readable, type Statement, sorted, statementsOf } from './policies.ts'
import { edgeContext, ofType, synthesize, type TemplateJson, templateOf } from './synthesis.ts'

/** In a key's own policy `*` is that key. */
const itself = ['*']

/** Without it nobody could ever change the key's policy again; by it the account's own policies grant the rest. */
const account: Statement = {
  Effect: 'Allow',
  Principal: { AWS: ['arn:{AWS::Partition}:iam::{AWS::AccountId}:root'] },
  Action: ['kms:*'],
  Resource: itself,
}

const groupArn = 'arn:{AWS::Partition}:logs:{AWS::Region}:{AWS::AccountId}:log-group:'

const logs = (name: string): Statement => ({
  Effect: 'Allow',
  Principal: { Service: ['logs.{AWS::Region}.{AWS::URLSuffix}'] },
  Action: [
    'kms:Encrypt',
    'kms:Decrypt',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
    'kms:GenerateDataKey',
    'kms:DescribeKey',
  ],
  Resource: itself,
  Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': groupArn + name } },
})

/** CloudWatch publishes to the encrypted topic itself, so it is CloudWatch that needs the key, not SNS. */
const alarms = (stack: string): Statement => ({
  Effect: 'Allow',
  Principal: { Service: ['cloudwatch.amazonaws.com'] },
  Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
  Resource: itself,
  Condition: {
    StringEquals: { 'aws:SourceAccount': '{AWS::AccountId}' },
    ArnLike: {
      'aws:SourceArn': `arn:{AWS::Partition}:cloudwatch:{AWS::Region}:{AWS::AccountId}:alarm:${stack}-*`,
    },
  },
})

/** EventBridge encrypts what it keeps of the notices, on this bus alone. */
const bus = (stack: string): Statement => {
  const busArn = `arn:{AWS::Partition}:events:{AWS::Region}:{AWS::AccountId}:event-bus/${stack}`
  return {
    Effect: 'Allow',
    Principal: { Service: ['events.amazonaws.com'] },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
    Resource: itself,
    Condition: {
      StringEquals: {
        'aws:SourceAccount': '{AWS::AccountId}',
        'aws:SourceArn': busArn,
        'kms:EncryptionContext:aws:events:event-bus:arn': busArn,
      },
    },
  }
}

const executionLog = 'API-Gateway-Execution-Logs_{ApiRest}/live'
const ownTopic = 'arn:aws:sns:eu-west-1:123456789012:operators'

const deployments: readonly {
  readonly name: string
  readonly context: Readonly<Record<string, unknown>>
  readonly dataKey: readonly Statement[]
}[] = [
  {
    name: 'a deployment',
    context: {},
    dataKey: [account, logs('Sallyport-*'), logs(executionLog), alarms('Sallyport'), bus('Sallyport')],
  },
  {
    name: 'a deployment with an edge and a CDN',
    context: edgeContext,
    dataKey: [
      account,
      logs('Sallyport-*'),
      logs(executionLog),
      logs('aws-waf-logs-SallyportEdge-*'),
      alarms('Sallyport'),
      bus('Sallyport'),
    ],
  },
  {
    name: 'a deployment of another name',
    context: { ...edgeContext, name: 'Second' },
    dataKey: [
      account,
      logs('Second-*'),
      logs(executionLog),
      logs('aws-waf-logs-SecondEdge-*'),
      alarms('Second'),
      bus('Second'),
    ],
  },
  {
    name: 'a deployment whose alarms go to a topic of the operator’s',
    context: { alarmTopicArn: ownTopic },
    dataKey: [account, logs('Sallyport-*'), logs(executionLog), bus('Sallyport')],
  },
  {
    name: 'a deployment whose API Gateway writes no logs',
    context: { target: 'ministack' },
    dataKey: [account, logs('Sallyport-*'), alarms('Sallyport'), bus('Sallyport')],
  },
]

test('checkpoints are signed by a key of Ed25519, or, where KMS has none, by one that is derived from a root of its own', () => {
  const specs = (json: TemplateJson) =>
    ofType(json, 'AWS::KMS::Key').map(([id, { Properties }]) => [
      id.replace(/^Keys|[0-9A-F]{8}$/g, ''),
      Properties.KeySpec,
      Properties.KeyUsage,
    ])
  const own = ['Checkpoints', 'ECC_NIST_EDWARDS25519', 'SIGN_VERIFY']
  const root = ['log', 'HMAC_256', 'GENERATE_VERIFY_MAC']
  for (const target of ['aws', 'ministack']) {
    const found = specs(synthesize({ target }).json)
    expect(found).toContainEqual(own)
    expect(found).not.toContainEqual(root)
  }
  const derived = specs(synthesize({ target: 'localstack' }).json)
  expect(derived).toContainEqual(root)
  expect(derived).not.toContainEqual(own)
})

describe.each(deployments)('of $name', ({ context, dataKey }) => {
  const { json, deployment } = synthesize(context)
  const { gateway, edge, cdn } = deployment
  const templates = [gateway, edge, cdn].flatMap(stack =>
    stack ? [{ stack: stack.stackName, ...templateOf(stack) }] : [],
  )

  test('the data key admits these, for these actions, and nobody else', () => {
    expect(sorted(statementsOf(json, 'AWS::KMS::Key', 'KeysData'))).toEqual(sorted(dataKey))
  })

  test('the roots of secrets, the wrapping key, the key of statements and that of checkpoints admit the account alone', () => {
    const target = deployment.parameters.target
    const signing = target === 'localstack' ? ['Statements'] : ['Statements', 'Checkpoints']
    for (const name of [...domainsOn(target), ...signing, 'Wrapping'])
      expect(statementsOf(json, 'AWS::KMS::Key', `Keys${name}`)).toEqual([account])
    const [, ...elsewhere] = templates.map(one => statementsOf(one.json, 'AWS::KMS::Key'))
    expect(elsewhere.flat()).toEqual(context.mlDsa ? [account] : [])
    expect(ofType(json, 'AWS::KMS::Key')).toHaveLength(2 + signing.length + domainsOn(target).length)
  })

  test('every log group has the data key, whose policy names it once, and names no other', () => {
    const groups = templates.flatMap(({ stack, json: template }) =>
      ofType(template, 'AWS::Logs::LogGroup').map(([id, { Properties }]) => ({
        // CloudFormation's own: the stack's name, the id, and what makes it unique.
        name: String(readable(Properties.LogGroupName) ?? `${stack}-${id}-`),
        key: keyOf(Properties.KmsKeyId, json),
      })),
    )
    expect(groups.map(({ key }) => key)).toEqual(groups.map(() => arn('KeysData')))
    const admitted = statementsOf(json, 'AWS::KMS::Key', 'KeysData').flatMap(({ Principal, Condition }) =>
      Principal?.Service?.[0]?.startsWith('logs.') ? [admittedGroup(Condition)] : [],
    )
    const matches = (name: string, pattern: string) =>
      pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
    for (const { name } of groups)
      expect([name, admitted.filter(one => matches(name, one))]).toEqual([name, [expect.any(String)]])
    for (const one of admitted)
      expect([one, groups.some(({ name }) => matches(name, one))]).toEqual([one, true])
    expect(groups.length).toBeGreaterThanOrEqual(4)
  })
})

/** The ARN that a template names; one of another stack comes from that stack's outputs. */
function keyOf(named: unknown, gateway: TemplateJson): unknown {
  const imported = (named as { readonly 'Fn::ImportValue'?: unknown } | undefined)?.['Fn::ImportValue']
  if (imported === undefined) return readable(named)
  return readable(Object.values(gateway.Outputs).find(({ Export }) => Export?.Name === imported)?.Value)
}

function admittedGroup(condition: unknown): string {
  const { ArnLike } = condition as { ArnLike: Record<string, string> }
  return (ArnLike['kms:EncryptionContext:aws:logs:arn'] ?? '').slice(groupArn.length)
}
