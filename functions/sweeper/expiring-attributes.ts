/**
 * What is attested of a client or a person is looked at again before it expires. Holds go by what was attested last, so
 * that nobody comes out of one by waiting; whoever vouches hears of it ahead of time, once.
 */
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { Attributes, Person } from '../../shared/domain/parties.ts'
import type { Subject } from '../../shared/domain/proposals.ts'
import type { Client } from '../../shared/domain/records.ts'
import { time } from '../../shared/domain/time.ts'
import type { Key } from '../../shared/ports/store.ts'
import type { Lapse } from '../governance/lapse.ts'
import { attributeNames } from '../governance/people/attested.ts'
import { remind, reminderId } from './reminder.ts'

/** How long ahead it is told. Milliseconds. */
const aheadMs = 14 * 86_400_000

type Described = {
  readonly id: string
  readonly name: string
  readonly organisation: string
  readonly state: string
  readonly attributes?: Attributes
}

interface Attested<R extends object> {
  readonly noun: 'client' | 'person'
  key(id: string): Key<Governed<R>>
  /** Whoever could act at all. */
  acts(record: R): boolean
}

const expiring =
  <R extends Described>({ noun, key, acts }: Attested<R>) =>
  (field: keyof Attributes): Lapse<R> => ({
    name: 'attributes_reminded',
    key,
    due: (record, { now }) => {
      const ends = record.attributes?.[field]?.expiresAt
      return acts(record) && ends !== undefined && now < ends && ends <= now + aheadMs
    },
    eid: ({ id, attributes }) => {
      const ends = attributes?.[field]?.expiresAt ?? 0
      return reminderId(`attribute ${noun} ${id} ${field} ${ends}`, ends - aheadMs)
    },
    end: ({ store }, record, at) => {
      const ends = record.attributes?.[field]?.expiresAt ?? at.now
      return remind(
        store,
        {
          subject: ownSubject(noun, record),
          type: `${noun}.attributes_expiring`,
          text: `The ${field} of ${record.name} is attested until ${time(ends)}: attest it again, or correct it.`,
          next: `sallyport ${noun} attributes ${record.id}`,
          dueAt: ends,
        },
        at,
      )
    },
  })

/** It is for those who vouch, and for nobody who only decides about them. */
const ownSubject = <R extends Described>(noun: 'client' | 'person', record: Governed<R>): Subject => ({
  kind: noun,
  id: record.id,
  name: record.name,
  rev: record.rev,
  organisation: record.organisation,
  developers: [],
  governments: [],
})

export const clientAttributes: readonly Lapse<Client>[] = attributeNames.map(
  expiring({
    noun: 'client',
    key: keys.client,
    acts: ({ state }) => state === 'enrolled' || state === 'active',
  }),
)

export const personAttributes: readonly Lapse<Person>[] = attributeNames.map(
  expiring({ noun: 'person', key: keys.person, acts: ({ state }) => state === 'active' }),
)
