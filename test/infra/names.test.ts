import { describe, expect, test } from 'vitest'
import { readParameters } from '../../infra/parameters.ts'
import { SallyportStack } from '../../infra/stack.ts'
import {
  edgeContext,
  newApp,
  ofType,
  strings,
  synthesize,
  type TemplateJson,
  templateOf,
} from './synthesis.ts'

const { json, deployment } = synthesize(edgeContext)
const edge = deployment.edge && templateOf(deployment.edge).json

describe('a template goes into any partition, account and region', () => {
  const templates: readonly (readonly [string, TemplateJson | undefined])[] = [
    ['gateway', json],
    ['edge', edge],
  ]

  test.each(templates)('%s names none', (_, template) => {
    const text = JSON.stringify(template)
    expect(text).not.toMatch(/arn:aws/)
    expect(text).not.toMatch(/\baws-(us-gov|cn|iso)/)
    expect(text).not.toMatch(/\b[a-z]{2}(-[a-z]+)+-\d\b/)
    expect(text).not.toMatch(/\b\d{12}\b/)
  })

  test.each(templates)(
    '%s names AWS’s domain only where a service’s name has it everywhere',
    (_, template) => {
      // Service principals that are the same in every partition.
      const everywhere = ['lambda', 'apigateway', 'cloudwatch', 'events'].map(name => `${name}.amazonaws.com`)
      const named = strings(template?.Resources).flatMap(text => text.match(/[\w.-]*amazonaws[\w.]*/g) ?? [])
      expect(named.filter(name => !everywhere.includes(name))).toEqual([])
    },
  )
})

describe('two deployments of one account', () => {
  const nameProperties = /^(.*Name|Name)$/
  /** Names that a template gives itself; an attribute's or an index's is no resource's. */
  const given = (template: TemplateJson): readonly string[] =>
    Object.values(template.Resources).flatMap(({ Type, Properties = {} }) =>
      Object.entries(Properties)
        .filter(
          ([key, value]) =>
            nameProperties.test(key) && typeof value === 'string' && !inner.includes(`${Type} ${key}`),
        )
        .map(([, value]) => `${Type} ${value}`),
    )
  const inner = ['AWS::ApiGateway::Stage StageName', 'AWS::CloudWatch::Alarm MetricName']

  test('share no name', () => {
    const app = newApp()
    const stacks = ['Sallyport', 'Rehearsal'].map(
      name => new SallyportStack(app, readParameters({ ...app.node.getAllContext(), name })),
    )
    const [one, two] = stacks.map(stack => given(templateOf(stack).json))
    expect(one?.length).toBeGreaterThan(30)
    expect(one?.filter(name => two?.includes(name))).toEqual([])
  })

  test('name nothing that stays, so that a later one is not in an earlier one’s way', () => {
    const fixed = [...Object.entries(json.Resources), ...Object.entries(edge?.Resources ?? {})].flatMap(
      ([id, { DeletionPolicy, Properties }]) =>
        DeletionPolicy === 'Retain'
          ? Object.entries(Properties ?? {}).flatMap(([key, value]) =>
              /^(Table|Bucket|LogGroup|Role|Key|)Name$/.test(key) && typeof value === 'string'
                ? [`${id} ${value}`]
                : [],
            )
          : [],
    )
    expect(fixed).toEqual([])
    const [, firewall] = ofType(edge ?? json, 'AWS::Logs::LogGroup')[0] ?? []
    expect(strings(firewall?.Properties.LogGroupName)).toContain('AWS::StackId')
  })
})
