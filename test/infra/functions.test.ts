import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { buildDeployment } from '../../infra/deployment.ts'
import { scheduled } from '../../infra/functions.ts'
import { readParameters, reservedFor } from '../../infra/parameters.ts'
import { functionNames } from '../../infra/permissions.ts'
import { arn, statementsOf } from './policies.ts'
import { newApp, ofType, properties, synthesize } from './synthesis.ts'

const { template, json } = synthesize()

const lambdas = (of = json) =>
  functionNames.map(name => properties(of, 'AWS::Lambda::Function', `Functions${name}`))

describe('the functions', () => {
  test('are those of the table of permissions, and no other', () => {
    expect(ofType(json, 'AWS::Lambda::Function')).toHaveLength(functionNames.length)
  })

  test('run Node 24 on arm64 and write JSON into a log of their own', () => {
    for (const [i, name] of functionNames.entries())
      expect(lambdas()[i]).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        LoggingConfig: {
          LogFormat: 'JSON',
          LogGroup: { Ref: expect.stringMatching(`^Functions${name}Log`) },
        },
      })
  })

  test('end in time: the gate after 15 minutes, which is all that Lambda gives', () => {
    expect(lambdas().map(one => one.Timeout)).toEqual([25, 900, 10, 300, 60, 60, 900, 15])
  })

  test('have concurrency kept for each, so that streams leave some to the others', () => {
    expect(lambdas().map(one => one.ReservedConcurrentExecutions)).toEqual([50, 500, 50, 2, 2, 2, 15, 50])
    // Of the 1,000 that an account has, Lambda insists on 100 for what nothing is kept for.
    const kept = functionNames.map(name => reservedFor(readParameters({}), name) ?? 0)
    expect(kept.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(900)
  })

  test('take what the account has left where nothing can be kept', () => {
    const none = {
      gateConcurrency: 'none',
      tokenConcurrency: 'none',
      apiConcurrency: 'none',
      sweeperConcurrency: 'none',
      notifierConcurrency: 'none',
      sequencerConcurrency: 'none',
      exporterConcurrency: 'none',
      consoleConcurrency: 'none',
    }
    for (const lambda of lambdas(synthesize(none).json))
      expect(lambda).not.toHaveProperty('ReservedConcurrentExecutions')
  })

  test('are made after their rights', () => {
    for (const [id, { DependsOn }] of ofType(json, 'AWS::Lambda::Function'))
      expect([id, DependsOn?.some(one => one.includes('Policy'))]).toEqual([id, true])
  })

  test('reach AWS through FIPS endpoints where asked to', () => {
    for (const lambda of lambdas(synthesize({ fips: 'true' }).json))
      expect(lambda.Environment).toMatchObject({ Variables: { AWS_USE_FIPS_ENDPOINT: 'true' } })
    for (const lambda of lambdas())
      expect(lambda.Environment).toMatchObject({
        Variables: expect.not.objectContaining({ AWS_USE_FIPS_ENDPOINT: 'true' }),
      })
  })

  test('hold a reservation for as long as the parameter says', () => {
    const gate = properties(synthesize({ leaseSeconds: '45' }).json, 'AWS::Lambda::Function', 'Functionsgate')
    expect(gate.Environment).toMatchObject({ Variables: { SALLYPORT_LEASE_S: '45' } })
  })

  test('a bundle that is missing is named, with how to make it', () => {
    const app = newApp({ assets: '/nowhere' })
    expect(() => buildDeployment(app)).toThrow('/nowhere/token is missing; make it with: npm run bundle')
  })
})

describe.each(scheduled)('the %s', name => {
  test('is started every minute', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [
        Match.objectLike({ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp(`^Functions${name}`), 'Arn'] } }),
      ],
    })
  })

  test('is tried twice again, and then told of in a queue that takes TLS only', () => {
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: Match.stringLikeRegexp(`^Functions${name}`) },
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 300,
    })
    expect(properties(json, 'AWS::Lambda::Function', `Functions${name}`).DeadLetterConfig).toEqual({
      TargetArn: { 'Fn::GetAtt': [expect.stringMatching('^FunctionsDeadLetters'), 'Arn'] },
    })
    expect(statementsOf(json, 'AWS::SQS::QueuePolicy')).toEqual([
      {
        Effect: 'Deny',
        Principal: { AWS: ['*'] },
        Action: ['sqs:*'],
        Resource: [arn('FunctionsDeadLetters')],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ])
  })
})

