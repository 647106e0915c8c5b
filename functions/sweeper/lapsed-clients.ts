import { type ClientLapse, lapseOf } from '../../shared/domain/client-lapse.ts'
import { keys } from '../../shared/domain/keys.ts'
import { clientStep } from '../../shared/domain/machines.ts'
import type { Client } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Rules } from '../../shared/domain/rules.ts'
import type { Reason } from '../../shared/domain/stop.ts'
import { time } from '../../shared/domain/time.ts'
import { change } from '../governance/engine/changes.ts'
import { clientSubject } from '../governance/engine/subjects.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'
import { confirmationMissed } from '../governance/people/sponsors.ts'
import { ownerOf } from './missed-stops.ts'

/** An enrolment that has ended, or a client that nobody used or confirmed for too long. */
export const lapsedClient: Lapse<Client> = {
  name: 'clients_lapsed',
  key: keys.client,
  due: (client, { now, rules }) => lapseOf(client, rules, now) !== undefined,
  async end({ store }, client, at) {
    const lapse = lapseOf(client, at.rules, at.now)
    const state = lapse && clientStep(client.state, lapse.event)
    if (lapse === undefined || state === undefined || state instanceof Refusal) return undefined
    const suspended = lapse.event === 'suspend'
    const reason = suspended ? reasonOf(lapse, client, at.rules) : undefined
    const fields = { state, ...(reason && { lapse: { reason, entry: at.eid, at: at.now } }) }
    return lapseCommit(at, [change<Client>(keys.client(client.id), client, fields)], {
      step: suspended ? 'applied' : 'lapsed',
      action: { name: suspended ? 'client.suspend' : 'client.ticket', params: {} },
      subject: clientSubject(client, await ownerOf(store, client)),
      ...(reason && { reason }),
      difference: [{ field: 'state', from: client.state, to: state }],
      type: `client.${state}`,
      text: suspended
        ? `The client ${client.name} is suspended. ${reason?.text}`
        : `The enrolment of the client ${client.name} ended at ${time(client.expiresAt)}.`,
      next: suspended ? `sallyport client reinstate ${client.id}` : 'sallyport client ticket',
    })
  },
}

function reasonOf({ reason }: ClientLapse, { sponsor }: Client, { inactivityDays }: Rules): Reason {
  if (reason === 'confirmation_missed' && sponsor) return confirmationMissed(sponsor)
  return { code: 'inactivity', text: `It asked for no token for ${inactivityDays} days.` }
}
