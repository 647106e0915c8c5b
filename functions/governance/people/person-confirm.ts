/** `person.confirm`: a sponsor says again that they answer for a contractor, or an administrator says who does now. */
import { keys } from '../../../shared/domain/keys.ts'
import type { Person } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import { time } from '../../../shared/domain/time.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { personSubject, readMember, stays } from './members.ts'
import { confirmedUntil, judgeConfirming, readSponsor } from './sponsors.ts'

export const confirm: Definition = {
  async plan({ store }, { id, params }, { now, rules, actor }) {
    const { sponsor: named } = params as { readonly sponsor?: string }
    const member = await readMember(store, id, actor)
    if (member instanceof Refusal) return member
    const { person, organisation } = member
    if (person.state === 'removed') return refuse('state_forbids', `${person.name} was removed.`)
    if (person.sponsor === undefined)
      return refuse('state_forbids', `${person.name} is no contractor: nobody has to confirm them.`)
    const refused = actor && judgeConfirming(actor, organisation, person.sponsor, named)
    if (refused) return refused
    const sponsor = await readSponsor(store, named ?? person.sponsor.person, organisation.id, 'sponsor')
    if (sponsor instanceof Refusal) return sponsor
    const until = confirmedUntil(rules, now)
    const before = person.sponsor
    return {
      subject: personSubject(member),
      difference: [
        ...(sponsor.id === before.person ? [] : [{ field: 'sponsor', from: before.person, to: sponsor.id }]),
        { field: 'confirmed_until', from: time(before.confirmedUntil), to: time(until) },
      ],
      // A contractor who administers does not confirm themselves.
      raises: id,
      writes: carried => [
        change<Person>(keys.person(id), person, { sponsor: { person: sponsor.id, confirmedUntil: until } }),
        ...stays(sponsor, carried),
      ],
      told: {
        type: 'person.confirmed',
        text: `${sponsor.name} answers for ${person.name} until ${time(until)}.`,
      },
    }
  },
}