describe('the stream of the entries', () => {
  const mappings = (of = json) =>
    ofType(of, 'AWS::Lambda::EventSourceMapping').map(([, one]) => one.Properties)

  test('starts the sequencer within a second of a new entry, and of nothing else', () => {
    expect(mappings()).toEqual([
      {
        FunctionName: { Ref: expect.stringMatching('^Functionssequencer') },
        EventSourceArn: { 'Fn::GetAtt': [expect.stringMatching('^Tablesentries'), 'StreamArn'] },
        StartingPosition: 'LATEST',
        FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
        BatchSize: 1000,
        MaximumBatchingWindowInSeconds: 1,
        ParallelizationFactor: 1,
        BisectBatchOnFunctionError: false,
        MaximumRetryAttempts: 2,
        MaximumRecordAgeInSeconds: 300,
        DestinationConfig: {
          OnFailure: {
            Destination: { 'Fn::GetAtt': [expect.stringMatching('^FunctionsDeadLetters'), 'Arn'] },
          },
        },
      },
    ])
  })

  test('of a restored table starts it only where it is given: then the schedule is all', () => {
    const entriesTable = 'Sallyport-entries-restored'
    expect(mappings(synthesize({ entriesTable }).json)).toEqual([])
    const entriesStreamArn = `arn:aws:dynamodb:eu-west-1:123456789012:table/${entriesTable}/stream/2026-11-27T10:00:00.000`
    expect(mappings(synthesize({ entriesTable, entriesStreamArn }).json)).toMatchObject([
      { EventSourceArn: entriesStreamArn },
    ])
  })
})

describe('what the sequencer is told', () => {
  const told = (context: Readonly<Record<string, unknown>> = {}, name = 'sequencer') =>
    (
      properties(synthesize(context).json, 'AWS::Lambda::Function', `Functions${name}`).Environment as {
        Variables: Record<string, unknown>
      }
    ).Variables

  test('is what the parameters say', () => {
    const witnesses = 'https://witness.example.org witness.example.org+0c8a5b2f+BAAA'
    const context = { readerSlots: '16', retentionDays: '730', witnesses }
    expect(told(context)).toMatchObject({
      SALLYPORT_READER_SLOTS: '16',
      SALLYPORT_RETENTION_DAYS: '730',
      SALLYPORT_WITNESSES: witnesses,
      SALLYPORT_OBJECT_LOCK: 'compliance',
    })
    expect(told(context, 'api')).toMatchObject({
      SALLYPORT_READER_SLOTS: '16',
      SALLYPORT_WITNESSES: witnesses,
    })
    expect(told(context, 'exporter')).toMatchObject({
      SALLYPORT_READER_SLOTS: '16',
      SALLYPORT_RETENTION_DAYS: '730',
      SALLYPORT_WITNESSES: witnesses,
    })
    expect(told()).toMatchObject({ SALLYPORT_READER_SLOTS: '64', SALLYPORT_RETENTION_DAYS: '400' })
  })

  test('of a deployment that is to be thrown away is to lock nothing', () => {
    expect(told({ retain: 'false' })).not.toHaveProperty('SALLYPORT_OBJECT_LOCK')
  })
})

describe('the bus of notices', () => {
  test('has the stack’s name and the data key, and no policy that would let others in', () => {
    expect(properties(json, 'AWS::Events::EventBus')).toMatchObject({
      Name: 'Sallyport',
      KmsKeyIdentifier: { 'Fn::GetAtt': [expect.stringMatching('^KeysData'), 'Arn'] },
    })
    template.resourceCountIs('AWS::Events::EventBusPolicy', 0)
    expect(json.Outputs.EventBus?.Value).toEqual({ Ref: expect.stringMatching('^NoticesBus') })
  })

  test('is told to the notifier alone', () => {
    const told = ofType(json, 'AWS::Lambda::Function').filter(([, one]) =>
      JSON.stringify(one.Properties).includes('"SALLYPORT_EVENT_BUS":{"Ref":"NoticesBus'),
    )
    expect(told.map(([id]) => id.slice(0, 17))).toEqual(['Functionsnotifier'])
  })

  test('starts no function: the rules of this stack are schedules', () => {
    for (const [, { Properties }] of ofType(json, 'AWS::Events::Rule')) {
      expect(Properties).not.toHaveProperty('EventPattern')
      expect(Properties).not.toHaveProperty('EventBusName')
    }
  })
})

test('nothing but the API and the schedule starts a function', () => {
  const starters = ofType(json, 'AWS::Lambda::Permission').map(([, one]) => one.Properties)
  expect(new Set(starters.map(one => one.Principal))).toEqual(
    new Set(['apigateway.amazonaws.com', 'events.amazonaws.com']),
  )
  for (const one of starters) expect(one.SourceArn).toBeDefined()
})
