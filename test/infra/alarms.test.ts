import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { alarmDefinitions } from '../../infra/alarm-definitions.ts'
import { readParameters } from '../../infra/parameters.ts'
import { refusals } from '../../shared/domain/refusal.ts'
import { statementsOf } from './policies.ts'
import { ofType, synthesize } from './synthesis.ts'

const { template, json } = synthesize({ alarmEmail: 'operator@example.org' })
const alarms = ofType(json, 'AWS::CloudWatch::Alarm').map(([, one]) => one.Properties)
const definitions = alarmDefinitions(readParameters({}))
const named = (id: string) => alarms.find(one => one.AlarmName === `Sallyport-${id}`)

describe('the alarms', () => {
  test('are those of the list, each with what it means and what to do', () => {
    expect(alarms.map(one => one.AlarmName).sort()).toEqual(
      definitions.map(one => `Sallyport-${one.id}`).sort(),
    )
    for (const { id, measures, means, next } of definitions) {
      expect(named(id)?.AlarmDescription).toBe(`${means} ${next}`)
      expect([id, means, next].every(text => text.length > 4)).toBe(true)
      expect(measures).toMatch(/^[a-z]/)
      expect(means).toMatch(/^[A-Z].*\.$/)
      expect(next).toMatch(/^[A-Z].*\.$/)
    }
  })

  test('tell the topic when they are raised, and when all is well again', () => {
    for (const one of alarms) {
      expect(one.AlarmActions).toEqual([{ Ref: expect.stringMatching('^AlarmsTopic') }])
      expect(one.OKActions).toEqual(one.AlarmActions)
    }
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'email',
      Endpoint: 'operator@example.org',
    })
  })

  test('may publish to it; nobody may without TLS', () => {
    const topic = { Action: ['sns:Publish'], Resource: ['{AlarmsTopic}'] }
    expect(statementsOf(json, 'AWS::SNS::TopicPolicy')).toEqual([
      {
        ...topic,
        Effect: 'Deny',
        Principal: { AWS: ['*'] },
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        ...topic,
        Effect: 'Allow',
        Principal: { Service: ['cloudwatch.amazonaws.com'] },
        Condition: {
          StringEquals: { 'aws:SourceAccount': '{AWS::AccountId}' },
          ArnLike: {
            'aws:SourceArn':
              'arn:{AWS::Partition}:cloudwatch:{AWS::Region}:{AWS::AccountId}:alarm:Sallyport-*',
          },
        },
      },
    ])
  })

  test('go to a topic of the operator’s own where one is given', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-west-1:123456789012:operators'
    const { json } = synthesize({ alarmTopicArn })
    expect(ofType(json, 'AWS::SNS::Topic')).toEqual([])
    for (const [, one] of ofType(json, 'AWS::CloudWatch::Alarm'))
      expect(one.Properties.AlarmActions).toEqual([alarmTopicArn])
  })

  test('watch this deployment alone: a metric of ours has the function’s own name', () => {
    for (const one of alarms.filter(alarm => alarm.Namespace === 'Sallyport'))
      expect(one.Dimensions).toContainEqual({
        Name: 'function',
        Value: { Ref: expect.stringMatching('^Functions') },
      })
    expect(alarms.filter(alarm => alarm.Namespace === 'Sallyport').length).toBeGreaterThan(5)
  })

  test('know the codes that they look for', () => {
    const codes = alarms.flatMap(one =>
      (one.Dimensions as { Name: string; Value: string }[])
        .filter(({ Name }) => Name === 'code')
        .map(({ Value }) => Value),
    )
    expect(codes).toEqual(['record_unavailable', 'store_unavailable', 'upstream_unavailable'])
    for (const code of codes) expect(refusals).toHaveProperty(code)
  })

  test.each([
    ['Overrun', { MetricName: 'alarm', Threshold: 1 }],
    ['FingerprintsLost', { MetricName: 'alarm', Threshold: 1 }],
    ['NoticesOverdue', { MetricName: 'alarm', Threshold: 1, Namespace: 'Sallyport' }],
    ['NoticeGivenUp', { MetricName: 'alarm', Threshold: 1 }],
    ['WebhookDisabled', { MetricName: 'alarm', Threshold: 1 }],
    ['LogHalted', { MetricName: 'alarm', Threshold: 1, EvaluationPeriods: 1 }],
    ['LogBehind', { MetricName: 'alarm', Threshold: 1, EvaluationPeriods: 2 }],
    ['WitnessRefused', { MetricName: 'alarm', Threshold: 1, EvaluationPeriods: 1 }],
    ['ReaderSlotsLow', { MetricName: 'alarm', Threshold: 1 }],
    ['SequencerSilent', { MetricName: 'Invocations', TreatMissingData: 'breaching' }],
    ['RecordUnavailable', { MetricName: 'refusal', Threshold: 1 }],
    ['DeadLetters', { MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1 }],
    ['GateNearlyFull', { MetricName: 'ConcurrentExecutions', Threshold: 400 }],
    ['TokenSlow', { MetricName: 'Duration', Threshold: 22000 }],
    [
      'SweeperSilent',
      {
        MetricName: 'Invocations',
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        EvaluationPeriods: 2,
        Period: 300,
        TreatMissingData: 'breaching',
      },
    ],
  ])('%s is raised at %o', (id, expected) => {
    expect(named(id)).toMatchObject(expected)
  })

  test('know the alarms that they look for: each is raised somewhere in the functions', () => {
    const names = alarms.flatMap(one =>
      (one.Dimensions as { Name: string; Value: string }[])
        .filter(({ Name }) => Name === 'name' && one.MetricName === 'alarm')
        .map(({ Value }) => Value),
    )
    const sources = readdirSync('functions', { recursive: true, encoding: 'utf8' })
      .filter(path => path.endsWith('.ts'))
      .map(path => readFileSync(`functions/${path}`, 'utf8'))
    expect(names.filter(name => !sources.some(text => text.includes(`'${name}'`)))).toEqual([])
    expect(names.length).toBeGreaterThan(7)
  })

  test('that nothing is measured is no reason for an alarm, but for what runs every minute', () => {
    const breaching = alarms.filter(one => one.TreatMissingData !== 'notBreaching').map(one => one.AlarmName)
    expect(breaching).toEqual([
      'Sallyport-SweeperSilent',
      'Sallyport-NotifierSilent',
      'Sallyport-SequencerSilent',
      'Sallyport-ExporterSilent',
    ])
  })

  test('speak of no reserved concurrency where there is none', () => {
    const { json } = synthesize({ gateConcurrency: 'none' })
    const names = ofType(json, 'AWS::CloudWatch::Alarm').map(([, one]) => one.Properties.AlarmName)
    expect(names).not.toContain('Sallyport-GateNearlyFull')
    expect(names).toContain('Sallyport-TokenNearlyFull')
  })
})

test('the dashboard shows requests, refusals, functions and tables of this deployment', () => {
  const [dashboard] = ofType(json, 'AWS::CloudWatch::Dashboard')
  const body = JSON.stringify(dashboard?.[1].Properties.DashboardBody)
  for (const metric of [
    '5XXError',
    'Latency',
    'ConcurrentExecutions',
    'Throttles',
    'ConsumedWriteCapacityUnits',
    'WriteThrottleEvents',
    'refusal',
  ])
    expect(body).toContain(metric)
})
