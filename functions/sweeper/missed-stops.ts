/** A stop that nobody stood by in time goes on, and every party hears that its second look is missing. Once. */
import type { HoldRecord } from '../../shared/domain/holds.ts'
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { Organisation, Person } from '../../shared/domain/parties.ts'
import type { Subject } from '../../shared/domain/proposals.ts'
import type { Agreement, Client, Grant } from '../../shared/domain/records.ts'
import type { Stop } from '../../shared/domain/stop.ts'
import { time } from '../../shared/domain/time.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { Key, Store, Update } from '../../shared/ports/store.ts'
import { agreementSubject, clientSubject, organisationSubject } from '../governance/engine/subjects.ts'
import { holdSubject, operators } from '../governance/holds/holds.ts'
import { type Lapse, lapseCommit } from '../governance/lapse.ts'
import { personSubject } from '../governance/people/members.ts'
import { subjectOf as grantSubjectOf } from './lapsed-grants.ts'

interface Stoppable<R extends object> {
  key(id: string): Key<Governed<R>>
  /** Its stop, while it stands. */
  stop(record: R): Stop | undefined
  action(record: R): ActionName
  subject(store: Store, record: Governed<R>): Promise<Subject>
}

const missed = <R extends object>({ key, stop, action, subject }: Stoppable<R>): Lapse<R> => ({
  name: 'stops_missed',
  key,
  due: (record, { now }) => {
    const standing = stop(record)
    return standing !== undefined && !standing.ratified && !standing.missed && standing.ratifyBy <= now
  },
  async end({ store }, record, at) {
    const standing = stop(record)
    if (standing === undefined) return undefined
    const about = await subject(store, record)
    const { by, breakGlass, ratifyBy } = standing
    const whose = breakGlass ? 'somebody of another organisation' : 'a second person'
    return lapseCommit(at, [flagged(key(about.id), standing)], {
      step: 'missed',
      action: { name: action(record), params: {} },
      subject: about,
      reason: standing.reason,
      ...(breakGlass && { breakGlass }),
      type: breakGlass ? 'review.missed' : 'ratification.missed',
      text: `The stop of ${about.name} by ${by.name} was to be looked at by ${whose} until ${time(ratifyBy)}: nobody has. It goes on.`,
      next: `sallyport ${about.kind === 'organisation' ? 'partner' : about.kind} get ${about.id}`,
      tells: [by.organisation].filter(id => id !== operators),
    })
  },
})

/**
 * The version stays as it is: nobody has decided anything, and what people have proposed on this version must not go
 * stale by it. That it is still this very stop, and without its second look, stands in the condition.
 */
const flagged = <R extends object>(key: Key<R>, { entry }: Stop): Update<R> => ({
  kind: 'update',
  key,
  if: {
    and: [
      { eq: [['stop', 'entry'], entry] },
      { absent: ['stop', 'ratified'] },
      { absent: ['stop', 'missed'] },
    ],
  },
  change: { set: [[['stop', 'missed'], true]] },
})

export const missedOfPartner: Lapse<Organisation> = missed({
  key: keys.organisation,
  stop: one => (one.kind === 'partner' && one.partner === 'suspended' ? one.stop : undefined),
  action: () => 'partner.suspend',
  subject: async (_, one) => organisationSubject(one),
})

export const missedOfHold: Lapse<HoldRecord> = missed({
  key: keys.hold,
  stop: one => (one.state === 'active' ? one.stop : undefined),
  action: () => 'hold.place',
  subject: async (_, one) => holdSubject(one),
})

export const missedOfGrant: Lapse<Grant> = missed({
  key: keys.grant,
  stop: one => (one.state === 'suspended' ? one.stop : undefined),
  action: () => 'grant.suspend',
  subject: grantSubjectOf,
})

export const missedOfAgreement: Lapse<Agreement> = missed({
  key: keys.agreement,
  stop: one => (one.state === 'suspended' ? one.stop : undefined),
  action: () => 'agreement.suspend',
  subject: async (store, one) =>
    agreementSubject(one, await ownerOf(store, { id: one.id, organisation: one.counterparty })),
})

export const missedOfClient: Lapse<Client> = missed({
  key: keys.client,
  stop: one => (one.state === 'suspended' || one.state === 'compromised' ? one.stop : undefined),
  action: ({ state }) => (state === 'compromised' ? 'client.compromised' : 'client.suspend'),
  subject: async (store, one) => clientSubject(one, await ownerOf(store, one)),
})

export const missedOfPerson: Lapse<Person> = missed({
  key: keys.person,
  stop: one => (one.state === 'suspended' ? one.stop : undefined),
  action: () => 'person.suspend',
  subject: async (store, one) => personSubject({ person: one, organisation: await ownerOf(store, one) }),
})

export async function ownerOf(
  store: Store,
  { id, organisation }: { readonly id: string; readonly organisation: string },
): Promise<Governed<Organisation>> {
  const [found] = await store.get([keys.organisation(organisation)])
  if (found === undefined) throw new Error(`the organisation of ${id} is not there`)
  return found
}
