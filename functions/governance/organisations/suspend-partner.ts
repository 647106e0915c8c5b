/** `partner.suspend`: at once, whatever it is granted. What a mission hangs on goes on until two people have decided. */
import { type Governed, keys } from '../../../shared/domain/keys.ts'
import { partnerStep } from '../../../shared/domain/machines.ts'
import { isDevelopersAlone } from '../../../shared/domain/model-step.ts'
import type { Action } from '../../../shared/domain/proposals.ts'
import type { Grant, Model } from '../../../shared/domain/records.ts'
import { Refusal } from '../../../shared/domain/refusal.ts'
import type { Store } from '../../../shared/ports/store.ts'
import { asSeen, change, stopOf } from '../engine/changes.ts'
import type { Actor, Definition, Proposed } from '../engine/plan.ts'
import { grantSubject } from '../engine/subjects.ts'
import { closing, type Metered, meteredGrants } from '../grants/grants-of-partner.ts'
import { type Partner, planned, readPartner } from './partner-record.ts'

/**
 * Beside these stand the partner, the entry, the notices and the checks, and a transaction takes 100: a partner is
 * stopped at once however many grants it has. What is beyond is stopped by the record alone, and people propose it.
 */
const maxStopped = 60
const maxProposed = 20
const maxModels = 10

/**
 * The models of its grants that others than their developer would stop. Each has its version raised: a release at the
 * same moment is judged again, and leaves none of its grants stopped.
 */
export async function modelsOf(
  store: Store,
  metered: readonly Metered[],
  actor: Actor | undefined,
): Promise<readonly Governed<Model>[]> {
  const ids = [
    ...new Set(
      metered
        .filter(({ grant }) => ['active', 'suspended'].includes(grant.state))
        .map(one => one.grant.model),
    ),
  ]
  const models = await store.get(ids.map(keys.model))
  return models.filter(
    model => model !== undefined && model.developer !== actor?.organisation.id,
  ) as Governed<Model>[]
}

/** Once a model is released, nobody but its developer stops a grant of it, by its partner neither. */
export const isOfDeveloperAlone = ({ model, state }: Grant, models: readonly Model[]): boolean =>
  state === 'active' && models.some(one => one.id === model && isDevelopersAlone(one))

export const suspend: Definition = {
  async plan({ store }, { id }, { breakGlass, actor }) {
    const partner = await readPartner(store, id, actor)
    if (partner instanceof Refusal) return partner
    const state = partnerStep(partner.partner, 'suspend')
    if (state instanceof Refusal) return state
    const metered = await meteredGrants(store, id)
    const models = await modelsOf(store, metered, actor)
    const alone = metered.filter(({ grant }) => isOfDeveloperAlone(grant, models))
    const missions = breakGlass
      ? []
      : metered.filter(
          one => one.grant.missionContinuity && one.grant.state === 'active' && !alone.includes(one),
        )
    const going = [...alone, ...missions]
    const stopped = metered.filter(one => !going.includes(one))
    const ids = going.map(({ grant }) => grant.id)
    const raised = models.slice(0, maxModels)
    const checked = going.slice(0, maxStopped - raised.length)
    const room = maxStopped - raised.length - checked.length
    const proposes = await Promise.all(
      missions.slice(0, maxProposed).map(one => leftToTwo(store, one, partner)),
    )
    return {
      ...planned(
        partner,
        state,
        'suspended',
        // A mission that came to hang on another one meanwhile has raised the version of the partner.
        () => [
          ...closing(stopped, room),
          ...checked.map(({ grant }) => asSeen(keys.grant(grant.id), grant)),
          ...raised.map(model => change<Model>(keys.model(model.id), model, {})),
        ],
        carried => ({
          stop: stopOf(carried),
          continues: ids.length > 0 ? ids : undefined,
        }),
      ),
      stops: { organisation: id },
      continues: going.map(({ grant }) => ({ id: grant.id, name: grant.model })),
      proposes: proposes.filter(one => one !== undefined),
    }
  },
}

/** A grant that a mission hangs on goes on until two people have decided. */
async function leftToTwo(store: Store, { grant }: Metered, partner: Partner): Promise<Proposed | undefined> {
  const [record, model] = await store.get([keys.grant(grant.id), keys.model(grant.model)])
  if (record === undefined || model === undefined) return undefined
  const action: Action = { name: 'grant.suspend', id: grant.id, params: { with_partner: true } }
  return {
    action,
    rule: 'grant.suspend_continuing',
    subject: grantSubject(record, model, partner),
    difference: [{ field: 'state', from: record.state, to: 'suspended' }],
  }
}
