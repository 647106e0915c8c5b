import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { BasePathMapping, DomainName, EndpointType } from 'aws-cdk-lib/aws-apigateway'
import { Certificate, CertificateValidation, type ICertificate } from 'aws-cdk-lib/aws-certificatemanager'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import { ARecord, HostedZone, type IHostedZone, RecordTarget } from 'aws-cdk-lib/aws-route53'
import { ApiGatewayDomain } from 'aws-cdk-lib/aws-route53-targets'
import { endpointSecurity } from './api.ts'
import { Firewall } from './firewall.ts'
import type { Parameters } from './parameters.ts'
import type { SallyportStack } from './stack.ts'

/** A domain of one's own with a firewall before it, in any partition; where asked for, an ML-DSA signing key. */
export class EdgeStack extends Stack {
  readonly #parameters: Parameters

  constructor(gateway: SallyportStack, domain: string, parameters: Parameters, props: StackProps = {}) {
    super(gateway.node.root, `${parameters.name}Edge`, {
      description: 'Sallyport: domain and firewall',
      ...props,
    })
    this.#parameters = parameters
    const { api, keys } = gateway
    const zone = this.#zone()
    const name = new DomainName(this, 'Domain', {
      domainName: domain,
      certificate: this.#certificate(domain, zone),
      endpointType: EndpointType.REGIONAL,
      ...endpointSecurity(parameters),
    })
    new BasePathMapping(this, 'Mapping', {
      domainName: name,
      restApi: api.rest,
      stage: api.rest.deploymentStage,
    })
    if (zone)
      new ARecord(this, 'Record', {
        zone,
        recordName: domain,
        target: RecordTarget.fromAlias(new ApiGatewayDomain(name)),
      })
    new Firewall(this, 'Firewall', { api, keys, parameters })
    new CfnOutput(this, 'DomainTarget', { value: name.domainNameAliasDomainName })
    if (parameters.mlDsa) this.#mlDsaKey()
  }

  #zone(): IHostedZone | undefined {
    const { hostedZoneId, hostedZoneName: zoneName } = this.#parameters
    if (hostedZoneId === undefined || zoneName === undefined) return undefined
    return HostedZone.fromHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName })
  }

  #certificate(domainName: string, zone: IHostedZone | undefined): ICertificate {
    const { certificateArn } = this.#parameters
    return certificateArn === undefined
      ? new Certificate(this, 'Certificate', { domainName, validation: CertificateValidation.fromDns(zone) })
      : Certificate.fromCertificateArn(this, 'Certificate', certificateArn)
  }

  /** For checkpoints that hold against a quantum computer (FIPS 204). Not every region has the algorithm. */
  #mlDsaKey(): void {
    const key = new Key(this, 'MlDsa', {
      description: `${this.stackName}: signs checkpoints beside the Ed25519 key`,
      keySpec: KeySpec.ML_DSA_87,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: this.#parameters.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    new CfnOutput(this, 'MlDsaKeyArn', { value: key.keyArn })
  }
}
