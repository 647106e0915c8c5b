/** An operator's emergency hold: who may assume its role, what that may do, and that the command does all of it and no more. */
import { beforeAll, describe, expect, test } from 'vitest'
import { actionOf } from '../../infra/permissions.ts'
import { foresee, placeEmergencyHold } from '../../scripts/emergency-holds.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Lease } from '../../shared/domain/meter.ts'
import type { HoldScope } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Store } from '../../shared/ports/store.ts'
import { day, grantWorld, start } from '../unit/functions/governance/grant-world.ts'
import { arn, readable, type Statement, sorted, statementsOf } from './policies.ts'
import { ofType, properties, synthesize } from './synthesis.ts'

const { json } = synthesize({ breakGlassUsers: 'ada  operators/boris' })
const none = synthesize().json

const dataKeyActions = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:GenerateDataKey',
]
const allow = (action: string | readonly string[], resource: readonly string[], condition?: object) => ({
  Effect: 'Allow',
  Action: [action].flat(),
  Resource: resource,
  ...(condition && { Condition: condition }),
})
const items = (...texts: readonly string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': texts },
})

const policy: readonly Statement[] = [
  allow('dynamodb:BatchGetItem', [arn('Tablesregistry')]),
  allow('dynamodb:BatchGetItem', [arn('Tablesmeters')]),
  allow('dynamodb:BatchGetItem', [arn('Tablesentries')]),
  allow('dynamodb:PutItem', [arn('Tablesregistry')], items('hold#*', 'notice#*')),
  allow('dynamodb:UpdateItem', [arn('Tablesregistry')], items('standing', 'model#*')),
  allow('dynamodb:PutItem', [arn('Tablesentries')]),
  allow('dynamodb:Query', [
    `${arn('Tablesregistry')}/index/by_owner`,
    `${arn('Tablesregistry')}/index/by_record`,
    `${arn('Tablesentries')}/index/by_organisation`,
  ]),
  allow(dataKeyActions, [arn('KeysData')], {
    StringEquals: { 'kms:ViaService': 'dynamodb.{AWS::Region}.{AWS::URLSuffix}' },
  }),
  allow('cloudformation:DescribeStacks', [
    'arn:{AWS::Partition}:cloudformation:{AWS::Region}:{AWS::AccountId}:stack/Sallyport/*',
  ]),
]

test('the policy is this one, whoever is named', () => {
  for (const template of [json, none])
    expect(sorted(statementsOf(template, 'AWS::IAM::ManagedPolicy', 'BreakGlass'))).toEqual(sorted(policy))
})

describe('the role', () => {
  test('is assumed by the named users of this account, each with a second factor and under the own name', () => {
    const trust = (user: string) => ({
      Effect: 'Allow',
      Action: ['sts:AssumeRole'],
      Principal: { AWS: [`arn:{AWS::Partition}:iam::{AWS::AccountId}:user/${user}`] },
      Condition: {
        Bool: { 'aws:MultiFactorAuthPresent': 'true' },
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM's.
        StringEquals: { 'sts:RoleSessionName': '${aws:username}' },
      },
    })
    expect(sorted(statementsOf(json, 'AWS::IAM::Role', 'BreakGlass'))).toEqual(
      sorted(['ada', 'operators/boris'].map(trust)),
    )
  })

  test('has that policy, no other, and lasts for an hour', () => {
    const [id] = ofType(json, 'AWS::IAM::ManagedPolicy').find(([one]) => one.startsWith('BreakGlass')) ?? []
    const { ManagedPolicyArns, Policies, MaxSessionDuration } = properties(
      json,
      'AWS::IAM::Role',
      'BreakGlass',
    )
    expect([ManagedPolicyArns, Policies, MaxSessionDuration]).toEqual([[{ Ref: id }], undefined, undefined])
  })

  test('is told with its policy, and is not there where nobody is named', () => {
    expect(readable(json.Outputs.BreakGlassRoleArn?.Value)).toBe(arn('BreakGlassRole'))
    expect(readable(json.Outputs.BreakGlassPolicyArn?.Value)).toBe('{BreakGlassPolicy}')
    expect(none.Outputs.BreakGlassRoleArn?.Value).toBe('none')
    expect(ofType(none, 'AWS::IAM::Role').filter(([id]) => id.startsWith('BreakGlass'))).toEqual([])
  })
})

