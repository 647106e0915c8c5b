/** Who has access for an organisation: the people and clients that an access review is about. */
import { type Governed, indexes, keys } from '../../../shared/domain/keys.ts'
import type { Organisation, Person } from '../../../shared/domain/parties.ts'
import type { Client } from '../../../shared/domain/records.ts'
import type { Check, Store } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'
import { asSeen } from '../engine/changes.ts'
import { readPeople } from '../people/members.ts'

export interface Access {
  readonly organisation: Governed<Organisation>
  readonly people: readonly Governed<Person>[]
  readonly clients: readonly Governed<Client>[]
}

/** Suspended ones too: they can be reinstated, and then have what they had. */
const people: readonly Person['state'][] = ['active', 'suspended']
const clients: readonly Client['state'][] = ['enrolled', 'active', 'suspended']

/**
 * `undefined` while an index lags behind what the organisation says it has: somebody who was enrolled a moment ago is not
 * overlooked. The organisation is read first, so that whoever is enrolled after that raises its count before `checks`.
 */
export async function readAccess(store: Store, id: string): Promise<Access | undefined> {
  const [organisation] = await store.get([keys.organisation(id)])
  if (organisation === undefined) throw new Error(`the organisation ${id} of a review is not there`)
  const [everybody, everyClient] = await Promise.all([readPeople(store, id), readClients(store, id)])
  if (everybody.length + everyClient.length < (organisation.enrolled ?? 0)) return undefined
  return {
    organisation,
    people: everybody.filter(({ state }) => people.includes(state)),
    clients: everyClient.filter(({ state }) => clients.includes(state)),
  }
}

async function readClients(store: Store, organisation: string): Promise<readonly Governed<Client>[]> {
  const found: Governed<Client>[] = []
  const range = { index: indexes.byOwner, partition: organisation, from: 'client#', to: 'client$' }
  for await (const batch of pages<Governed<Client>>(store, range))
    for (const one of await store.get(batch)) if (one) found.push(one)
  return found
}

/** Their ids, in order. */
export const holdersOf = (access: Access): readonly string[] =>
  [...access.people, ...access.clients].map(({ id }) => id).toSorted()

/** Records that are looked at once more in the transaction itself; it takes 100 items in all. */
const maxChecked = 50

/**
 * Nobody was enrolled since they were read, however many they are. That nobody lost their access either, is checked of
 * the first of them: beyond, it is as if it had been certified the moment before.
 */
export function checks({ organisation, people, clients }: Access): readonly Check[] {
  const { id, enrolled } = organisation
  const counted: Check = {
    kind: 'check',
    key: keys.organisation(id),
    if: enrolled === undefined ? { absent: ['enrolled'] } : { eq: [['enrolled'], enrolled] },
  }
  const records = [
    ...people.map(one => asSeen(keys.person(one.id), one)),
    ...clients.map(one => asSeen(keys.client(one.id), one)),
  ]
  return [counted, ...(records.slice(0, maxChecked) as Check[])]
}
