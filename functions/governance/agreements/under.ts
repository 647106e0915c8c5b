/** What stands under an agreement: its models, and the grants that its end or its suspension stops. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { isDevelopersAlone } from '../../../shared/domain/model-step.ts'
import type { Organisation } from '../../../shared/domain/parties.ts'
import type { Agreement, Grant, Model } from '../../../shared/domain/records.ts'
import { type Refusal, refuse } from '../../../shared/domain/refusal.ts'
import type { Store, TransactOp, Update } from '../../../shared/ports/store.ts'
import { readGrants } from '../../grants.ts'
import { change } from '../engine/changes.ts'
import type { Actor, Plan } from '../engine/plan.ts'
import { takesPart } from '../grants/granted.ts'
import { type Metered, meteredGrants } from '../grants/grants-of-partner.ts'

/** Those that exist: an engagement may name models that are still to come. */
export async function readModels(
  store: Store,
  { models }: Pick<Agreement, 'models'>,
): Promise<readonly Governed<Model>[]> {
  const found = await store.get(models.map(keys.model))
  return found.filter(model => model !== undefined) as Governed<Model>[]
}

/** Where a model was released or withdrawn, nobody but its developer stops what is granted of it. */
export const aloneOf = (models: readonly Governed<Model>[]): Governed<Model> | undefined =>
  models.find(isDevelopersAlone)

export function judgeAlone(
  model: Governed<Model> | undefined,
  actor: Pick<Actor, 'organisation'> | undefined,
): Refusal | undefined {
  if (model === undefined || actor === undefined || actor.organisation.id === model.developer)
    return undefined
  return refuse(
    'role_missing',
    `${model.name} is ${model.state}: its developer alone stops what it is granted under.`,
  )
}

/**
 * A stop that is not the developer's own raises the version of each model: a release, which ends such stops, is then
 * judged anew and misses none that is made at the same moment.
 */
export const beforeRelease = (
  models: readonly Governed<Model>[],
  developer: string,
  by: { readonly organisation: string },
): readonly Update[] =>
  by.organisation === developer ? [] : models.map(model => change<Model>(keys.model(model.id), model, {}))

/** With their own meters; a pool of others is not theirs to close. */
export const meteredUnder = async (
  store: Store,
  { id, counterparty }: Pick<Agreement, 'id' | 'counterparty'>,
): Promise<readonly Metered[]> =>
  (await meteredGrants(store, counterparty)).filter(({ grant }) => grant.agreement === id)

/**
 * On the grants that were seen: one that is activated at the same moment counts here first, and what is planned without
 * it is planned again. `counterparty` was read before its grants.
 */
export const asGranted = ({ id, granted }: Organisation): TransactOp => ({
  kind: 'check',
  key: keys.organisation(id),
  if: granted === undefined ? { absent: ['granted'] } : { eq: [['granted'], granted] },
})

/** Grants whose partner takes part, or that go on though it does not. */
export const goingOn = (metered: readonly Metered[], counterparty: Organisation): readonly Metered[] => {
  const continues = counterparty.kind === 'partner' ? (counterparty.continues ?? []) : []
  return takesPart(counterparty) ? metered : metered.filter(({ grant }) => continues.includes(grant.id))
}

/**
 * Whom it hits, so that the dry run counts no more than that: what the counterparty is granted under other agreements
 * goes on. Nobody, where nothing that is granted under it is active.
 */
export async function readHits(
  store: Store,
  { id, counterparty }: Pick<Agreement, 'id' | 'counterparty'>,
): Promise<Pick<Plan, 'stops' | 'continues'>> {
  const active = (await readGrants(store, counterparty)).filter(({ state }) => state === 'active')
  const models = [...new Set(active.filter(({ agreement }) => agreement === id).map(({ model }) => model))]
  const [model] = models
  if (model === undefined) return {}
  const alone = models.length === 1
  const others = active.filter(grant => grant.agreement !== id && (!alone || grant.model === model))
  return {
    stops: { organisation: counterparty, ...(alone && { model }) },
    ...(others.length > 0 && {
      continues: others.map(({ id: grant, model: of }: Grant) => ({ id: grant, name: of })),
    }),
  }
}
