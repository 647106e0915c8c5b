/** Whose business a query is: those who develop and govern what it names, and where it names nothing, what one deals with. */
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Subject } from '../../../shared/domain/proposals.ts'
import type { Model } from '../../../shared/domain/records.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { type Covering, namedBy } from '../../../shared/search/covering.ts'
import { pages } from '../../pages.ts'
import { deciders } from '../engine/subjects.ts'

export type Deciders = Pick<Subject, 'developers' | 'governments'>

/**
 * Who decides on it with `own`. What is named and is not there narrows as anything else does: whoever asks must not learn
 * by it what there is. Beside one's own, nobody is told of a query whom it does not concern.
 */
export async function concerned(
  store: Store,
  covering: Covering,
  own: Organisation,
): Promise<Deciders & { readonly models?: readonly string[] }> {
  const models = namedBy(covering, 'model')
  const dealing = await dealingWith(store, own)
  const named = await namedParties(store, covering, models)
  const other = own.kind === 'developer' ? 'governments' : 'developers'
  const matching = dealing.filter(id => named === undefined || named[other].includes(id))
  // Without anybody of the other side it could never be lifted.
  const narrowed = matching.length > 0 ? matching : dealing
  return {
    developers: own.kind === 'developer' ? [own.id] : narrowed,
    governments: own.kind === 'developer' ? narrowed : [own.id],
    ...(models.length > 0 && { models }),
  }
}

/** The offices of a developer's models; the developers of an office's. */
export async function dealingWith(store: Store, own: Organisation): Promise<readonly string[]> {
  const { developers, governments } = deciders(own)
  const found = new Set(own.kind === 'developer' ? governments : developers)
  for await (const batch of pages<Model>(store, { index: indexes.byRecord, partition: 'model' }))
    for (const model of await store.get(batch)) {
      if (model === undefined) continue
      if (model.developer === own.id) for (const id of model.governments ?? []) found.add(id)
      if (model.governments?.includes(own.id)) found.add(model.developer)
    }
  found.delete(own.id)
  return [...found].sort()
}

async function namedParties(
  store: Store,
  covering: Covering,
  models: readonly string[],
): Promise<Deciders | undefined> {
  const [partners, clients, people] = [
    namedBy(covering, 'partner'),
    namedBy(covering, 'client'),
    namedBy(covering, 'person'),
  ]
  const found = present(await store.get(models.slice(0, atOnce).map(keys.model)))
  const members = [
    ...present(await store.get(clients.slice(0, atOnce).map(keys.client))),
    ...present(await store.get(people.slice(0, atOnce).map(keys.person))),
  ]
  const owners = new Set([...partners, ...members.map(one => one.organisation)])
  const organisations = present(await store.get([...owners].slice(0, atOnce).map(keys.organisation)))
  if (found.length === 0 && organisations.length === 0) return undefined
  const all = [
    ...found.map(model => ({ developers: [model.developer], governments: model.governments ?? [] })),
    ...organisations.map(deciders),
  ]
  return {
    developers: all.flatMap(one => one.developers),
    governments: all.flatMap(one => one.governments),
  }
}

/** What one read of the store takes. */
const atOnce = 100

const present = <T>(found: readonly (T | undefined)[]): readonly T[] => found.filter(one => one !== undefined)
