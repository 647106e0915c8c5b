import { isUnseen } from '../../shared/domain/agreement-step.ts'
import { type Governed, indexes, type RecordKind } from '../../shared/domain/keys.ts'
import type { Organisation } from '../../shared/domain/parties.ts'
import type { Agreement, Grant, Model } from '../../shared/domain/records.ts'
import type { Store } from '../../shared/ports/store.ts'
import { readGrants } from '../grants.ts'
import { pages } from '../pages.ts'

/** What the records of a list are judged by: few in number, and read once a request. */
export interface Directory {
  readonly organisations: ReadonlyMap<string, Governed<Organisation>>
  readonly models: ReadonlyMap<string, Governed<Model>>
}

export async function readDirectory(store: Store): Promise<Directory> {
  const [organisations, models] = await Promise.all([
    readAll<Governed<Organisation>>(store, 'organisation'),
    readAll<Governed<Model>>(store, 'model'),
  ])
  return { organisations, models }
}

async function readAll<R extends { readonly id: string }>(
  store: Store,
  partition: RecordKind,
): Promise<ReadonlyMap<string, R>> {
  const found = new Map<string, R>()
  for await (const batch of pages<R>(store, { index: indexes.byRecord, partition }))
    for (const one of await store.get(batch)) if (one) found.set(one.id, one as R)
  return found
}

/** The models that are offered or granted to an organisation, now or before. */
export async function modelsOfferedTo(store: Store, organisation: string): Promise<ReadonlySet<string>> {
  const models = new Set((await readGrants(store, organisation)).map(({ model }: Grant) => model))
  const range = { index: indexes.byOwner, partition: organisation, from: 'agreement#', to: 'agreement$' }
  for await (const batch of pages<Governed<Agreement>>(store, range))
    for (const agreement of await store.get(batch))
      if (agreement && !isUnseen(agreement.state)) for (const id of agreement.models) models.add(id)
  return models
}
