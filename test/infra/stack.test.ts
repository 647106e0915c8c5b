import { App } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { beforeAll, describe, expect, test } from 'vitest'
import { SallyportStack } from '../../infra/stack.ts'

describe('the stack', () => {
  let template: Template
  beforeAll(() => {
    template = Template.fromStack(new SallyportStack(new App(), 'Test'))
  })

  test('keeps four tables, recoverable to any second and safe from deletion', () => {
    const tables = template.findResources('AWS::DynamoDB::GlobalTable')
    expect(Object.keys(tables)).toHaveLength(4)
    for (const { Properties, DeletionPolicy } of Object.values(tables)) {
      expect(DeletionPolicy).toBe('Retain')
      expect(Properties.Replicas[0].DeletionProtectionEnabled).toBe(true)
      expect(Properties.Replicas[0].PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled).toBe(true)
    }
  })

  test('lets spent ids expire by the attribute that holds seconds', () => {
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      TimeToLiveSpecification: { AttributeName: 'exp', Enabled: true },
    })
  })

  test('projects keys only into every index', () => {
    template.hasResourceProperties('AWS::DynamoDB::GlobalTable', {
      GlobalSecondaryIndexes: Match.arrayWith([
        Match.objectLike({ IndexName: 'open_intents', Projection: { ProjectionType: 'KEYS_ONLY' } }),
      ]),
    })
  })
})
