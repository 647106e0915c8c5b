import { Duration } from 'aws-cdk-lib'
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda'
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { SallyportFunction } from './function.ts'
import type { Tables } from './tables.ts'

export interface EntriesStreamProps {
  readonly tables: Tables
  readonly starts: SallyportFunction
  readonly deadLetters: IQueue
}

/**
 * Starts the sequencer within a second or two of a new entry. The records say no more than that there is something to
 * do: it looks for itself, so one that is lost, late or doubled changes nothing, and a batch that failed need not be
 * tried for long or cut in two. A restored table whose stream is not given has the schedule alone.
 */
export class EntriesStream extends Construct {
  constructor(scope: Construct, id: string, { tables, starts, deadLetters }: EntriesStreamProps) {
    super(scope, id)
    const { entriesStreamArn } = tables
    if (entriesStreamArn === undefined) return
    const mapping = new EventSourceMapping(this, 'Stream', {
      target: starts.lambda,
      eventSourceArn: entriesStreamArn,
      startingPosition: StartingPosition.LATEST,
      batchSize: 1000,
      maxBatchingWindow: Duration.seconds(1),
      parallelizationFactor: 1,
      // The sequencer's own changes are none, and neither is what expires.
      filters: [FilterCriteria.filter({ eventName: FilterRule.isEqual('INSERT') })],
      retryAttempts: 2,
      maxRecordAge: Duration.minutes(5),
      bisectBatchOnError: false,
      onFailure: new SqsDlq(deadLetters),
    })
    // Lambda asks for the right to the stream when the mapping is made.
    mapping.node.addDependency(starts)
  }
}