/** One thing that IAM would be asked. */
interface Ask {
  readonly action: string
  readonly resource: string
  readonly item?: string
}

const matches = (pattern: string, text: string): boolean =>
  pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern

const permits = (
  { Action, Resource = [], Condition }: Statement,
  { action, resource, item }: Ask,
): boolean => {
  const condition = Condition as ReturnType<typeof items> | undefined
  const wanted = condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']
  return (
    Action.includes(action) &&
    Resource.includes(resource) &&
    (wanted === undefined || wanted.some(one => matches(one, item ?? '')))
  )
}

/** The store of a test, that notes what a store on DynamoDB would ask for. */
function noting(store: Store, asks: Ask[]): Store {
  const note = (use: keyof typeof actionOf, { table, pk }: { table: string; pk: string }) =>
    asks.push({ action: actionOf[use], resource: arn(`Tables${table}`), item: pk })
  const uses = { put: 'put', update: 'update', remove: 'remove', check: 'check' } as const
  return {
    ...store,
    get: wanted => {
      for (const key of wanted) note('read', key)
      return store.get(wanted)
    },
    write: op => {
      note(uses[op.kind], op.key)
      return store.write(op)
    },
    transact: ops => {
      for (const { kind, key } of ops) note(uses[kind], key)
      return store.transact(ops)
    },
    query: query => {
      const { table, name } = query.index
      asks.push({ action: 'dynamodb:Query', resource: `${arn(`Tables${table}`)}/index/${name}` })
      return store.query(query)
    },
  }
}

describe('the command', () => {
  const scopes: readonly HoldScope[] = [
    { organisation: 'cedar' },
    { model: 'aurora' },
    { organisation: 'cedar', model: 'aurora' },
    { client: 'client_1' },
    { person: 'pat' },
    { nationality: 'FR' },
    { region: 'FR-75', organisation: 'prairie' },
  ]
  const asks: Ask[] = []
  beforeAll(async () => {
    const world = await grantWorld()
    await world.records.client()
    // A call under way: its intent is read.
    const lease: Lease = { r: 1, day: 0, exp: start + day }
    await world.store.write({
      kind: 'update',
      key: keys.meter('meter_1'),
      change: { set: [[['leases'], { entry_1: lease }]] },
    })
    const deps = { ...world.deps, store: noting(world.store, asks) }
    const reason = { code: 'security_incident', text: 'Seen elsewhere.', reference: 'case 12' } as const
    for (const scope of scopes) {
      const order = { scope, reason, operator: 'ada' }
      for (const done of [await foresee(deps, order), await placeEmergencyHold(deps, order)])
        if (done instanceof Refusal) throw new Error(`${JSON.stringify(scope)}: ${done.facts.detail}`)
    }
  })

  test('does nothing that its role may not do, for any scope', () => {
    const beyond = asks.filter(ask => !policy.some(statement => permits(statement, ask)))
    expect(beyond).toEqual([])
  })

  test('does all that its role may do to the tables: no statement, no item and no index is there for nothing', () => {
    const unused = policy
      .filter(({ Action }) => Action.some(action => action.startsWith('dynamodb:')))
      .flatMap(one => {
        const condition = one.Condition as ReturnType<typeof items> | undefined
        const texts = condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? ['*']
        return (one.Resource ?? []).flatMap(resource =>
          texts.map(text => ({ ...one, Resource: [resource], Condition: items(text) })),
        )
      })
      .filter(one => !asks.some(ask => permits(one, ask)))
    expect(unused).toEqual([])
  })
})
