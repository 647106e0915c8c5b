import { ArnFormat, Aws, Stack } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'
import { alarmDefinitions, type Watched } from './alarm-definitions.ts'
import type { Keys } from './keys.ts'
import type { Parameters } from './parameters.ts'

export interface AlarmsProps {
  readonly parameters: Parameters
  readonly keys: Keys
  readonly watched: Watched
}

/** The alarms of `alarmDefinitions`, and the topic that tells of them unless one is given. */
export class Alarms extends Construct {
  readonly topic: ITopic
  readonly #props: AlarmsProps

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id)
    this.#props = props
    const { parameters, watched } = props
    const { alarmTopicArn } = parameters
    this.topic =
      alarmTopicArn === undefined ? this.#ownTopic() : Topic.fromTopicArn(this, 'Topic', alarmTopicArn)
    const action = new SnsAction(this.topic)
    for (const one of alarmDefinitions(parameters)) {
      const alarm = new Alarm(this, one.id, {
        alarmName: `${Stack.of(this).stackName}-${one.id}`,
        alarmDescription: `${one.means} ${one.next}`,
        metric: one.metric(watched),
        threshold: one.threshold,
        comparisonOperator: one.below
          ? ComparisonOperator.LESS_THAN_THRESHOLD
          : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluationPeriods: one.periods,
        treatMissingData: one.missing,
      })
      alarm.addAlarmAction(action)
      alarm.addOkAction(action)
    }
  }

  #ownTopic(): Topic {
    const { parameters, keys } = this.#props
    keys.encryptsAlarms()
    const topic = new Topic(this, 'Topic', { masterKey: keys.data, enforceSSL: true })
    const { stackName } = Stack.of(this)
    // A policy of its own takes the place of the usual one, by which the account's alarms may publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: {
            'aws:SourceArn': Stack.of(this).formatArn({
              service: 'cloudwatch',
              resource: 'alarm',
              resourceName: `${stackName}-*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    )
    if (parameters.alarmEmail !== undefined)
      topic.addSubscription(new EmailSubscription(parameters.alarmEmail))
    return topic
  }
}
