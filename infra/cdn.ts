import { CfnOutput, Duration, Stack } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  HttpVersion,
  LambdaEdgeEventType,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import { CompositePrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  Code,
  type IVersion,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'

export interface CdnProps {
  readonly name: string
  /** Where callers come, and its certificate. */
  readonly cdnDomain: string
  readonly cdnCertificateArn: string
  /** The domain of the edge stack, which it stands before. */
  readonly domain: string
}

/**
 * API Gateway renames `WWW-Authenticate` on its way out; this gives it its name back (RFC 9110 §11.6.1). It runs on the
 * origin's response, in Lambda@Edge: what runs on the viewer's, a CloudFront Function too, is passed over when the
 * status is 400 or more, and it is for 401 that it is needed. The body still streams.
 */
export const restoreHeaders = `exports.handler = async event => {
  const { response } = event.Records[0].cf
  const { 'x-amzn-remapped-www-authenticate': renamed, ...headers } = response.headers
  if (!renamed) return response
  const restored = renamed.map(({ value }) => ({ key: 'WWW-Authenticate', value }))
  return { ...response, headers: { ...headers, 'www-authenticate': restored } }
}`

/**
 * CloudFront before the edge's domain, for callers whose OAuth library insists on `WWW-Authenticate`. It exists in the
 * partition `aws` only, is steered from us-east-1, and breaks off a reply in which nothing comes for a minute: the gate
 * fills silent streams, but a JSON answer that takes longer needs the edge's domain. Behind it the firewall and the
 * entries see CloudFront's addresses: `requestsPerAddress` is then one for each of those.
 */
export class CdnStack extends Stack {
  readonly restoreHeaders: LambdaFunction

  constructor(scope: Construct, { name, domain, cdnDomain, cdnCertificateArn }: CdnProps) {
    super(scope, `${name}Cdn`, {
      description: 'Sallyport: restores the names of headers',
      env: { region: 'us-east-1' },
    })
    this.restoreHeaders = new LambdaFunction(this, 'RestoreHeaders', {
      // The newest that Lambda@Edge is documented to run; it has no environment, no arm64 and no log of ours.
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.X86_64,
      code: Code.fromInline(restoreHeaders),
      handler: 'index.handler',
      role: new Role(this, 'Role', {
        assumedBy: new CompositePrincipal(
          new ServicePrincipal('lambda.amazonaws.com'),
          new ServicePrincipal('edgelambda.amazonaws.com'),
        ),
      }).withoutPolicyUpdates(),
    })
    // As an interface, because the class does not fit it where an optional property may not be undefined.
    const version = this.restoreHeaders.currentVersion as IVersion
    const distribution = new Distribution(this, 'Distribution', {
      domainNames: [cdnDomain],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', cdnCertificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      httpVersion: HttpVersion.HTTP2_AND_3,
      defaultBehavior: {
        origin: new HttpOrigin(domain, {
          protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
          originSslProtocols: [OriginSslPolicy.TLS_V1_2],
          readTimeout: Duration.seconds(60),
        }),
        allowedMethods: AllowedMethods.ALLOW_ALL,
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
        // Every answer is for one caller, and a compressed stream would be held back.
        cachePolicy: CachePolicy.CACHING_DISABLED,
        compress: false,
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        edgeLambdas: [{ eventType: LambdaEdgeEventType.ORIGIN_RESPONSE, functionVersion: version }],
      },
    })
    new CfnOutput(this, 'CdnTarget', { value: distribution.distributionDomainName })
  }
}
