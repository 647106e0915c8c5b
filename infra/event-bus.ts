import { Stack } from 'aws-cdk-lib'
import { EventBus } from 'aws-cdk-lib/aws-events'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'

/**
 * Where the notices of all organisations are published, for the operator's own rules: `source` is `sallyport`,
 * `detail-type` the notice's type. It has no policy, so that nobody outside this account puts on it or listens, and of
 * the functions only the notifier may put. It holds nothing that the registry does not.
 */
export class NoticeBus extends Construct {
  readonly bus: EventBus

  constructor(scope: Construct, id: string, { key }: { readonly key: IKey }) {
    super(scope, id)
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: Stack.of(this).stackName,
      description: 'Notices of Sallyport',
      // The CDK admits EventBridge to it, for this bus alone.
      kmsKey: key,
    })
  }
}
