import { describe, expect, test } from 'vitest'
import { scheduled } from '../../infra/functions.ts'
import {
  actionOf,
  type FunctionName,
  functionNames,
  permissions,
  permissionsOn,
} from '../../infra/permissions.ts'
import { arn, placedStatements, type Statement, sorted, statementsOf } from './policies.ts'
import { edgeContext, ofType, properties, strings, synthesize, templateOf } from './synthesis.ts'

const { json, deployment } = synthesize({ ...edgeContext, breakGlassUsers: 'ada' })
const edge = deployment.edge && templateOf(deployment.edge).json
const cdn = deployment.cdn && templateOf(deployment.cdn).json

const all = [json, edge, cdn].flatMap(one => (one ? placedStatements(one) : []))

/** Wildcards that are allowed, and why each has to be: of one type, for just these actions. */
const acknowledged: readonly {
  readonly type: string
  readonly actions: readonly string[]
  readonly why: string
}[] = [
  {
    type: 'AWS::KMS::Key',
    actions: ['kms:*'],
    why: 'The account’s root: without it nobody could ever change the key’s policy again.',
  },
  {
    type: 'AWS::IAM::ManagedPolicy',
    actions: ['cloudformation:DescribeStacks'],
    why: 'Asked for by its name, a stack has no id yet; it ends in /*, after the name.',
  },
  {
    type: 'AWS::IAM::ManagedPolicy',
    actions: ['dynamodb:ListStreams'],
    why: 'A list of streams names none: it is of those of one table, and ends in /stream/*.',
  },
  {
    type: 'AWS::IAM::ManagedPolicy',
    actions: ['s3:GetObject', 's3:PutObject', 's3:PutObjectRetention'],
    why: 'Names of objects are made as the log grows: each ends in *, after its beginning.',
  },
  {
    type: 'AWS::IAM::ManagedPolicy',
    actions: ['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
    why: 'The archives of a month, and the commits that brought them, are removed when two organisations decide so; fingerprints when they are packed, and what was asked about when it is answered.',
  },
  {
    type: 'AWS::KMS::Key',
    actions: [
      'kms:Encrypt',
      'kms:Decrypt',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
      'kms:GenerateDataKey',
      'kms:DescribeKey',
    ],
    why: 'CloudWatch Logs and its alarms, and EventBridge. In a key’s own policy the resource * is that key.',
  },
]

/** What stands in no policy: AWS’s own words for the rights of everybody but some, or to everything but some. */
const fields = ['Effect', 'Action', 'Resource', 'Principal', 'Condition']

describe('no right is wider than its use', () => {
  test('no action and no resource is a wildcard, but for those with a reason', () => {
    const wide = all.flatMap(({ id, type, statement }) => {
      if (statement.Effect !== 'Allow') return []
      const open = statement.Resource?.some(one => one.includes('*')) ?? false
      return statement.Action.filter(action => action.includes('*') || open)
        .filter(action => !acknowledged.some(one => one.type === type && one.actions.includes(action)))
        .map(action => `${id}: ${action} on ${statement.Resource}`)
    })
    expect(wide).toEqual([])
    expect(all.length).toBeGreaterThan(40)
  })

  test('nothing is allowed by what is excluded', () => {
    for (const { id, statement } of all)
      expect([id, Object.keys(statement).filter(field => !fields.includes(field))]).toEqual([id, []])
  })

  test('policies stand where these tests look, and nowhere else', () => {
    const counted = Map.groupBy(all, ({ id, type }) => `${type} ${id}`)
    const roles = functionNames.map(name => `AWS::IAM::Role Functions${name}Role`)
    expect([...counted.keys()].sort()).toEqual(
      [
        ...roles,
        ...functionNames.map(name => `AWS::IAM::ManagedPolicy Functions${name}Policy`),
        'AWS::IAM::ManagedPolicy BreakGlassPolicy',
        'AWS::IAM::Role BreakGlassRole',
        'AWS::IAM::Role ApiRestCloudWatchRole',
        'AWS::IAM::Role Role',
        'AWS::KMS::Key KeysData',
        'AWS::KMS::Key KeysWrapping',
        'AWS::KMS::Key KeysStatements',
        'AWS::KMS::Key KeysCheckpoints',
        'AWS::KMS::Key Keysnonce',
        'AWS::KMS::Key Keysseal',
        'AWS::KMS::Key Keyswatermark',
        'AWS::KMS::Key Keyswebhook',
        'AWS::KMS::Key MlDsa',
        'AWS::S3::BucketPolicy ObjectsBucketPolicy',
        'AWS::SNS::TopicPolicy AlarmsTopicPolicy',
        'AWS::SQS::QueuePolicy FunctionsDeadLettersPolicy',
      ].sort(),
    )
  })

  test('nobody is let in by being anybody', () => {
    const open = all.filter(
      ({ statement }) =>
        statement.Effect === 'Allow' && strings(statement.Principal).some(name => name.includes('*')),
    )
    expect(open).toEqual([])
  })

  test('no policy of AWS’s is attached to a role, but for API Gateway’s logs', () => {
    const attached = [json, edge, cdn].flatMap(template =>
      template
        ? ofType(template, 'AWS::IAM::Role').flatMap(([, one]) => strings(one.Properties.ManagedPolicyArns))
        : [],
    )
    expect(attached.filter(text => text.includes('policy/'))).toEqual([
      ':iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
    ])
  })
})

type Service = 'dynamodb' | 'secretsmanager' | 'sqs' | 's3'

/** What each service does with the data key on behalf of whoever uses it. Grants are the table's maker's. */
const dataKeyActions: Readonly<Record<Service, readonly string[]>> = {
  dynamodb: [
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:Encrypt',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
    'kms:GenerateDataKey',
  ],
  secretsmanager: ['kms:Decrypt'],
  sqs: ['kms:Decrypt', 'kms:GenerateDataKey'],
  // Whoever only reads needs no new data keys: see below.
  s3: ['kms:Decrypt', 'kms:GenerateDataKey'],
}

/** Through which services a function needs the data key: those that hold what it reads or writes. */
const dataKeyThrough: Readonly<Record<FunctionName, readonly Service[]>> = {
  token: ['dynamodb'],
  gate: ['dynamodb', 's3', 'secretsmanager'],
  api: ['dynamodb', 's3'],
  sweeper: ['dynamodb', 'sqs'],
  notifier: ['dynamodb', 'sqs'],
  sequencer: ['dynamodb', 's3', 'sqs'],
  exporter: ['dynamodb', 's3', 'sqs'],
  console: ['s3'],
}

const allow = (Action: readonly string[], ...Resource: readonly string[]): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
})

