/**
 * The people who decide. Each scene is a decision drawn by chance, with what others make of it: they stand by it, sign
 * it, withdraw it, or change its subject at the same moment. Several scenes go on at once, on the same records.
 */
import type { Decided } from '../../functions/governance/engine/decide.ts'
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { Action, Proposal } from '../../shared/domain/proposals.ts'
import type { HoldScope } from '../../shared/domain/records.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import type { Key } from '../../shared/ports/store.ts'
import { type Answer, Api } from './api.ts'
import type { Dice } from './dice.ts'
import {
  attested,
  ceiling,
  clientOf,
  developer,
  government,
  grantOf,
  modelId,
  type Partner,
  partners,
  people,
  personOf,
  type Somebody,
} from './records.ts'
import type { World } from './world.ts'

const developers = ['hana', 'hugo'] as const
const offices = ['olga', 'omar'] as const
const deciders = [...developers, ...offices] as const
const adminOf = { cedar: 'cora', prairie: 'petra' } as const satisfies Record<Partner, Somebody>

/** A record that is stopped and goes on again, and who does either. */
interface Stoppable {
  readonly id: string
  readonly stop: ActionName
  readonly lift: ActionName
  readonly key: Key<Governed<object>>
  readonly by: readonly [Somebody, ...Somebody[]]
  readonly is: (record: object) => boolean
}

export class Administrator {
  readonly #world: World
  readonly #api: Api
  #holds = 0

  constructor(world: World) {
    this.#world = world
    this.#api = new Api(world)
  }

  async decide(dice: Dice): Promise<void> {
    const partner = dice.pick(partners)
    const choice = dice.below(16)
    // From then on its developer alone decides on it.
    if (dice.chance(0.02)) return this.#released(dice)
    if (choice < 3) return this.#stopped(partnerItself(partner), dice)
    if (choice < 6) return this.#stopped(grantItself(partner), dice)
    if (choice === 6) return this.#stopped(clientItself(partner), dice)
    if (choice === 7) return this.#stopped(modelItself, dice)
    if (choice < 11) return this.#held(partner, dice)
    if (choice === 11) return this.#changeQuota(partner, dice)
    if (choice === 12) return this.#changeContinuity(partner, dice)
    if (choice === 13) return this.#stopped(person(dice.pick(deciders)), dice)
    // What is revoked stays so, and brings no more calls.
    if (choice === 14 && dice.chance(0.5))
      return this.#contested(dice.pick([revokesGrant(partner), revokesPartner(partner)]), dice)
    return this.#raised(dice)
  }

