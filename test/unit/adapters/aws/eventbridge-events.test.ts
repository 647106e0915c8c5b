import { describe, expect, test } from 'vitest'
import { createEventBridgeEvents } from '../../../../shared/adapters/aws/eventbridge-events.ts'
import { EventsUnavailable } from '../../../../shared/ports/events.ts'
import {
  type Answer,
  connectionError,
  createFakeClient,
  createFakeClock,
  hangs,
  longestPauses,
  serviceError,
} from './fake-aws.ts'

const event = { type: 'partner.suspended', at: 1_800_000_000_000, detail: { id: 'n', text: 'x' } }
const taken = { FailedEntryCount: 0, Entries: [{ EventId: 'e' }] }
const refused = (ErrorCode: string) => ({ FailedEntryCount: 1, Entries: [{ ErrorCode, ErrorMessage: 'm' }] })

function opened(...answers: readonly (Answer | object)[]) {
  const clock = createFakeClock(0)
  const { client, sent } = createFakeClient(clock, ...answers)
  return {
    clock,
    sent,
    events: createEventBridgeEvents({ client, bus: 'Gate', clock, random: longestPauses }),
  }
}

describe('publish', () => {
  test('puts one event on the bus, by the source and type that rules choose by', async () => {
    const { events, sent } = opened(taken)
    await events.publish(event)
    expect(sent.map(({ name, input }) => [name, input])).toEqual([
      [
        'PutEventsCommand',
        {
          Entries: [
            {
              EventBusName: 'Gate',
              Source: 'sallyport',
              DetailType: 'partner.suspended',
              Detail: '{"id":"n","text":"x"}',
              Time: new Date(event.at),
            },
          ],
        },
      ],
    ])
  })

  test.each([
    ['a throttled request', serviceError('ThrottlingException', 400)],
    ['a failure of the service', serviceError('InternalException', 500)],
    ['a lost connection', connectionError('ECONNRESET')],
    ['an entry that was throttled in an answer of 200', refused('ThrottlingException')],
    ['an entry at which the bus failed', refused('InternalFailure')],
  ])('does not take %s for done, and tries again', async (_, answer) => {
    const { events, sent } = opened(answer, taken)
    await events.publish(event)
    expect(sent).toHaveLength(2)
  })

  test.each([
    ['without the right', serviceError('AccessDeniedException', 403)],
    ['to a bus that is not there', serviceError('ResourceNotFoundException', 400)],
    ['with an answer that does not say what became of it', {}],
    ['of an entry that the bus does not take', refused('MalformedDetail')],
  ])('gives up at once %s', async (_, answer) => {
    const { events, sent } = opened(answer)
    await expect(events.publish(event)).rejects.toThrow(EventsUnavailable)
    expect(sent).toHaveLength(1)
  })

  test('gives up in time, and tells nothing of the event', async () => {
    const { events, clock } = opened(hangs)
    const failure = await events.publish(event).catch((error: Error) => error)
    expect(failure).toBeInstanceOf(EventsUnavailable)
    expect(String(failure)).not.toContain('partner')
    expect(clock.now()).toBeLessThanOrEqual(4_000)
  })
})
