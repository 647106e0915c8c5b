/** `organisation.provider`: where an organisation's people sign in, decided by two organisations. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import type { Organisation, Person, Provider } from '../../../shared/domain/parties.ts'
import { Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Store, TransactOp, Update } from '../../../shared/ports/store.ts'
import { change } from '../engine/changes.ts'
import type { Definition } from '../engine/plan.ts'
import { organisationSubject } from '../engine/subjects.ts'
import { administers, judgeOpen, readOrganisation, readPeople } from '../people/members.ts'
import { identityPut } from './identities.ts'

/** Who a person is at the new provider. */
export interface Move {
  readonly person: string
  readonly subject: string
}

export interface ProviderChange {
  readonly provider: Provider
  readonly moves: readonly Move[]
}

/** Two writes each; a transaction takes 100 in all. */
export const maxMoves = 20

export const provider: Definition = {
  async plan({ store }, { id, params }, { now, actor }) {
    const { provider: next, moves } = params as unknown as ProviderChange
    const organisation = await readOrganisation(store, id, actor)
    if (organisation instanceof Refusal) return organisation
    const closed = judgeOpen(organisation)
    if (closed) return closed
    const people = await readPeople(store, id)
    const moved = findMoved(people, moves)
    if (moved instanceof Refusal) return moved
    const locked = judgeLockout(organisation, people, { provider: next, moves }, now)
    if (locked) return locked
    const writes = await moveWrites(store, moved, next.issuer)
    if (writes instanceof Refusal) return writes
    return {
      subject: organisationSubject(organisation),
      difference: [
        { field: 'provider', from: organisation.provider ?? null, to: next },
        ...moved.map(({ person, subject }) => ({
          field: `people.${person.id}.subject`,
          from: person.subject,
          to: subject,
        })),
      ],
      writes: ({ now: at }) => [providerUpdate(organisation, next, at), ...writes],
      told: {
        type: 'organisation.provider_changed',
        text: `The people of ${organisation.name} sign in at another provider: ${next.issuer}.`,
      },
    }
  },
}

interface Moved {
  readonly person: Governed<Person>
  readonly subject: string
}

function findMoved(people: readonly Governed<Person>[], moves: readonly Move[]): readonly Moved[] | Refusal {
  const wrong = (detail: string): Refusal => refuse('body_malformed', detail, { field: 'moves' })
  if (moves.length > maxMoves) return wrong(`At most ${maxMoves} people move at once; add the others anew.`)
  if (new Set(moves.map(({ person }) => person)).size < moves.length) return wrong('A person stands twice.')
  if (new Set(moves.map(({ subject }) => subject)).size < moves.length)
    return wrong('A subject stands twice.')
  const moved: Moved[] = []
  for (const { person: id, subject } of moves) {
    const person = people.find(one => one.id === id && one.state !== 'removed')
    if (person === undefined) return wrong(`There is no person ${id} in this organisation.`)
    moved.push({ person, subject })
  }
  return moved
}

/** Whoever is not moved cannot sign in at another issuer: an organisation keeps somebody who can administer it. */
function judgeLockout(
  organisation: Organisation,
  people: readonly Person[],
  { provider: next, moves }: ProviderChange,
  now: number,
): Refusal | undefined {
  if (organisation.provider === undefined || next.issuer === organisation.provider.issuer) return undefined
  const admins = people.filter(one => administers(one, organisation, now))
  if (admins.length === 0 || admins.some(({ id }) => moves.some(({ person }) => person === id)))
    return undefined
  return refuse(
    'body_malformed',
    'At another issuer nobody could administer it: say who an administrator is there.',
    { field: 'moves' },
  )
}

async function moveWrites(
  store: Store,
  moved: readonly Moved[],
  issuer: string,
): Promise<readonly TransactOp[] | Refusal> {
  const ops: TransactOp[] = []
  for (const { person, subject } of moved) {
    const put = await identityPut(store, { id: person.id, issuer, subject }, 'moves')
    if (put instanceof Refusal) return put
    ops.push(change<Person>(keys.person(person.id), person, { issuer, subject }), ...put)
  }
  return ops
}

/**
 * Sessions that began at the provider before are not trusted any more. There may be more of them than a transaction
 * holds: the organisation says from when on they count.
 */
const providerUpdate = ({ id, rev }: Governed<Organisation>, next: Provider, now: number): Update => ({
  kind: 'update',
  key: keys.organisation(id),
  if: { eq: [['rev'], rev] },
  change: {
    set: [
      [['provider'], next],
      [['sessionsFrom'], now],
    ],
    add: [[['rev'], 1]],
  },
})
