/** Which organisations one has to do with: their names are known to its people, and no more. */
import { indexes, keys } from '../../../shared/domain/keys.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Model } from '../../../shared/domain/records.ts'
import type { Query, Store } from '../../../shared/ports/store.ts'
import { pages } from '../../pages.ts'
import { deciders } from '../engine/subjects.ts'

/** Those that decide about it, and those that models bring it together with. */
export async function dealings(store: Store, organisation: Organisation): Promise<ReadonlySet<string>> {
  const { developers, governments } = deciders(organisation)
  const models = await modelsOf(store, organisation)
  return new Set([
    ...developers,
    ...governments,
    ...models.flatMap(model => [model.developer, ...(model.governments ?? [])]),
  ])
}

async function modelsOf(store: Store, organisation: Organisation): Promise<readonly Model[]> {
  switch (organisation.kind) {
    case 'partner':
      return []
    case 'auditor': {
      const found = await store.get((organisation.audits ?? []).map(keys.model))
      return found.filter(model => model !== undefined)
    }
    case 'developer':
      return readModels(
        store,
        { index: indexes.byOwner, partition: organisation.id, from: 'model#', to: 'model$' },
        model => model.developer === organisation.id,
      )
    case 'government':
      return readModels(
        store,
        { index: indexes.byRecord, partition: 'model' },
        model => model.governments?.includes(organisation.id) === true,
      )
  }
}

async function readModels(
  store: Store,
  range: Omit<Query, 'order' | 'limit' | 'after'>,
  holds: (model: Model) => boolean,
): Promise<readonly Model[]> {
  const models: Model[] = []
  for await (const batch of pages<Model>(store, range))
    for (const one of await store.get(batch)) if (one && holds(one)) models.push(one)
  return models
}
