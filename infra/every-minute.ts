import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import type { SallyportFunction } from './function.ts'

export interface EveryMinuteProps {
  /** What the function does, for whoever lists the rules of an account. */
  readonly description: string
  readonly starts: SallyportFunction
}

/**
 * Starts a function every minute, by a rule: an emulator's Scheduler never fires. What a run fails at goes to the dead
 * letters; that none is started at all shows as silence, which has an alarm.
 */
export class EveryMinute extends Construct {
  constructor(scope: Construct, id: string, { description, starts }: EveryMinuteProps) {
    super(scope, id)
    new Rule(this, 'EveryMinute', {
      description,
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(starts.lambda, { retryAttempts: 2, maxEventAge: Duration.minutes(5) })],
    })
  }
}
