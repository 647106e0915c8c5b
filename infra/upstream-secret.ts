import { RemovalPolicy } from 'aws-cdk-lib'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager'
import { Construct } from 'constructs'

/**
 * The credentials of the upstreams, one JSON object of names and keys. It is made without a value, so that no
 * deployment can ever replace the one that an operator has put there.
 */
export class UpstreamSecret extends Construct {
  readonly resource: CfnSecret

  constructor(
    scope: Construct,
    id: string,
    { key, retain }: { readonly key: IKey; readonly retain: boolean },
  ) {
    super(scope, id)
    this.resource = new CfnSecret(this, 'Secret', {
      description: 'The keys that the providers of the upstreams gave, by the names that model records use',
      kmsKeyId: key.keyArn,
    })
    this.resource.applyRemovalPolicy(retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY)
  }
}
