/** People as the subjects of decisions, and who administers an organisation. */
import { type Governed, indexes, keys } from '../../../shared/domain/keys.ts'
import { adminOf, type Organisation, type Person } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import { type Refusal, refuse, unknownRecord } from '../../../shared/domain/refusal.ts'
import { isOthersStop, type Suspendable } from '../../../shared/domain/suspension.ts'
import type { Check, Store, Update } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'
import { judgeSightIn } from '../engine/engagement.ts'
import type { Actor, Carried } from '../engine/plan.ts'
import { deciders, organisationSubject } from '../engine/subjects.ts'

export interface Member {
  readonly person: Governed<Person>
  readonly organisation: Governed<Organisation>
}

/** `actor`: whoever asks, to whom a person that they do not see is not there, whatever else is wrong with it. */
export async function readMember(store: Store, id: string, actor?: Actor): Promise<Member | Refusal> {
  const [person] = await store.get([keys.person(id)])
  const [organisation] = person ? await store.get([keys.organisation(person.organisation)]) : []
  if (person === undefined || organisation === undefined) return unknownRecord('person', id)
  const member = { person, organisation }
  return (actor && (await judgeSightIn(store, actor, personSubject(member)))) ?? member
}

/** `actor` as above. */
export async function readOrganisation(
  store: Store,
  id: string,
  actor?: Actor,
): Promise<Governed<Organisation> | Refusal> {
  const [found] = await store.get([keys.organisation(id)])
  if (found === undefined) return unknownRecord('organisation', id)
  return (actor && (await judgeSightIn(store, actor, organisationSubject(found)))) ?? found
}

/** Everybody of an organisation, removed people too. The index only says whom there are. */
export async function readPeople(store: Store, organisation: string): Promise<readonly Governed<Person>[]> {
  const people: Governed<Person>[] = []
  const range = { index: indexes.byOwner, partition: organisation, from: 'person#', to: 'person$' }
  for await (const batch of pages<Governed<Person>>(store, range))
    for (const one of await store.get(batch)) if (one) people.push(one)
  return people
}

export const personSubject = ({ person, organisation }: Member): Subject => ({
  kind: 'person',
  id: person.id,
  name: person.name,
  rev: person.rev,
  organisation: organisation.id,
  ...deciders(organisation),
})

/**
 * Those who select a partner can stop its people and clients; a developer's or an office's are stopped by their own
 * administrators alone: an office that suspended every administrator of a developer would hold up its release.
 */
export function judgeStopping(
  { organisation }: Pick<Member, 'organisation'>,
  actor: Actor | undefined,
): Refusal | undefined {
  const { id, kind, name } = organisation
  if (actor === undefined || kind === 'partner' || actor.organisation.id === id) return undefined
  return refuse('role_missing', `Who acts for ${name} is stopped by its own ${adminOf[kind]}.`)
}

/**
 * Whether those who select a partner let its client or person go on, together: neither side undoes with the partner what
 * the other has stopped. What its own people or time stopped is not theirs, and no office holds up anybody else's people.
 */
export const othersReinstate = (
  record: Pick<Suspendable, 'organisation' | 'stop'>,
  { kind }: Pick<Organisation, 'kind'>,
): boolean => kind === 'partner' && isOthersStop(record)

/** Whether somebody can administer their organisation now: they hold the role, and can sign in with it. */
export const administers = (person: Person, { kind, provider }: Organisation, now: number): boolean =>
  person.state === 'active' &&
  person.roles.includes(adminOf[kind]) &&
  person.issuer === provider?.issuer &&
  (person.sponsor === undefined || person.sponsor.confirmedUntil > now)

/**
 * A person stays as they were seen, to stand in the transaction of what relies on them: two changes at once cannot take
 * the last two administrators. Whoever makes the change is checked with it anyway, and an item is named once.
 */
export const stays = (person: Governed<Person>, { by }: Carried): readonly Check[] =>
  person.id === by.person
    ? []
    : [
        {
          kind: 'check',
          key: keys.person(person.id),
          if: { and: [{ eq: [['rev'], person.rev] }, { eq: [['state'], 'active'] }] },
        },
      ]

/** An organisation as it was seen, with one person or client more: no access review overlooks them. */
export const takesIn = ({ id, rev }: Governed<Organisation>): Update => ({
  kind: 'update',
  key: keys.organisation(id),
  if: { eq: [['rev'], rev] },
  change: { add: [[['enrolled'], 1]] },
})

/** What ends for good takes nobody in any more. */
export const judgeOpen = (organisation: Organisation): Refusal | undefined =>
  organisation.kind === 'partner' && organisation.partner === 'closed'
    ? refuse('state_forbids', `${organisation.name} is closed as a trusted partner. That is final.`)
    : undefined
