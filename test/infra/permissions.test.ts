import { describe, expect, test } from 'vitest'
import { actionOf, functionNames, permissions } from '../../infra/permissions.ts'
import {
  edgeContext,
  ofType,
  properties,
  type Resource,
  strings,
  synthesize,
  templateOf,
} from './synthesis.ts'

const { json, deployment } = synthesize(edgeContext)
const edge = deployment.edge && templateOf(deployment.edge).json
const cdn = deployment.cdn && templateOf(deployment.cdn).json

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource?: unknown
  readonly Principal?: unknown
  readonly Condition?: unknown
}

interface Placed {
  readonly id: string
  readonly type: string
  readonly statement: Statement
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])
const isStatement = (value: unknown): value is Statement =>
  typeof value === 'object' && value !== null && 'Effect' in value && 'Action' in value

/** Every policy statement of a template, wherever it stands. */
function statements(resources: Readonly<Record<string, Resource>>): readonly Placed[] {
  const within = (value: unknown): readonly Statement[] => {
    if (isStatement(value)) return [value]
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(within) : []
  }
  return Object.entries(resources).flatMap(([id, resource]) =>
    within(resource.Properties).map(statement => ({ id, type: resource.Type, statement })),
  )
}

const all = [json, edge, cdn].flatMap(one => (one ? statements(one.Resources) : []))

/** Wildcards that are allowed, and why each has to be. */
const acknowledged: readonly { readonly type: string; readonly action: RegExp; readonly why: string }[] = [
  {
    type: 'AWS::KMS::Key',
    action: /^kms:\*$/,
    why: 'The account’s root: without it nobody could ever change the key’s policy again.',
  },
  {
    type: 'AWS::KMS::Key',
    action: /^kms:[A-Za-z]+$/,
    why: 'In a key’s own policy the resource * is that key.',
  },
]

describe('no right is wider than its use', () => {
  test('no action and no resource is a wildcard, but for those with a reason', () => {
    const wide = all.flatMap(({ id, type, statement }) => {
      if (statement.Effect !== 'Allow') return []
      const open = list(statement.Resource).some(one => strings(one).some(text => text.includes('*')))
      return list(statement.Action)
        .filter(action => String(action).includes('*') || open)
        .filter(action => !acknowledged.some(one => one.type === type && one.action.test(String(action))))
        .map(action => `${id}: ${action} on ${JSON.stringify(statement.Resource)}`)
    })
    expect(wide).toEqual([])
    expect(all.length).toBeGreaterThan(40)
  })

  test('kms:* is the account’s alone', () => {
    for (const { id, statement } of all.filter(one => list(one.statement.Action).includes('kms:*')))
      expect([id, strings(statement.Principal).join('')]).toEqual([
        id,
        'arn:AWS::Partition:iam::AWS::AccountId:root',
      ])
  })

  test('nobody is let in by being anybody', () => {
    const open = all.filter(
      ({ statement }) => statement.Effect === 'Allow' && strings(statement.Principal).includes('*'),
    )
    expect(open).toEqual([])
  })

  test('a service that acts for somebody acts for this account', () => {
    for (const { id, statement } of all) {
      const principal = strings(statement.Principal).join('')
      if (id.startsWith('Keys') && principal.startsWith('cloudwatch'))
        expect(JSON.stringify(statement.Condition)).toMatch(/aws:SourceAccount.*AWS::AccountId/)
      if (id.startsWith('Keys') && principal.startsWith('logs'))
        expect(JSON.stringify(statement.Condition)).toMatch(/log-group:/)
    }
  })

  test('no policy of AWS’s is attached to a role, but for API Gateway’s logs', () => {
    const attached = ofType(json, 'AWS::IAM::Role').flatMap(([, one]) =>
      strings(one.Properties.ManagedPolicyArns),
    )
    expect(attached.filter(text => text.includes('policy/'))).toEqual([
      ':iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs',
    ])
    expect(ofType(json, 'AWS::IAM::Policy')).toEqual([])
  })
})

describe.each(functionNames)('the role of the function %s', name => {
  const own = all
    .filter(one => one.type === 'AWS::IAM::ManagedPolicy' && one.id.startsWith(`Functions${name}`))
    .map(({ statement }) => statement)
  const granted = own.flatMap(one =>
    list(one.Action).flatMap(action => list(one.Resource).map(resource => `${action} ${named(resource)}`)),
  )
  const allowed = permissions[name]

  test('has exactly the rows of the table of permissions', () => {
    const expected = Object.entries(allowed.tables).flatMap(([table, { uses, indexes = [] }]) => [
      ...uses.map(use => `${actionOf[use]} ${table}`),
      ...indexes.map(index => `dynamodb:Query ${table}/index/${index.name}`),
    ])
    expect(granted.filter(one => one.startsWith('dynamodb:')).sort()).toEqual(expected.sort())
  })

  test('queries only indexes of the tables that it reads', () => {
    for (const [table, { uses, indexes = [] }] of Object.entries(allowed.tables))
      for (const index of indexes) {
        expect(index.table).toBe(table)
        expect(uses).toContain('read')
      }
  })

  test('derives secrets of its own domains only', () => {
    expect(granted.filter(one => one.startsWith('kms:GenerateMac'))).toEqual(
      Object.keys(allowed.secrets).map(domain => `kms:GenerateMac ${domain}`),
    )
  })

  test('reads the upstreams’ credentials only if it is the gate', () => {
    expect(granted.some(one => one.startsWith('secretsmanager:'))).toBe(name === 'gate')
  })

  test('uses the key of the data at rest only through the services that hold the data', () => {
    for (const one of own.filter(({ Action }) => list(Action).includes('kms:Decrypt')))
      expect(JSON.stringify(one.Condition)).toMatch(/kms:ViaService.*(dynamodb|secretsmanager|sqs)\./)
  })

  test('has no right that the table does not know', () => {
    const known = /^(dynamodb:|kms:|logs:(CreateLogStream|PutLogEvents) Log$)/
    const others = granted.filter(one => !known.test(one))
    expect(others).toEqual(
      {
        token: [],
        api: [],
        gate: ['secretsmanager:GetSecretValue Secret'],
        sweeper: ['sqs:SendMessage DeadLetters'],
      }[name],
    )
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
      ].sort(),
    )
  })
})

/** What a resource's ARN names, by the name that the table of permissions has for it. */
function named(resource: unknown): string {
  const [id = '', ...rest] = strings(resource).filter(text => text !== '' && text !== 'Arn' && text !== 'Id')
  const short = /(?:Tables|Keys|Functions(?:token|gate|api|sweeper)?|Upstream)([A-Za-z]+?)[0-9A-F]{8}$/.exec(
    id,
  )?.[1]
  return [short ?? id, ...rest].join('')
}
