/** Dry runs: the people that a stop hits, and their sessions. Counted, never named: what is attested of them is theirs. */
import { type Governed, indexes, keys } from '../../../shared/domain/keys.ts'
import type { Organisation, Person, Session } from '../../../shared/domain/parties.ts'
import { holdsPerson, judgePerson, judgeSession } from '../../../shared/domain/person-authority.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { HoldScope } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'

/** People whose sessions are read. */
const maxCounted = 200

export interface PeopleHit {
  /** By organisation. */
  readonly people: ReadonlyMap<string, number>
  readonly sessions: number
  /** There were more sessions than were counted. */
  readonly atLeast: boolean
}

/**
 * A hold stops whom sign-in and the API find held. A stop of somebody's own record stops them whatever they are of: a
 * developer's people are out of reach of holds, and not of their own administrators.
 */
export async function countPeople(
  store: Store,
  scope: HoldScope,
  stopped: Subject['kind'] | 'all',
  now: number,
): Promise<PeopleHit> {
  const people = new Map<string, number>()
  let [read, sessions, atLeast] = [0, 0, false]
  const owners = new Map<string, Organisation | undefined>()
  for await (const person of peopleOf(store, scope, stopped === 'all')) {
    const { organisation: id } = person
    if (!owners.has(id)) owners.set(id, (await store.get([keys.organisation(id)]))[0])
    const organisation = owners.get(id)
    if (organisation === undefined || !goesOn(person, organisation, now)) continue
    if (stopped !== 'person' && stopped !== 'all' && !holdsPerson(scope, person, organisation.kind)) continue
    people.set(id, (people.get(id) ?? 0) + 1)
    if (read++ < maxCounted) sessions += await liveSessions(store, person, organisation, now)
    else atLeast = true
  }
  return { people, sessions, atLeast }
}

/** Whoever is refused in any case is not hit. Of holds that are in force already, the same people can be hit again. */
const goesOn = (person: Person, organisation: Organisation, now: number): boolean => {
  const who = { person: person.id, organisation: organisation.id }
  const standing = { holds: {}, compromised: {} }
  return !(judgePerson(who, { standing, person, organisation }, now) instanceof Refusal)
}

/** Those that a hold can be about at all: one on calls or on an organisation stops nobody who signs in. */
async function* peopleOf(
  store: Store,
  { person, organisation, nationality, region }: HoldScope,
  all: boolean,
): AsyncGenerator<Governed<Person>> {
  if (person !== undefined) {
    const [found] = await store.get([keys.person(person)])
    if (found) yield found
    return
  }
  if (!all && nationality === undefined && region === undefined) return
  const range =
    organisation === undefined
      ? { index: indexes.byRecord, partition: 'person' }
      : { index: indexes.byOwner, partition: organisation, from: 'person#', to: 'person$' }
  for await (const batch of pages<Governed<Person>>(store, range))
    for (const found of await store.get(batch)) if (found) yield found
}

async function liveSessions(
  store: Store,
  { id }: Person,
  { sessionsFrom }: Organisation,
  now: number,
): Promise<number> {
  let count = 0
  const range = { index: indexes.byOwner, partition: id, from: 'session#', to: 'session$' }
  for await (const batch of pages<Session>(store, range))
    for (const session of await store.get(batch))
      if (session?.sessionsFrom === sessionsFrom && isLive(session, now)) count += 1
  return count
}

const isLive = (session: Session | undefined, now: number): boolean =>
  session !== undefined && !(judgeSession(session, now) instanceof Refusal)
