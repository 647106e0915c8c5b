/** A contractor has a sponsor who confirms them: reminders ahead of time, and what happens where it was missed. */
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { Organisation, Person, Sponsor } from '../../shared/domain/parties.ts'
import type { Subject } from '../../shared/domain/proposals.ts'
import type { Client } from '../../shared/domain/records.ts'
import type { Rules } from '../../shared/domain/rules.ts'
import { time } from '../../shared/domain/time.ts'
import type { Key } from '../../shared/ports/store.ts'
import { change } from '../governance/engine/changes.ts'
import { clientSubject } from '../governance/engine/subjects.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'
import { personSubject } from '../governance/people/members.ts'
import { answersFor, answersForClients, confirmationMissed } from '../governance/people/sponsors.ts'
import { ownerOf } from './missed-stops.ts'
import { remind, reminderId } from './reminder.ts'

const dayMs = 86_400_000

/** How long ahead a sponsor is reminded. Days. */
const reminders = [14, 1] as const

/**
 * The reminder that is due, in days ahead; nothing before the first, or once it is too late. Of a confirmation that
 * holds for a week, none is told a fortnight ahead.
 */
export function reminderDue(
  sponsor: Sponsor | undefined,
  { confirmationDays }: Pick<Rules, 'confirmationDays'>,
  now: number,
): number | undefined {
  if (sponsor === undefined || sponsor.confirmedUntil <= now) return undefined
  const left = sponsor.confirmedUntil - now
  return [...reminders].reverse().find(days => days < confirmationDays && left <= days * dayMs)
}

interface Sponsored<R extends object> {
  readonly noun: 'client' | 'person'
  key(id: string): Key<Governed<R>>
  /** Whoever could act at all. */
  acts(record: R): boolean
  /** Whether the sponsor still does. */
  answers: typeof answersFor
  subject(record: Governed<R>, organisation: Governed<Organisation>): Subject
}

type Contractor = {
  readonly id: string
  readonly name: string
  readonly organisation: string
  readonly state: string
  readonly sponsor?: Sponsor
}

const reminded = <R extends Contractor>({ noun, key, acts, answers, subject }: Sponsored<R>): Lapse<R> => ({
  name: 'confirmations_reminded',
  key,
  due: (record, { now, rules }) => acts(record) && reminderDue(record.sponsor, rules, now) !== undefined,
  eid: ({ id, sponsor }, { now, rules }) => {
    const ahead = (reminderDue(sponsor, rules, now) ?? 0) * dayMs
    const until = sponsor?.confirmedUntil ?? 0
    return reminderId(`confirmation ${noun} ${id} ${until} ${ahead}`, until - ahead)
  },
  async end({ store }, record, at) {
    const { person, confirmedUntil: until } = record.sponsor ?? { person: '-', confirmedUntil: at.now }
    const [sponsor] = await store.get([keys.person(person)])
    return remind(
      store,
      {
        subject: subject(record, await ownerOf(store, record)),
        type: `${noun}.confirmation_due`,
        text: reminderOf(record, {
          id: person,
          sponsor,
          until,
          answers: answers(sponsor, record.organisation),
        }),
        next: `sallyport ${noun} confirm ${record.id}`,
        dueAt: until,
      },
      at,
    )
  },
})

/** One who answers for nobody any more does not confirm: another has to be named, and that is said in time. */
function reminderOf(
  { name }: Contractor,
  {
    id,
    sponsor,
    until,
    answers,
  }: {
    readonly id: string
    readonly sponsor: Person | undefined
    readonly until: number
    readonly answers: boolean
  },
): string {
  const who = sponsor ? `${sponsor.name} (${id})` : id
  const otherwise = `by ${time(until)}; otherwise it ends in a suspension.`
  return answers
    ? `The sponsor of ${name}, ${who}, is to confirm ${otherwise}`
    : `The sponsor of ${name}, ${who}, answers for nobody any more: an administrator names another ${otherwise}`
}

const clients: Sponsored<Client> = {
  noun: 'client',
  key: keys.client,
  acts: ({ state }) => state === 'enrolled' || state === 'active',
  answers: answersForClients,
  subject: clientSubject,
}

const people: Sponsored<Person> = {
  noun: 'person',
  key: keys.person,
  acts: ({ state }) => state === 'active',
  answers: answersFor,
  subject: (person, organisation) => personSubject({ person, organisation }),
}

export const clientReminded = reminded(clients)
export const personReminded = reminded(people)

/** Admission has refused them since; here it is recorded, and only people bring them back. Of clients: `lapseOf`. */
export const personUnconfirmed: Lapse<Person> = {
  name: 'people_unconfirmed',
  key: keys.person,
  due: ({ state, sponsor }, { now }) =>
    state === 'active' && sponsor !== undefined && sponsor.confirmedUntil <= now,
  async end({ store }, person, at) {
    if (person.sponsor === undefined) return undefined
    const reason = confirmationMissed(person.sponsor)
    const fields = { state: 'suspended', lapse: { reason, entry: at.eid, at: at.now } } as const
    return lapseCommit(at, [change<Person>(keys.person(person.id), person, fields)], {
      step: 'applied',
      action: { name: 'person.suspend', params: {} },
      subject: personSubject({ person: person, organisation: await ownerOf(store, person) }),
      reason,
      difference: [{ field: 'state', from: person.state, to: 'suspended' }],
      type: 'person.suspended',
      text: `${person.name} is suspended. ${reason.text}`,
      next: `sallyport person reinstate ${person.id}`,
    })
  },
}
