import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import type { SallyportFunction } from './function.ts'

/**
 * Starts the sweeper every minute, by a rule: an emulator's Scheduler never fires. What the sweeper fails at goes to
 * its own dead letters; that it is not started at all shows as silence, which has an alarm.
 */
export class SweeperSchedule extends Construct {
  constructor(scope: Construct, id: string, sweeper: SallyportFunction) {
    super(scope, id)
    new Rule(this, 'EveryMinute', {
      description: 'Settles expired leases and ends abandoned calls',
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweeper.lambda, { retryAttempts: 2, maxEventAge: Duration.minutes(5) })],
    })
  }
}
