import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { idleSince, lapseOf } from '../../../shared/domain/client-lapse.ts'
import { clientMachine, clientStep } from '../../../shared/domain/machines.ts'
import type { Client } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'

const day = 86_400_000
const start = 20_000 * day
const rules = { inactivityDays: 35 }
const client: Client = {
  id: 'client_1',
  name: 'batch',
  organisation: 'cedar',
  kind: 'workload',
  state: 'active',
  expiresAt: start + 365 * day,
  keys: [],
  createdAt: start,
}
const lapse = (change: Partial<Client>, now: number) => lapseOf({ ...client, ...change }, rules, now)
const inactivity = { event: 'suspend', reason: 'inactivity' }

describe('a client lapses', () => {
  test('at its end, also when it is suspended', () => {
    for (const state of ['enrolled', 'active', 'suspended'] as const) {
      expect(lapse({ state, seenOn: 20_364 }, client.expiresAt - 1)).toBeUndefined()
      expect(lapse({ state, seenOn: 20_364 }, client.expiresAt)).toEqual({ event: 'expire' })
    }
  })

  test('when it was never used since its enrolment', () => {
    expect(lapse({}, start + 35 * day - 1)).toBeUndefined()
    expect(lapse({}, start + 35 * day)).toEqual(inactivity)
    expect(lapse({ state: 'enrolled' }, start + 35 * day)).toEqual(inactivity)
  })

  test('when 35 whole days have passed after the day of its last token', () => {
    const seenOn = 20_010
    expect(lapse({ seenOn }, (seenOn + 36) * day - 1)).toBeUndefined()
    expect(lapse({ seenOn }, (seenOn + 36) * day)).toEqual(inactivity)
  })

  test('when its sponsor did not confirm it', () => {
    const sponsor = { person: 'person_1', confirmedUntil: start + day }
    expect(lapse({ sponsor }, start + day - 1)).toBeUndefined()
    expect(lapse({ sponsor }, start + day)).toEqual({ event: 'suspend', reason: 'confirmation_missed' })
  })

  test('for no inactivity when it is suspended, or nobody knows since when', () => {
    expect(lapse({ state: 'suspended' }, start + 300 * day)).toBeUndefined()
    const { createdAt: _, ...unknown } = client
    expect(lapseOf(unknown, rules, start + 300 * day)).toBeUndefined()
    expect(idleSince(unknown)).toBeUndefined()
  })

  test('never from a state that the event does not leave', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...clientMachine.states),
        fc.integer({ min: 0, max: 800 }),
        fc.option(fc.integer({ min: 19_900, max: 20_800 }), { nil: undefined }),
        fc.option(fc.integer({ min: 0, max: 800 }), { nil: undefined }),
        (state, days, seenOn, confirmed) => {
          const sponsor =
            confirmed === undefined ? {} : { person: 'p', confirmedUntil: start + confirmed * day }
          const due = lapse(
            {
              state,
              ...(seenOn !== undefined && { seenOn }),
              ...(confirmed !== undefined && { sponsor }),
            } as Partial<Client>,
            start + days * day,
          )
          if (due) expect(clientStep(state, due.event)).not.toBeInstanceOf(Refusal)
        },
      ),
    )
  })
})
