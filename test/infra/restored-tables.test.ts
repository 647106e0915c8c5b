/** Point-in-time recovery makes a new table: the deployment is then told to use that one. */
import { describe, expect, test } from 'vitest'
import { buildDeployment } from '../../infra/deployment.ts'
import { addChecks } from '../../infra/nag.ts'
import { functionNames, permissions } from '../../infra/permissions.ts'
import { newApp, ofType, properties, strings, synthesize } from './synthesis.ts'

const metersTable = 'Sallyport-meters-2026-11-30'
const before = synthesize()
const { json } = synthesize({ metersTable })

describe('with a restored table for the meters', () => {
  test('the stack has three tables of its own, and lets the fourth go without deleting it', () => {
    const ids = ofType(json, 'AWS::DynamoDB::Table').map(([id]) => id)
    expect(ids).toHaveLength(3)
    expect(ids.filter(id => id.startsWith('Tablesmeters'))).toEqual([])
    const [, gone] = ofType(before.json, 'AWS::DynamoDB::Table').find(([id]) => !ids.includes(id)) ?? []
    expect(gone?.DeletionPolicy).toBe('Retain')
  })

  test('the others stay the tables that they were', () => {
    for (const [id, table] of ofType(json, 'AWS::DynamoDB::Table'))
      expect(table).toEqual(before.json.Resources[id])
  })

  test.each(functionNames)('the function %s is told of it, and may use it, as far as it has meters', name => {
    const { Variables } = properties(json, 'AWS::Lambda::Function', `Functions${name}`).Environment as {
      Variables: Record<string, unknown>
    }
    const { uses = [] } = permissions[name].tables.meters ?? {}
    expect(Variables.SALLYPORT_TABLE_METERS).toBe(uses.length > 0 ? metersTable : undefined)
    const { PolicyDocument } = properties(json, 'AWS::IAM::ManagedPolicy', `Functions${name}`)
    const { Statement } = PolicyDocument as {
      Statement: { Action: string | string[]; Resource: unknown }[]
    }
    const granted = Statement.filter(({ Resource }) => strings(Resource).join('').includes(metersTable))
    expect(granted).toHaveLength(uses.length > 0 ? 1 : 0)
    for (const { Action, Resource } of granted) {
      expect([Action].flat()).toHaveLength(uses.length)
      expect(strings(Resource).join('')).toBe(
        `arn:AWS::Partition:dynamodb:AWS::Region:AWS::AccountId:table/${metersTable}`,
      )
    }
  })

  test('outputs, alarms and the dashboard name it', () => {
    expect(json.Outputs.TableMeters?.Value).toBe(metersTable)
    expect(json.Outputs.RestoredTables?.Value).toBe(`metersTable=${metersTable}`)
    expect(before.json.Outputs.RestoredTables?.Value).toBe('none')
    const [throttled] = ofType(json, 'AWS::CloudWatch::Alarm')
      .map(([, one]) => one.Properties)
      .filter(one => one.AlarmName === 'Sallyport-MetersWritesThrottled')
    expect(throttled?.Dimensions).toEqual([{ Name: 'TableName', Value: metersTable }])
    expect(strings(properties(json, 'AWS::CloudWatch::Dashboard')).join('')).toContain(metersTable)
  })
})

test('an index of a restored table may be queried as before', () => {
  const entriesTable = 'restored.entries'
  const { json } = synthesize({ entriesTable })
  const policy = strings(properties(json, 'AWS::IAM::ManagedPolicy', 'Functionssweeper'))
  expect(policy).toContain(`:table/${entriesTable}/index/open_intents`)
})

test('all four can be restored ones, and the checks find nothing', () => {
  const app = newApp({
    registryTable: 'restored-registry',
    metersTable,
    spentTable: 'restored-spent',
    entriesTable: 'restored-entries',
  })
  addChecks(app, buildDeployment(app))
  process.env.CDK_VALIDATION = 'true'
  try {
    expect(() => app.synth()).not.toThrow()
  } finally {
    process.env.CDK_VALIDATION = 'false'
  }
})
