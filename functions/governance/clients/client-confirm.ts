/** `client.confirm`: a sponsor says again that they answer for a contractor's client, or an administrator says who does now. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Client } from '../../../shared/domain/records.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { clientSubject } from '../engine/subjects.ts'
import { stays } from '../people/members.ts'
import { confirmedUntil, judgeConfirming, readClientSponsor } from '../people/sponsors.ts'
import { judgeDescribed, seenClient } from './client-and-organisation.ts'

export const confirm: Definition = {
  async plan({ store }, { id, params }, { now, rules, actor }) {
    const { sponsor: named } = params as { readonly sponsor?: string }
    const found = await seenClient(store, id, actor)
    if (found instanceof Refusal) return found
    const { client, organisation } = found
    const closed = judgeDescribed(client)
    if (closed) return closed
    const { sponsor: before } = client
    if (before === undefined) return refuse('state_forbids', 'It has no sponsor: nothing is to be confirmed.')
    const refused = actor && judgeConfirming(actor, organisation, before, named)
    if (refused) return refused
    const sponsor = await readClientSponsor(store, named ?? before.person, organisation.id, 'sponsor')
    if (sponsor instanceof Refusal) return sponsor
    const until = confirmedUntil(rules, now)
    return {
      subject: clientSubject(client, organisation),
      difference: [
        ...(sponsor.id === before.person ? [] : [{ field: 'sponsor', from: before.person, to: sponsor.id }]),
        { field: 'confirmed_until', from: time(before.confirmedUntil), to: time(until) },
      ],
      writes: carried => [
        change<Client>(keys.client(id), client, { sponsor: { person: sponsor.id, confirmedUntil: until } }),
        ...stays(sponsor, carried),
      ],
      told: {
        type: 'client.confirmed',
        text: `${sponsor.name} answers for the client ${client.name} until ${time(until)}.`,
      },
    }
  },
}
