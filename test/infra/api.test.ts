import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { routes } from '../../infra/api.ts'
import { gatewayRefusals } from '../../infra/gateway-responses.ts'
import { functionNames } from '../../infra/permissions.ts'
import { refusals } from '../../shared/domain/refusal.ts'
import { edgeContext, ofType, properties, strings, synthesize } from './synthesis.ts'

const { template, json } = synthesize()
const stage = properties(json, 'AWS::ApiGateway::Stage')

/** The whole path of a resource, by its parents. */
function pathOf(id: string): string {
  const found = json.Resources[id]?.Properties
  if (found === undefined) return ''
  const parent = found.ParentId as { Ref?: string }
  return [...(parent.Ref ? [pathOf(parent.Ref)] : []), found.PathPart].join('/')
}

const methods = ofType(json, 'AWS::ApiGateway::Method').map(([, { Properties }]) => {
  const { HttpMethod, ResourceId, Integration } = Properties as {
    HttpMethod: string
    ResourceId: { Ref: string }
    Integration: Readonly<Record<string, unknown>>
  }
  const uri = strings(Integration.Uri).join('')
  return {
    path: pathOf(ResourceId.Ref),
    method: HttpMethod,
    integration: Integration,
    serves: functionNames.find(name => uri.includes(`Functions${name}`)),
  }
})

describe('the API', () => {
  test('leads each path to its function, whatever the method: the function refuses by name', () => {
    expect(methods.map(({ path, method, serves }) => [path, method, serves]).sort()).toEqual(
      Object.entries(routes)
        .map(([path, name]) => [path, 'ANY', name])
        .sort(),
    )
  })

  test('streams the gate’s replies for as long as the gate may run, and those of API and console, some of which are bytes', () => {
    for (const { serves, integration } of methods) {
      if (serves === 'gate' || serves === 'api' || serves === 'console') {
        expect(integration.ResponseTransferMode).toBe('STREAM')
        expect(integration.TimeoutInMillis).toBe(serves === 'gate' ? 900_000 : undefined)
        expect(strings(integration.Uri)).toContain('/response-streaming-invocations')
      } else expect(integration).not.toHaveProperty('ResponseTransferMode')
    }
  })

  test('lets nothing be invoked from its console', () => {
    for (const [, { Properties }] of ofType(json, 'AWS::Lambda::Permission'))
      expect(strings(Properties.SourceArn).join('')).not.toContain('test-invoke-stage')
  })

  test('speaks TLS 1.2 with forward secrecy or better, on its own endpoint and on the domain', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointConfiguration: { Types: ['REGIONAL'] },
    })
  })

  test('takes no binary media types: a body arrives as it was sent', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { BinaryMediaTypes: Match.absent() })
  })

  test('takes no more than the account can serve', () => {
    expect(stage.MethodSettings).toEqual([
      expect.objectContaining({
        ResourcePath: '/*',
        HttpMethod: '*',
        ThrottlingRateLimit: 1000,
        ThrottlingBurstLimit: 2000,
      }),
    ])
  })

  test('is issued under its own URL with its stage, in whatever partition', () => {
    expect(json.Outputs.Issuer?.Value).toEqual({
      'Fn::Join': [
        '',
        [
          'https://',
          { Ref: expect.stringMatching('^ApiRest') },
          '.execute-api.',
          { Ref: 'AWS::Region' },
          '.',
          { Ref: 'AWS::URLSuffix' },
          '/live',
        ],
      ],
    })
  })

  test.each([
    [{ issuer: 'https://gateway.example.org/some/path' }, 'https://gateway.example.org/some/path'],
    [
      {
        domain: 'gateway.example.org',
        certificateArn: 'arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/a',
      },
      'https://gateway.example.org',
    ],
    [edgeContext, 'https://cdn.example.org'],
  ])('is issued under what %o says', (context, issuer) => {
    const { json } = synthesize(context)
    expect(json.Outputs.Issuer?.Value).toBe(issuer)
    const lambda = ofType(json, 'AWS::Lambda::Function')[0]?.[1].Properties
    expect(lambda?.Environment).toMatchObject({ Variables: { SALLYPORT_ISSUER: issuer } })
  })

  test('has no second door beside a domain', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { DisableExecuteApiEndpoint: false })
    synthesize(edgeContext).template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      DisableExecuteApiEndpoint: true,
    })
  })
})

describe('what the API writes down', () => {
  test('no data is traced: bodies are prompts', () => {
    expect(stage.MethodSettings).toEqual([
      expect.objectContaining({ DataTraceEnabled: false, LoggingLevel: 'ERROR', MetricsEnabled: true }),
    ])
  })

  test('of a request neither query string, nor header, nor body', () => {
    const { Format } = stage.AccessLogSetting as { Format: string }
    const logged = Object.values(JSON.parse(Format) as Record<string, string>)
    expect(logged.filter(one => /query|header|body|userAgent|authorizer|override/i.test(one))).toEqual([])
    // A caller can choose it.
    expect(logged).not.toContain('$context.requestId')
    expect(logged).toContain('$context.identity.sourceIp')
  })

  test('into groups that expire and are encrypted, its own errors too', () => {
    const groups = ofType(json, 'AWS::Logs::LogGroup').filter(([id]) => id.startsWith('Api'))
    expect(groups.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['ApiAccessLog', 'ApiExecutionLog'])
    const [, execution] = groups
    expect(strings(execution?.[1].Properties.LogGroupName).join('')).toMatch(
      /^API-Gateway-Execution-Logs_ApiRest.*\/live$/,
    )
    const [, found] = ofType(json, 'AWS::ApiGateway::Stage')[0] ?? []
    expect(found?.DependsOn).toContain(execution?.[0])
  })

  test('with the account’s role for it, unless another deployment has set that', () => {
    template.resourceCountIs('AWS::ApiGateway::Account', 1)
    template.hasResource('AWS::ApiGateway::Account', { DeletionPolicy: 'Retain' })
    synthesize({ apiGatewayLogRole: 'false' }).template.resourceCountIs('AWS::ApiGateway::Account', 0)
  })
})

describe('what API Gateway refuses by itself', () => {
  const responses = ofType(json, 'AWS::ApiGateway::GatewayResponse').map(([, one]) => one.Properties)

  test.each(gatewayRefusals.map(one => [one.type.responseType, one] as const))(
    '%s',
    (type, { code, detail }) => {
      const response = responses.find(one => one.ResponseType === type) ?? {}
      const { status, title, next } = refusals[code]
      expect(response.StatusCode).toBe(String(status))
      const { 'application/json': body = '' } = response.ResponseTemplates as Record<string, string>
      expect(JSON.parse(body)).toEqual({
        type: `urn:sallyport:refusal:${code}`,
        title,
        status,
        code,
        detail,
        next,
        request_id: '$context.extendedRequestId',
      })
      expect(response.ResponseParameters).toMatchObject({
        'gatewayresponse.header.Content-Type': "'application/problem+json'",
        'gatewayresponse.header.cache-control': "'no-store'",
      })
    },
  )

  test('anything else is covered by the two defaults', () => {
    expect(responses.map(one => one.ResponseType)).toEqual(
      expect.arrayContaining(['DEFAULT_4XX', 'DEFAULT_5XX']),
    )
  })
})
