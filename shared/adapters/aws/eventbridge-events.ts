import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { type Events, EventsUnavailable, type PublishedEvent } from '../../ports/events.ts'
import type { Clock, Random } from '../../ports/world.ts'
import { errorName, isTransient } from './fault.ts'
import { startRetry } from './retry.ts'

export interface EventBridgeEventsDeps {
  /** With `maxAttempts: 1`: retries are made here, within a deadline. */
  readonly client: Pick<EventBridgeClient, 'send'>
  /** Its name or ARN. */
  readonly bus: string
  readonly clock: Clock
  readonly random: Random
  /** Of a whole call, and of one attempt; 4 s and 2 s. */
  readonly deadlineMs?: number
  readonly attemptMs?: number
}

/** By which rules choose the events of this system. */
export const eventSource = 'sallyport'

/** Of an entry that the bus did not take, of those that it may take later. */
const again: ReadonlySet<string> = new Set(['InternalException', 'InternalFailure', 'ThrottlingException'])

class EntryRefused extends Error {
  override readonly name = 'EntryRefused'
  readonly code: string

  constructor(code: string) {
    super(`The bus did not take it: ${code}`)
    this.code = code
  }
}

/**
 * One event a request. EventBridge answers 200 for a request whose entry it did not take; that is looked for here. An
 * event whose answer was lost is sent again, and has the same `id` in its detail.
 */
export function createEventBridgeEvents(deps: EventBridgeEventsDeps): Events {
  const { client, bus, clock, random, deadlineMs = 4_000, attemptMs = 2_000 } = deps
  return {
    async publish({ type, at, detail }: PublishedEvent): Promise<void> {
      const request = new PutEventsCommand({
        Entries: [
          {
            EventBusName: bus,
            Source: eventSource,
            DetailType: type,
            Detail: JSON.stringify(detail),
            Time: new Date(at),
          },
        ],
      })
      try {
        await startRetry({ clock, random, deadlineMs, attemptMs })(
          async abortSignal => {
            const { FailedEntryCount, Entries } = await client.send(request, { abortSignal })
            if (FailedEntryCount !== 0) throw new EntryRefused(Entries?.[0]?.ErrorCode ?? 'no reason given')
          },
          error => (error instanceof EntryRefused ? again.has(error.code) : isTransient(error)),
        )
      } catch (cause) {
        throw new EventsUnavailable(`EventBridge: PutEvents failed: ${errorName(cause)}`, { cause })
      }
    },
  }
}
