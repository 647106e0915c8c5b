import { runInNewContext } from 'node:vm'
import { Match } from 'aws-cdk-lib/assertions'
import { describe, expect, test } from 'vitest'
import { restoreHeaders } from '../../infra/cdn.ts'
import { edgeContext, properties, synthesize, templateOf } from './synthesis.ts'

const { deployment } = synthesize(edgeContext)
if (!deployment.edge || !deployment.cdn) throw new Error('no edge')
const { template: edge, json } = templateOf(deployment.edge)
const { template: cdn } = templateOf(deployment.cdn)

describe('the edge', () => {
  test('is there only for a domain, and the CDN only for a domain of its own', () => {
    expect(synthesize().deployment.edge).toBeUndefined()
    const { cdnDomain, cdnCertificateArn, ...domainOnly } = edgeContext
    const without = synthesize(domainOnly).deployment
    expect(without.edge).toBeDefined()
    expect(without.cdn).toBeUndefined()
  })

  test('maps the whole domain to the stage', () => {
    edge.hasResourceProperties('AWS::ApiGateway::DomainName', {
      DomainName: 'gateway.example.org',
      EndpointConfiguration: { Types: ['REGIONAL'] },
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
    })
    edge.hasResourceProperties('AWS::ApiGateway::BasePathMapping', { BasePath: Match.absent() })
    edge.hasResourceProperties('AWS::Route53::RecordSet', { Name: 'gateway.example.org.', Type: 'A' })
    edge.resourceCountIs('AWS::CertificateManager::Certificate', 1)
  })

  test('uses a certificate that is there, and makes no record where the zone is elsewhere', () => {
    const certificateArn = 'arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/abc'
    const { edge } = synthesize({ domain: 'gateway.example.mil', certificateArn }).deployment
    if (!edge) throw new Error('no edge')
    const { template } = templateOf(edge)
    template.hasResourceProperties('AWS::ApiGateway::DomainName', { RegionalCertificateArn: certificateArn })
    template.resourceCountIs('AWS::CertificateManager::Certificate', 0)
    template.resourceCountIs('AWS::Route53::RecordSet', 0)
    // GovCloud has no CloudFront.
    expect(JSON.stringify(template.toJSON())).not.toMatch(/CloudFront/)
  })

  test('makes an ML-DSA-87 key where asked to', () => {
    edge.hasResourceProperties('AWS::KMS::Key', { KeySpec: 'ML_DSA_87', KeyUsage: 'SIGN_VERIFY' })
  })
})

describe('the firewall', () => {
  const acl = properties(json, 'AWS::WAFv2::WebACL')
  const rules = acl.Rules as {
    readonly Name: string
    readonly Action?: unknown
    readonly Statement: {
      readonly RateBasedStatement?: unknown
      readonly ManagedRuleGroupStatement?: {
        readonly RuleActionOverrides: readonly { readonly Name: string; readonly ActionToUse: unknown }[]
      }
    }
  }[]

  test('stands before the stage', () => {
    edge.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1)
    expect(acl).toMatchObject({ Scope: 'REGIONAL', DefaultAction: { Allow: {} } })
  })

  test('limits each address, and answers in our own words', () => {
    expect(rules[0]).toMatchObject({
      Statement: { RateBasedStatement: { AggregateKeyType: 'IP', Limit: 30_000 } },
      Action: { Block: { CustomResponse: { ResponseCode: 429 } } },
    })
    const { slower } = acl.CustomResponseBodies as { slower: { Content: string } }
    expect(JSON.parse(slower.Content)).toMatchObject({ code: 'rate_limited', status: 429 })
  })

  test('only counts what it takes offence at in a body, for that is a prompt', () => {
    const overrides = rules.flatMap(one => one.Statement.ManagedRuleGroupStatement?.RuleActionOverrides ?? [])
    expect(overrides.map(one => one.Name)).toEqual(
      expect.arrayContaining([
        'SizeRestrictions_BODY',
        'CrossSiteScripting_BODY',
        'GenericLFI_BODY',
        'Log4JRCE_BODY',
      ]),
    )
    const others = overrides.map(one => one.Name).filter(name => !name.endsWith('_BODY'))
    // The way back to a CLI is a URL with an IPv4 address, and a provider's code can be long.
    expect(others).toEqual(['GenericRFI_QUERYARGUMENTS', 'SizeRestrictions_QUERYSTRING'])
    for (const one of overrides) expect(one.ActionToUse).toEqual({ Count: {} })
  })

  test('writes down neither tokens nor proofs', () => {
    edge.hasResourceProperties('AWS::WAFv2::LoggingConfiguration', {
      RedactedFields: Match.arrayWith([
        { SingleHeader: { Name: 'authorization' } },
        { SingleHeader: { Name: 'dpop' } },
        { QueryString: {} },
      ]),
    })
    for (const config of [
      acl.VisibilityConfig,
      ...(acl.Rules as { VisibilityConfig: unknown }[]).map(one => one.VisibilityConfig),
    ])
      expect(config).toMatchObject({ SampledRequestsEnabled: false })
  })
})

describe('the CDN', () => {
  test('keeps nothing, compresses nothing and passes every header on', () => {
    cdn.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: {
        Aliases: ['cdn.example.org'],
        ViewerCertificate: Match.objectLike({ MinimumProtocolVersion: 'TLSv1.2_2021' }),
        DefaultCacheBehavior: {
          // AWS's own policies: caching disabled; all but the host.
          CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
          OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
          Compress: false,
          ViewerProtocolPolicy: 'https-only',
          LambdaFunctionAssociations: [Match.objectLike({ EventType: 'origin-response' })],
        },
        Origins: [Match.objectLike({ DomainName: 'gateway.example.org' })],
      },
    })
  })

  const { handler } = runInNewContext(`const exports = {}; ${restoreHeaders}; exports`) as {
    handler: (event: unknown) => Promise<{ status: string; headers: Record<string, unknown> }>
  }
  const response = (headers: object) => ({ Records: [{ cf: { response: { status: '401', headers } } }] })

  test('gives WWW-Authenticate its name back, on a refusal too', async () => {
    const challenge = 'DPoP error="use_dpop_nonce"'
    const restored = await handler(
      response({
        'x-amzn-remapped-www-authenticate': [{ key: 'x-amzn-Remapped-WWW-Authenticate', value: challenge }],
        'dpop-nonce': [{ key: 'DPoP-Nonce', value: 'n' }],
      }),
    )
    expect(restored).toEqual({
      status: '401',
      headers: {
        'www-authenticate': [{ key: 'WWW-Authenticate', value: challenge }],
        'dpop-nonce': [{ key: 'DPoP-Nonce', value: 'n' }],
      },
    })
  })

  test('leaves every other answer as it is', async () => {
    const headers = { 'content-type': [{ key: 'Content-Type', value: 'text/event-stream' }] }
    expect((await handler(response(headers))).headers).toEqual(headers)
  })
})
