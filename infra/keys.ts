import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { type IPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import type { SecretDomain } from '../shared/ports/keys.ts'
import { domainsOn } from './permissions.ts'
import { has, type Target } from './targets.ts'

export interface KeysProps {
  readonly target: Target
  readonly retain: boolean
}

/**
 * One key for all data at rest, one HMAC root for each domain of secrets, so that a function derives only what its role
 * allows, one key to wrap others with, one to sign statements with, and one to sign checkpoints of the log with. Token signing keys are not here:
 * the operator's script makes them, for they outlive no deployment and change by their own schedule.
 */
export class Keys extends Construct {
  readonly data: Key
  /** Wraps the keys of the months' fingerprints, which are kept so. */
  readonly wrapping: Key
  /** Signs attestations, certificates and advisories. What it has signed is verified for as long as somebody keeps it. */
  readonly statements: Key
  /** Signs checkpoints of the log, which is known by its public half; absent where KMS has no Ed25519. */
  readonly checkpoints: Key | undefined
  readonly #roots: ReadonlyMap<SecretDomain, Key>

  constructor(scope: Construct, id: string, { target, retain }: KeysProps) {
    super(scope, id)
    const removalPolicy = retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY
    const stack = Stack.of(this).stackName
    this.data = new Key(this, 'Data', {
      description: `${stack}: tables, objects, logs, queues, events and the upstream credentials at rest`,
      enableKeyRotation: true,
      rotationPeriod: Duration.days(365),
      removalPolicy,
    })
    this.encryptsLogGroup(`${stack}-*`)
    this.wrapping = new Key(this, 'Wrapping', {
      description: `${stack}: wraps the keys of fingerprints`,
      enableKeyRotation: true,
      rotationPeriod: Duration.days(365),
      removalPolicy,
    })
    // A key of this kind cannot rotate either: its thumbprint stands in all that it has signed.
    this.statements = new Key(this, 'Statements', {
      description: `${stack}: signs statements about agreements, reviews and findings, never a token`,
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy,
    })
    if (has(target, 'ed25519'))
      this.checkpoints = new Key(this, 'Checkpoints', {
        description: `${stack}: signs checkpoints of the log`,
        keySpec: KeySpec.ECC_NIST_EDWARDS25519,
        keyUsage: KeyUsage.SIGN_VERIFY,
        removalPolicy,
      })
    // An HMAC key cannot rotate: what is derived from it would change with it.
    this.#roots = new Map(
      domainsOn(target).map(domain => [
        domain,
        new Key(this, domain, {
          description: `${stack}: the root of the secrets of the domain ${domain}`,
          keySpec: KeySpec.HMAC_256,
          keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
          removalPolicy,
        }),
      ]),
    )
  }

  root(domain: SecretDomain): Key {
    const key = this.#roots.get(domain)
    if (key === undefined) throw new Error(`No function derives secrets of the domain ${domain}`)
    return key
  }

  /** Lets CloudWatch Logs encrypt the groups of that name, which may end in `*`. */
  encryptsLogGroup(name: string): void {
    this.#admit(
      // The regional name; it has the partition's own suffix.
      new ServicePrincipal(`logs.${Aws.REGION}.${Aws.URL_SUFFIX}`),
      [
        'kms:Encrypt',
        'kms:Decrypt',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
        'kms:GenerateDataKey',
        'kms:DescribeKey',
      ],
      { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': this.#arn('logs', 'log-group', name) } },
    )
  }

  /** Lets alarms of this stack's name be published to a topic that the key encrypts. */
  encryptsAlarms(): void {
    this.#admit(new ServicePrincipal('cloudwatch.amazonaws.com'), ['kms:Decrypt', 'kms:GenerateDataKey'], {
      StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
      ArnLike: { 'aws:SourceArn': this.#arn('cloudwatch', 'alarm', `${Stack.of(this).stackName}-*`) },
    })
  }

  #arn(service: string, resource: string, resourceName: string): string {
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME
    return Stack.of(this).formatArn({ service, resource, resourceName, arnFormat })
  }

  #admit(principal: IPrincipal, actions: string[], conditions: Record<string, unknown>): void {
    // In a key's own policy `*` is that key.
    this.data.addToResourcePolicy(
      new PolicyStatement({ principals: [principal], actions, resources: ['*'], conditions }),
    )
  }
}