const onDataKey = (service: Service, actions = dataKeyActions[service]): Statement => ({
  ...allow(actions, arn('KeysData')),
  Condition: { StringEquals: { 'kms:ViaService': `${service}.{AWS::Region}.{AWS::URLSuffix}` } },
})

/** For what is wrapped here, and for nothing else that the key may ever have encrypted. */
const onWrappingKey = (...actions: readonly string[]): Statement => ({
  ...allow(actions, arn('KeysWrapping')),
  Condition: { StringEqualsIfExists: { 'kms:EncryptionContext:purpose': 'sallyport-wrap' } },
})

describe.each(functionNames)('the role of the function %s', name => {
  const own = statementsOf(json, 'AWS::IAM::ManagedPolicy', `Functions${name}`)
  const of = (...services: readonly string[]) =>
    sorted(own.filter(({ Action }) => Action.some(one => services.includes(one.split(':')[0] ?? ''))))
  const allowed = permissions[name]

  test('has exactly the rows of the table of permissions', () => {
    const expected = Object.entries(allowed.tables).flatMap(([table, { uses, indexes = [] }]) => {
      const items = allow(
        uses.map(use => actionOf[use]),
        arn(`Tables${table}`),
      )
      if (indexes.length === 0) return [items]
      const queried = indexes.map(index => `${arn(`Tables${table}`)}/index/${index.name}`)
      return [items, allow(['dynamodb:Query'], ...queried)]
    })
    const stream = [
      allow(
        ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        '{Tablesentries.StreamArn}',
      ),
      allow(['dynamodb:ListStreams'], `${arn('Tablesentries')}/stream/*`),
    ]
    expect(of('dynamodb')).toEqual(sorted([...expected, ...(name === 'sequencer' ? stream : [])]))
  })

  test('has of the bucket what it reads and puts below, and may ask what is there nowhere else', () => {
    const bucket = arn('ObjectsBucket')
    const below = (...prefixes: readonly string[]) => prefixes.map(prefix => `${bucket}/${prefix}*`)
    const listed = (...prefixes: readonly string[]) => ({
      ...allow(['s3:ListBucket'], bucket),
      Condition: { StringLike: { 's3:prefix': prefixes } },
    })
    const expected: Partial<Record<FunctionName, readonly Statement[]>> = {
      gate: [allow(['s3:PutObject'], ...below('attr/pending/'))],
      api: [
        allow(['s3:GetObject'], ...below('log/', 'export/', 'inquiry/')),
        listed('log/*', 'export/*', 'inquiry/*'),
        allow(['s3:PutObject'], ...below('inquiry/')),
      ],
      console: [allow(['s3:GetObject'], ...below('log/')), listed('log/*')],
      exporter: [
        allow(['s3:GetObject'], ...below('log/', 'body/', 'export/', 'attr/', 'inquiry/')),
        listed('log/*', 'body/*', 'export/*', 'attr/*', 'inquiry/*', 'staging/*'),
        allow(['s3:PutObject'], ...below('export/', 'attr/')),
        allow(['s3:DeleteObjectVersion'], ...below('body/', 'staging/', 'export/', 'attr/', 'inquiry/')),
        allow(['s3:BypassGovernanceRetention'], ...below('attr/', 'inquiry/')),
        {
          ...allow(['s3:ListBucketVersions'], bucket),
          Condition: {
            StringLike: { 's3:prefix': ['body/*', 'staging/*', 'export/*', 'attr/*', 'inquiry/*'] },
          },
        },
      ],
      sequencer: [
        allow(['s3:GetObject'], ...below('log/', 'staging/', 'body/')),
        listed('log/*', 'staging/*', 'body/*'),
        allow(['s3:PutObject'], ...below('log/', 'staging/', 'body/')),
        allow(['s3:PutObjectRetention'], ...below('log/tile/', 'body/')),
      ],
    }
    expect(of('s3')).toEqual(sorted(expected[name] ?? []))
  })

  test('queries only indexes of the tables that it reads', () => {
    for (const [table, { uses, indexes = [] }] of Object.entries(allowed.tables))
      for (const index of indexes) {
        expect(index.table).toBe(table)
        expect(uses).toContain('read')
      }
  })

  test('derives secrets of its own domains, wraps only if it is the gate and unwraps if it is the exporter too, signs statements only if it is the API and checkpoints only if it is the sequencer, and uses the data key only through the services that hold data', () => {
    const expected = [
      ...(name === 'api' ? [allow(['kms:Sign', 'kms:GetPublicKey'], arn('KeysStatements'))] : []),
      ...(name === 'sequencer' ? [allow(['kms:Sign', 'kms:GetPublicKey'], arn('KeysCheckpoints'))] : []),
      ...Object.keys(allowed.secrets).map(domain => allow(['kms:GenerateMac'], arn(`Keys${domain}`))),
      ...(name === 'gate' ? [onWrappingKey('kms:Encrypt', 'kms:Decrypt')] : []),
      ...(name === 'exporter' ? [onWrappingKey('kms:Decrypt')] : []),
      ...dataKeyThrough[name].map(service =>
        service === 's3' && name === 'console' ? onDataKey('s3', ['kms:Decrypt']) : onDataKey(service),
      ),
    ]
    expect(of('kms')).toEqual(sorted(expected))
  })

  test('reads the upstreams’ credentials only if it is the gate', () => {
    const read = [allow(['secretsmanager:GetSecretValue'], '{UpstreamSecret.Id}')]
    expect(of('secretsmanager')).toEqual(name === 'gate' ? read : [])
  })

  test('leaves a message of what failed only if nobody waits for it', () => {
    const send = [allow(['sqs:SendMessage'], arn('FunctionsDeadLetters'))]
    expect(of('sqs')).toEqual(scheduled.includes(name) ? send : [])
  })

  test('puts events on the deployment’s own bus only if it is the notifier', () => {
    const put = [allow(['events:PutEvents'], arn('NoticesBus'))]
    expect(of('events')).toEqual(name === 'notifier' ? put : [])
  })

  test('writes its own log', () => {
    expect(of('logs')).toEqual([
      allow(['logs:CreateLogStream', 'logs:PutLogEvents'], arn(`Functions${name}Log`)),
    ])
  })

  test('has no other right, and shares none', () => {
    expect(of('dynamodb', 'kms', 'secretsmanager', 'sqs', 's3', 'events', 'logs')).toEqual(sorted(own))
    const { Roles, Users, Groups } = properties(json, 'AWS::IAM::ManagedPolicy', `Functions${name}`)
    const [role, ...others] = ofType(json, 'AWS::IAM::Role').filter(([id]) =>
      id.startsWith(`Functions${name}`),
    )
    expect(others).toEqual([])
    expect({ Roles, Users, Groups }).toEqual({ Roles: [{ Ref: role?.[0] }] })
    expect(role?.[1].Properties).not.toHaveProperty('ManagedPolicyArns')
    expect(role?.[1].Properties).not.toHaveProperty('Policies')
    const { Role } = properties(json, 'AWS::Lambda::Function', `Functions${name}`)
    expect(Role).toEqual({ 'Fn::GetAtt': [role?.[0], 'Arn'] })
  })

  test('is assumed by Lambda alone', () => {
    const role = properties(json, 'AWS::IAM::Role', `Functions${name}`)
    expect(strings(role.AssumeRolePolicyDocument)).toEqual([
      'sts:AssumeRole',
      'Allow',
      'lambda.amazonaws.com',
      '2012-10-17',
    ])
  })

  test('knows only the tables and keys that it has a right to', () => {
    const { Variables } = properties(json, 'AWS::Lambda::Function', `Functions${name}`).Environment as {
      Variables: Record<string, unknown>
    }
    expect(Object.keys(Variables).sort()).toEqual(
      [
        'SALLYPORT_ISSUER',
        ...Object.keys(allowed.tables).map(table => `SALLYPORT_TABLE_${table.toUpperCase()}`),
        ...Object.keys(allowed.secrets).map(domain => `SALLYPORT_KEY_${domain.toUpperCase()}`),
        ...(name === 'gate' ? ['SALLYPORT_LEASE_S', 'SALLYPORT_UPSTREAM_SECRET'] : []),
        ...(name === 'api' ? ['SALLYPORT_STATEMENT_KEY'] : []),
        ...(['gate', 'exporter'].includes(name) ? ['SALLYPORT_WRAPPING_KEY'] : []),
        ...(allowed.objects ? ['SALLYPORT_BUCKET'] : []),
        ...(['api', 'sequencer', 'exporter'].includes(name)
          ? ['SALLYPORT_READER_SLOTS', 'SALLYPORT_RETENTION_DAYS']
          : []),
        ...(name === 'sequencer' ? ['SALLYPORT_LOG_KEY', 'SALLYPORT_OBJECT_LOCK'] : []),
        ...(name === 'notifier' ? ['SALLYPORT_EVENT_BUS'] : []),
      ].sort(),
    )
  })
})

