import { describe, expect, test } from 'vitest'
import { buildDeployment } from '../../infra/deployment.ts'
import { leftOut, type Part, targets } from '../../infra/targets.ts'
import { statementsOf } from './policies.ts'
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
  objectLock: json =>
    JSON.stringify(properties(json, 'AWS::Lambda::Function')).includes(
      '"SALLYPORT_OBJECT_LOCK":"compliance"',
    ),
  ed25519: json => properties(json, 'AWS::KMS::Key').some(one => one.KeySpec === 'ECC_NIST_EDWARDS25519'),
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

  test('has every other resource that AWS has, and none of its own but the root of the log’s key', () => {
    const lost = (id: string): boolean =>
      (part('ed25519') && id.startsWith('KeysCheckpoints')) ||
      (part('dashboard') && id.startsWith('Dashboard')) ||
      (part('apiGatewayLogs') && /^Api(AccessLog|ExecutionLog|Rest(Account|CloudWatchRole))/.test(id))
    const part = (name: Part): boolean => name in leftOut[target]
    // A deployment's id is made from what it deploys.
    const ids = (of: TemplateJson) =>
      Object.keys(of.Resources).map(id => id.replace(/^(ApiRestDeployment)[0-9A-F]{8}[0-9a-f]{32}$/, '$1'))
    const [root] = ids(json).filter(id => id.startsWith('Keyslog'))
    expect(root !== undefined).toBe(part('ed25519'))
    expect(ids(json).sort()).toEqual(
      [...ids(aws).filter(id => !lost(id)), ...(root === undefined ? [] : [root])].sort(),
    )
  })

  test('protects, permits and expires exactly as AWS does', () => {
    const same = [
      'AWS::DynamoDB::Table',
      'AWS::SQS::Queue',
      'AWS::SecretsManager::Secret',
      'AWS::CloudWatch::Alarm',
      'AWS::Events::Rule',
      'AWS::Events::EventBus',
      'AWS::S3::Bucket',
    ]
    for (const type of same) expect(ofType(json, type)).toEqual(ofType(aws, type))
    // The sequencer's differ where it signs otherwise or locks nothing: they are compared below.
    const policies = (of: TemplateJson) =>
      ofType(of, 'AWS::IAM::ManagedPolicy').filter(([id]) => !id.startsWith('Functionssequencer'))
    expect(policies(json)).toEqual(policies(aws))
  })

  test('lets the sequencer do what it may on AWS, but for a key and a lock that are not there', () => {
    const own = (of: TemplateJson) =>
      statementsOf(of, 'AWS::IAM::ManagedPolicy', 'Functionssequencer').map(one => JSON.stringify(one))
    const [here, there] = [own(json), own(aws)]
    const lacks = there.filter(one => !here.includes(one)).map(one => JSON.parse(one).Action[0])
    const adds = here.filter(one => !there.includes(one)).map(one => JSON.parse(one))
    expect(lacks).toEqual(target === 'localstack' ? ['kms:Sign'] : ['s3:PutObjectRetention'])
    const derives = { Effect: 'Allow', Action: ['kms:GenerateMac'], Resource: ['{Keyslog.Arn}'] }
    expect(adds).toEqual(target === 'localstack' ? [derives] : [])
  })

  test('gives a whole answer at once, of the gate, the API and the console', () => {
    const handlers = ofType(json, 'AWS::Lambda::Function').map(([id, one]) => [
      id.slice(0, 13),
      one.Properties.Handler,
    ])
    expect(handlers).toContainEqual(['Functionsgate', 'buffered.handler'])
    expect(handlers).toContainEqual([expect.stringMatching('^Functionsapi'), 'buffered.handler'])
    expect(handlers).toContainEqual(['Functionscons', 'buffered.handler'])
    expect(handlers.filter(([, handler]) => handler === 'index.handler')).toHaveLength(handlers.length - 3)
  })

  test('takes bytes that are no text, both ways', () => {
    for (const one of properties(json, 'AWS::ApiGateway::RestApi'))
      expect(one.BinaryMediaTypes).toEqual(['application/octet-stream', '*/*'])
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
