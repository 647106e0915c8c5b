import { describe, expect, test } from 'vitest'
import { buildDeployment } from '../../infra/deployment.ts'
import { leftOut, type Part, targets } from '../../infra/targets.ts'
import { newApp, ofType, strings, synthesize, type TemplateJson } from './synthesis.ts'

const aws = synthesize().json

/** Whether a template has a part, seen from the template alone. */
const shows: Readonly<Record<Exclude<Part, 'edge'>, (json: TemplateJson) => boolean>> = {
  arm64: json => properties(json, 'AWS::Lambda::Function').every(one => `${one.Architectures}` === 'arm64'),
  streaming: json =>
    JSON.stringify(properties(json, 'AWS::ApiGateway::Method')).includes('"ResponseTransferMode":"STREAM"'),
  dashboard: json => properties(json, 'AWS::CloudWatch::Dashboard').length === 1,
  tlsPolicy: json =>
    properties(json, 'AWS::ApiGateway::RestApi').every(one => one.SecurityPolicy !== undefined),
  apiGatewayLogs: json =>
    properties(json, 'AWS::ApiGateway::Stage').every(one => one.AccessLogSetting !== undefined),
  conditionalPuts: json =>
    JSON.stringify(properties(json, 'AWS::S3::BucketPolicy')).includes('s3:if-none-match'),
}

const properties = (json: TemplateJson, type: string) => ofType(json, type).map(([, one]) => one.Properties)

test('AWS gets every part', () => {
  expect(leftOut.aws).toEqual({})
  for (const [part, there] of Object.entries(shows)) expect([part, there(aws)]).toEqual([part, true])
})

describe.each(targets.filter(one => one !== 'aws'))('%s', target => {
  const { json } = synthesize({ target })

  test('lacks the parts that the table leaves out, and has all others', () => {
    for (const [part, there] of Object.entries(shows)) {
      if (part === 'arm64' && process.arch === 'arm64') continue
      expect([part, there(json)]).toEqual([part, !(part in leftOut[target])])
    }
  })

  test('has every other resource that AWS has, and none of its own', () => {
    const lost = (id: string): boolean =>
      (part('dashboard') && id.startsWith('Dashboard')) ||
      (part('apiGatewayLogs') && /^Api(AccessLog|ExecutionLog|Rest(Account|CloudWatchRole))/.test(id))
    const part = (name: Part): boolean => name in leftOut[target]
    // A deployment's id is made from what it deploys.
    const ids = (of: TemplateJson) =>
      Object.keys(of.Resources).map(id => id.replace(/^(ApiRestDeployment)[0-9A-F]{8}[0-9a-f]{32}$/, '$1'))
    expect(ids(json).sort()).toEqual(
      ids(aws)
        .filter(id => !lost(id))
        .sort(),
    )
  })

  test('protects, permits and expires exactly as AWS does', () => {
    const same = [
      'AWS::DynamoDB::Table',
      'AWS::IAM::ManagedPolicy',
      'AWS::SQS::Queue',
      'AWS::SecretsManager::Secret',
      'AWS::CloudWatch::Alarm',
      'AWS::Events::Rule',
      'AWS::Events::EventBus',
      'AWS::S3::Bucket',
    ]
    for (const type of same) expect(ofType(json, type)).toEqual(ofType(aws, type))
  })

  test('gives the gate’s whole answer at once', () => {
    const handlers = ofType(json, 'AWS::Lambda::Function').map(([id, one]) => [
      id.slice(0, 13),
      one.Properties.Handler,
    ])
    expect(handlers).toContainEqual(['Functionsgate', 'buffered.handler'])
    expect(handlers.filter(([, handler]) => handler === 'index.handler')).toHaveLength(handlers.length - 1)
  })

  test('is issued under the path at which it serves the API', () => {
    const issuer = (of: TemplateJson): string => JSON.stringify(of.Outputs.Issuer?.Value)
    expect(issuer(json)).toMatch(
      /https?:\/\/127\.0\.0\.1:4566\/_aws\/execute-api\/",\{"Ref":"ApiRest\w+"\},"\/live"/,
    )
    const elsewhere = synthesize({ target, endpoint: 'https://localhost:4577' }).json
    expect(issuer(elsewhere)).toMatch(/https:\/\/localhost:4577\/_aws\/execute-api\//)
  })

  test('says why each part is missing', () => {
    for (const reason of Object.values(leftOut[target])) expect(reason).toMatch(/^[A-Z].*\.$/)
  })
})

test('a domain that is kept for AWS makes no edge on an emulator, and its issuer stays the emulator’s', () => {
  const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/a'
  const parameters = { target: 'localstack', domain: 'gate.example.org', certificateArn }
  const app = newApp(parameters)
  expect(Object.keys(buildDeployment(app)).sort()).toEqual(['gateway', 'parameters'])
  expect(strings(synthesize(parameters).json.Outputs.Issuer).join('')).toContain('/_aws/execute-api/')
})