  /** Stopped by one, perhaps in an emergency; looked at by another; and let go on some seconds later. */
  async #stopped(stoppable: Stoppable, dice: Dice): Promise<void> {
    const { id, stop, lift, key, by, is } = stoppable
    const stopper = dice.pick(by)
    const action: Action = { name: stop, id, params: {} }
    const decided = await this.#api.decide(stopper, action, { ...(dice.chance(0.2) && { breakGlass: true }) })
    const opened = openedBy(decided)
    for (const { id } of opened) void this.#judged(id, stopper, dice)
    if (dice.chance(0.4)) void this.#api.ratify(dice.pick(deciders), stop, key)
    if (dice.chance(0.2)) void this.#api.decide(dice.pick(by), action)
    await this.#world.scheduler.sleep(dice.between(100, 10_000))
    for (let tries = 0; tries < 5; tries++) {
      const now = await this.#api.read(key)
      if (now && is(now)) return
      await this.#contested({ name: lift, id, params: {} }, dice)
      await this.#world.scheduler.sleep(dice.between(10, 1_000))
    }
  }

  /** What takes two, or is done at once by one: proposed, and judged by several while it or its subject changes. */
  async #contested(action: Action, dice: Dice): Promise<void> {
    const proposer = dice.pick(action.name === 'model.resume' ? developers : deciders)
    const [opened] = openedBy(await this.#api.decide(proposer, action))
    if (opened) await this.#judged(opened.id, proposer, dice, action)
  }

  async #judged(id: string, proposer: Somebody, dice: Dice, about?: Action): Promise<void> {
    const judges = judgesOf(proposer, about)
    const [first = proposer, second = proposer] = dice.chance(0.5) ? judges : judges.toReversed()
    const soon = (act: () => Promise<unknown>): Promise<unknown> =>
      this.#world.scheduler.sleep(dice.pick([0, 0, 3, 20, 500, 3_000])).then(act)
    const acts = [soon(() => this.#approve(first, id))]
    if (dice.chance(0.4)) acts.push(soon(() => this.#approve(second, id)))
    if (dice.chance(0.1)) acts.push(soon(() => this.#approve(proposer, id)))
    if (dice.chance(0.1)) acts.push(soon(() => this.#api.answer('withdraw', proposer, id)))
    if (dice.chance(0.1)) acts.push(soon(() => this.#api.answer('decline', second, id)))
    if (dice.chance(0.1)) acts.push(soon(() => this.#stopped(person(first), dice)))
    if (about && dice.chance(0.2)) acts.push(soon(() => this.#changeUnder(about, dice)))
    await Promise.all(acts)
  }

  /** The record that a proposal is about changes while it is judged. */
  async #changeUnder({ name, id }: Action, dice: Dice): Promise<void> {
    const noun = name.startsWith('partner.') ? 'partner' : name.startsWith('grant.') ? 'grant' : undefined
    if (noun === undefined) return
    const action: Action = { name: `${noun}.suspend`, id, params: {} }
    await this.#api.decide(dice.pick(deciders), action, { ...(dice.chance(0.5) && { breakGlass: true }) })
  }

  /** Until it stands, is refused for good, or nobody cares any longer. */
  async #approve(who: Somebody, id: string): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      const answer = await this.#api.answer('approve', who, id)
      const again = answer === undefined || (answer instanceof Refusal && answer.code === 'version_stale')
      if (!again) return
      await this.#world.scheduler.sleep(20)
    }
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
    await this.#contested({ name: 'grant.continuity', id: grantOf(partner), params }, dice)
  }

  async #released(dice: Dice): Promise<void> {
    await this.#api.decide(dice.pick(developers), { name: 'model.release', id: modelId, params: {} })
  }

  /** Other roles, sometimes asked for by the very person, who also tries to sign. */
  async #raised(dice: Dice): Promise<void> {
    const who = dice.pick(['hana', 'hugo'])
    const roles = dice.chance(0.5) ? ['developer-admin', 'counsel'] : ['developer-admin']
    await this.#contested({ name: 'person.roles', id: personOf(who), params: { roles } }, dice)
  }
}

/** Those of the other organisation; a client that its own administrator stopped also goes on by them. */
function judgesOf(proposer: Somebody, about?: Action): readonly Somebody[] {
  const partner = about?.name.startsWith('client.') && partners.find(one => clientOf(one) === about.id)
  const others = deciders.filter(one => people[one].organisation !== people[proposer].organisation)
  return partner ? [adminOf[partner], ...others] : others
}

function openedBy(decided: Answer<Decided>): readonly Pick<Proposal, 'id'>[] {
  if (decided === undefined || decided instanceof Refusal) return []
  return decided.step === 'proposed' ? [decided.proposal] : decided.proposals
}

const revokesGrant = (partner: Partner): Action => ({
  name: 'grant.revoke',
  id: grantOf(partner),
  params: {},
})
const revokesPartner = (partner: Partner): Action => ({ name: 'partner.revoke', id: partner, params: {} })

const inState =
  (...states: readonly string[]) =>
  (record: object): boolean =>
    states.includes((record as { readonly partner?: string; readonly state: string }).partner ?? '') ||
    states.includes((record as { readonly state: string }).state)

const partnerItself = (partner: Partner): Stoppable => ({
  id: partner,
  stop: 'partner.suspend',
  lift: 'partner.reinstate',
  key: keys.organisation(partner),
  by: deciders,
  is: record => (record as { readonly partner?: string }).partner !== 'suspended',
})

const grantItself = (partner: Partner): Stoppable => ({
  id: grantOf(partner),
  stop: 'grant.suspend',
  lift: 'grant.reinstate',
  key: keys.grant(grantOf(partner)),
  by: deciders,
  is: inState('active', 'revoked'),
})

const clientItself = (partner: Partner): Stoppable => ({
  id: clientOf(partner),
  stop: 'client.suspend',
  lift: 'client.reinstate',
  key: keys.client(clientOf(partner)),
  by: [...deciders, adminOf[partner]],
  is: inState('active'),
})

const person = (who: Somebody): Stoppable => ({
  id: personOf(who),
  stop: 'person.suspend',
  lift: 'person.reinstate',
  key: keys.person(personOf(who)),
  by: deciders,
  is: inState('active'),
})

const modelItself: Stoppable = {
  id: modelId,
  stop: 'model.kill',
  lift: 'model.resume',
  key: keys.model(modelId),
  by: developers,
  is: record => !(record as { readonly killed: boolean }).killed,
}
