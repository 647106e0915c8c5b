/**
 * How others take part in a decision: they stand by it, sign it, withdraw it, or change its subject at the same moment.
 * Several scenes go on at once, on the same records.
 */
import type { Decided } from '../../functions/governance/engine/decide.ts'
import type { Action, Proposal } from '../../shared/domain/proposals.ts'
import { Refusal } from '../../shared/domain/refusal.ts'
import type { Answer, Api } from './api.ts'
import type { Dice } from './dice.ts'
import { clientOf, partners, people, type Somebody } from './records.ts'
import { adminOf, deciders, developers, person, type Stoppable } from './stoppable.ts'
import type { World } from './world.ts'

export class Scene {
  readonly #world: World
  readonly #api: Api

  constructor(world: World, api: Api) {
    this.#world = world
    this.#api = api
  }

  /** Stopped by one, perhaps in an emergency; looked at by another; and let go on some seconds later. */
  async stopped(stoppable: Stoppable, dice: Dice): Promise<void> {
    const { id, stop, lift, key, by, is } = stoppable
    const stopper = dice.pick(by)
    const action: Action = { name: stop, id, params: {} }
    const decided = await this.#api.decide(stopper, action, { ...(dice.chance(0.2) && { breakGlass: true }) })
    const opened = openedBy(decided)
    for (const { id } of opened) void this.judged(id, stopper, dice)
    if (dice.chance(0.4)) void this.#api.ratify(dice.pick(deciders), stop, key)
    if (dice.chance(0.2)) void this.#api.decide(dice.pick(by), action)
    await this.#world.scheduler.sleep(dice.between(100, 10_000))
    for (let tries = 0; tries < 5; tries++) {
      const now = await this.#api.read(key)
      if (now && is(now)) return
      await this.contested({ name: lift, id, params: {} }, dice)
      await this.#world.scheduler.sleep(dice.between(10, 1_000))
    }
  }

  /** What takes two, or is done at once by one: proposed, and judged by several while it or its subject changes. */
  async contested(action: Action, dice: Dice): Promise<void> {
    const proposer = dice.pick(developersAsk.has(action.name) ? developers : deciders)
    const [opened] = openedBy(await this.#api.decide(proposer, action))
    if (opened) await this.judged(opened.id, proposer, dice, action)
  }

  async judged(id: string, proposer: Somebody, dice: Dice, about?: Action): Promise<void> {
    const judges = judgesOf(proposer, about)
    const [first = proposer, second = proposer] = dice.chance(0.5) ? judges : judges.toReversed()
    const soon = (act: () => Promise<unknown>): Promise<unknown> =>
      this.#world.scheduler.sleep(dice.pick([0, 0, 3, 20, 500, 3_000])).then(act)
    const acts = [soon(() => this.#approve(first, id))]
    if (dice.chance(0.4)) acts.push(soon(() => this.#approve(second, id)))
    if (dice.chance(0.1)) acts.push(soon(() => this.#approve(proposer, id)))
    if (dice.chance(0.1)) acts.push(soon(() => this.#api.answer('withdraw', proposer, id)))
    if (dice.chance(0.1)) acts.push(soon(() => this.#api.answer('decline', second, id)))
    if (dice.chance(0.1)) acts.push(soon(() => this.stopped(person(first), dice)))
    if (about && dice.chance(0.2)) acts.push(soon(() => this.#changeUnder(about, dice)))
    await Promise.all(acts)
  }

  /** The record that a proposal is about changes while it is judged. */
  async #changeUnder({ name, id }: Action, dice: Dice): Promise<void> {
    const noun = nouns.find(one => name.startsWith(`${one}.`))
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
}

const developersAsk: ReadonlySet<string> = new Set(['model.resume', 'model.window'])
/** That have a suspension of their own. */
const nouns = ['partner', 'grant', 'agreement'] as const

/** Those of the other organisation; a client that its own administrator stopped also goes on by them. */
function judgesOf(proposer: Somebody, about?: Action): readonly Somebody[] {
  const partner = about?.name.startsWith('client.') && partners.find(one => clientOf(one) === about.id)
  const others = deciders.filter(one => people[one].organisation !== people[proposer].organisation)
  return partner ? [adminOf[partner], ...others] : others
}

export function openedBy(decided: Answer<Decided>): readonly Pick<Proposal, 'id'>[] {
  if (decided === undefined || decided instanceof Refusal) return []
  return decided.step === 'proposed' ? [decided.proposal] : decided.proposals
}
