/** The people who decide. Each scene is a decision drawn by chance, with what others make of it. */
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { Action } from '../../shared/domain/proposals.ts'
import type { HoldScope } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Key } from '../../shared/ports/store.ts'
import { ceiling } from './agreement-records.ts'
import { Api } from './api.ts'
import type { Dice } from './dice.ts'
import {
  attested,
  clientOf,
  developer,
  government,
  grantOf,
  modelId,
  type Partner,
  partners,
  people,
  personOf,
} from './records.ts'
import { Scene } from './scene.ts'
import {
  clientItself,
  deciders,
  developers,
  grantItself,
  modelItself,
  offices,
  partnerItself,
  person,
} from './stoppable.ts'
import type { World } from './world.ts'

export class Administrator {
  readonly #world: World
  readonly #api: Api
  readonly #scene: Scene
  #holds = 0

  constructor(world: World) {
    this.#world = world
    this.#api = new Api(world, 'people')
    this.#scene = new Scene(world, this.#api)
  }

  async decide(dice: Dice): Promise<void> {
    const partner = dice.pick(partners)
    const choice = dice.below(16)
    // From then on its developer alone decides on it.
    if (dice.chance(0.02)) return this.#released(dice)
    if (choice < 3) return this.#scene.stopped(partnerItself(partner), dice)
    if (choice < 6) return this.#scene.stopped(grantItself(partner), dice)
    if (choice === 6) return this.#scene.stopped(clientItself(partner), dice)
    if (choice === 7) return this.#scene.stopped(modelItself, dice)
    if (choice < 11) return this.#held(partner, dice)
    if (choice === 11) return this.#changeQuota(partner, dice)
    if (choice === 12) return this.#changeContinuity(partner, dice)
    if (choice === 13) return this.#scene.stopped(person(dice.pick(deciders)), dice)
    // What is revoked stays so, and brings no more calls.
    if (choice === 14 && dice.chance(0.5))
      return this.#scene.contested(dice.pick([revokesGrant(partner), revokesPartner(partner)]), dice)
    return this.#raised(dice)
  }

  /** By what is attested of a client, by whose it is, or on the model as a whole. */
  async #held(partner: Partner, dice: Dice): Promise<void> {
    const who = dice.pick(deciders)
    const { operator, nationality, region } = attested[partner]
    const scope = dice.pick<HoldScope>([
      { client: clientOf(partner) },
      { organisation: partner },
      { nationality },
      { region },
      { region: nationality, model: modelId },
      { person: operator },
      people[who].organisation === developer ? { model: modelId } : { organisation: partner, model: modelId },
    ])
    const placed = await this.#api.create(who, () => {
      this.#holds += 1
      return { name: 'hold.place', id: `hold_${this.#holds}`, params: { scope } }
    })
    if (placed === undefined) return
    const { id } = placed
    const key: Key<Governed<object>> = keys.hold(id)
    if (dice.chance(0.4)) void this.#api.ratify(dice.pick(deciders), 'hold.place', key)
    if (dice.chance(0.3))
      void this.#api.decide(dice.pick(developers), { name: 'hold.concur', id, params: {} })
    if (people[who].organisation === government && dice.chance(0.2)) return
    await this.#world.scheduler.sleep(dice.between(100, 12_000))
    const lifters = people[who].organisation === developer ? developers : offices
    for (let tries = 0; tries < 3; tries++) {
      const answer = await this.#api.decide(dice.pick(lifters), { name: 'hold.lift', id, params: {} })
      if (answer && !(answer instanceof Refusal)) return
      await this.#world.scheduler.sleep(dice.between(10, 1_000))
    }
  }

  async #changeQuota(partner: Partner, dice: Dice): Promise<void> {
    const limits = {
      total: dice.between(2_000, ceiling.total),
      rpm: dice.pick([60, 600, ceiling.rpm]),
      burst: dice.between(2, ceiling.burst),
      streams: dice.between(1, ceiling.streams + 1),
      ...(dice.chance(0.3) && { per_day: dice.between(2_000, 20_000) }),
    }
    await this.#api.decide(dice.pick(developers), {
      name: 'grant.quota',
      id: grantOf(partner),
      params: { limits },
    })
  }

  async #changeContinuity(partner: Partner, dice: Dice): Promise<void> {
    const params = { mission_continuity: dice.chance(0.5) }
    await this.#scene.contested({ name: 'grant.continuity', id: grantOf(partner), params }, dice)
  }

  async #released(dice: Dice): Promise<void> {
    await this.#api.decide(dice.pick(developers), { name: 'model.release', id: modelId, params: {} })
  }

  /** Other roles, sometimes asked for by the very person, who also tries to sign. */
  async #raised(dice: Dice): Promise<void> {
    const who = dice.pick(['hana', 'hugo'])
    const roles = dice.chance(0.5) ? ['developer-admin', 'counsel'] : ['developer-admin']
    await this.#scene.contested({ name: 'person.roles', id: personOf(who), params: { roles } }, dice)
  }
}

const revokesGrant = (partner: Partner): Action => ({
  name: 'grant.revoke',
  id: grantOf(partner),
  params: {},
})
const revokesPartner = (partner: Partner): Action => ({ name: 'partner.revoke', id: partner, params: {} })
