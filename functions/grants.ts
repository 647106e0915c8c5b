import { judgeAgreement, judgeGrant, judgeModel, judgePartner } from '../shared/domain/authority.ts'
import { type Governed, indexes, keys } from '../shared/domain/keys.ts'
import type { Agreement, Grant, Model, Organisation } from '../shared/domain/records.ts'
import { Refusal } from '../shared/domain/refusal.ts'
import { type Holdable, judgeHolds, judgeRestoring } from '../shared/domain/standing.ts'
import type { Store } from '../shared/ports/store.ts'
import { pages } from './pages.ts'

/** An organisation's grants. The index only says which there are. */
export async function readGrants(store: Store, organisation: string): Promise<readonly Governed<Grant>[]> {
  const grants: Governed<Grant>[] = []
  // `$` is the character after `#`.
  const range = { index: indexes.byOwner, partition: organisation, from: 'grant#', to: 'grant$' }
  for await (const keys of pages<Governed<Grant>>(store, range))
    for (const grant of await store.get(keys)) if (grant) grants.push(grant)
  return grants
}

/** The models that an organisation has, or had, grants of. */
export const modelsOf = async (store: Store, organisation: string): Promise<readonly string[]> => [
  ...new Set((await readGrants(store, organisation)).map(({ model }) => model)),
]

export interface Granted {
  readonly grant: Grant
  readonly agreement: Agreement
  readonly model: Model
  /** Whether a call could be admitted now, budgets apart. */
  readonly open: boolean
  /** What it would be answered otherwise. */
  readonly refusal?: Refusal
}

/** The hold that is in force for somebody at a model. */
export type Held = (model: Model) => Refusal | undefined

/** By the same read of the same record as admission. */
export async function readHolds(store: Store, who: Holdable, now: number): Promise<Held> {
  const [standing] = await store.get([keys.standing])
  return model =>
    (standing && judgeRestoring(standing)) ?? judgeHolds(standing, { ...who, model: model.id }, now, model)
}

/** An organisation's grants with what they stand on. */
export async function grantsOf(
  store: Store,
  organisation: Organisation,
  now: number,
  held: Held = () => undefined,
): Promise<readonly Granted[]> {
  const found = (await readGrants(store, organisation.id)).map(async grant => {
    const [agreement, model] = await store.get([keys.agreement(grant.agreement), keys.model(grant.model)])
    if (agreement === undefined || model === undefined) return []
    const token = {
      organisation: organisation.id,
      model: model.id,
      agreement: { id: agreement.id, digest: agreement.digest },
      purpose: agreement.purposes[0] ?? '',
    }
    const judged = [
      judgePartner(organisation, grant),
      held(model),
      judgeModel(model, organisation, now),
      judgeAgreement(agreement, token, now, model),
      judgeGrant(grant, token, now),
    ]
    const refusal = judged.find(one => one instanceof Refusal)
    return [{ grant, agreement, model, open: refusal === undefined, ...(refusal && { refusal }) }]
  })
  return (await Promise.all(found)).flat()
}