test('the table of permissions is this one: whoever widens it says so here', () => {
  const told = functionNames.map(name => [
    name,
    Object.fromEntries(
      Object.entries(permissions[name].tables).map(([table, { uses, indexes = [] }]) => [
        table,
        [...uses, ...indexes.map(index => index.name)].join(' '),
      ]),
    ),
    Object.keys(permissions[name].secrets).join(' '),
    permissions[name].upstreamSecret !== undefined,
    permissions[name].statementKey !== undefined,
    permissions[name].eventBus !== undefined,
    permissions[name].logKey !== undefined,
    permissions[name].objects,
  ])
  const none = [false, false, false, false, undefined] as const
  const readsLog = { reads: ['log/'], why: expect.any(String) }
  expect(told).toEqual([
    [
      'token',
      { registry: 'read put update by_owner', spent: 'read put update remove', entries: 'put' },
      'nonce',
      ...none,
    ],
    [
      'gate',
      { registry: 'read by_owner', meters: 'read update', spent: 'read put', entries: 'read put update' },
      'nonce',
      true,
      ...none.slice(1, 4),
      { reads: [], puts: ['attr/pending/'], why: expect.any(String) },
    ],
    [
      'api',
      {
        registry: 'read put update check by_owner by_record',
        meters: 'read put update check',
        spent: 'read put update',
        entries: 'read put by_organisation by_actor by_day by_request open_intents pending',
      },
      'nonce webhook watermark',
      false,
      true,
      false,
      false,
      { reads: ['log/', 'export/', 'inquiry/'], puts: ['inquiry/'], why: expect.any(String) },
    ],
    [
      'sweeper',
      {
        registry: 'read put update check by_record by_owner',
        meters: 'read update',
        entries: 'read put update open_intents',
      },
      '',
      ...none,
    ],
    [
      'notifier',
      { registry: 'read put update by_due by_owner', entries: 'put' },
      'webhook',
      false,
      false,
      true,
      false,
      undefined,
    ],
    [
      'sequencer',
      { entries: 'read put update pending' },
      'seal watermark',
      false,
      false,
      false,
      true,
      {
        reads: ['log/', 'staging/', 'body/'],
        puts: ['log/', 'staging/', 'body/'],
        keeps: ['log/tile/', 'body/'],
        lists: ['staging/'],
        why: expect.any(String),
      },
    ],
    [
      'exporter',
      {
        registry: 'read put update check by_due',
        entries: 'read put update remove by_organisation by_actor by_day by_request open_intents',
      },
      'seal watermark',
      ...none.slice(0, 4),
      {
        reads: ['log/', 'body/', 'export/', 'attr/', 'inquiry/'],
        puts: ['export/', 'attr/'],
        removes: ['body/', 'staging/', 'export/', 'attr/', 'inquiry/'],
        releases: ['attr/', 'inquiry/'],
        lists: ['body/', 'staging/', 'export/', 'attr/', 'inquiry/'],
        why: expect.any(String),
      },
    ],
    ['console', {}, '', ...none.slice(0, 4), readsLog],
  ])
})

test('the log’s own key is out of reach of whoever makes entries, and what the log is made of out of reach of whoever serves it', () => {
  const puts: Partial<Record<FunctionName, readonly string[]>> = {
    gate: ['attr/pending/'],
    api: ['inquiry/'],
    exporter: ['export/', 'attr/'],
  }
  for (const name of functionNames.filter(one => one !== 'sequencer')) {
    const { logKey, secrets, objects } = permissionsOn('localstack')[name]
    expect([name, logKey, secrets.log]).toEqual([name, undefined, undefined])
    expect([name, secrets.seal !== undefined]).toEqual([name, name === 'exporter'])
    // Others put what was exported, fingerprints, and what is asked about: nothing that the log is made of.
    expect([name, objects?.puts]).toEqual([name, puts[name]])
  }
  expect(permissions.console.objects?.reads).toEqual(['log/'])
  expect(permissions.api.objects?.reads).toEqual(['log/', 'export/', 'inquiry/'])
  expect(Object.keys(permissions.sequencer.tables)).toEqual(['entries'])
})

test('nothing is removed but what was spent, and bodies by the exporter alone; no entry is ever written over by who reads entries', () => {
  for (const name of functionNames) {
    const { registry, meters, entries } = permissions[name].tables
    for (const use of [registry, meters]) expect(use?.uses ?? []).not.toContain('remove')
    expect([name, entries?.uses.includes('remove') ?? false]).toEqual([name, name === 'exporter'])
    expect([name, permissions[name].objects?.removes !== undefined]).toEqual([name, name === 'exporter'])
  }
  expect(permissions.api.tables.entries?.uses).not.toContain('update')
})
