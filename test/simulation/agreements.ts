/**
 * The parties of an agreement: either side suspends it and both let it go on; its developer drafts the version to come,
 * which lowers what may be given while calls run, and the parties sign it at nearly the same time, or return it.
 */
import { attest } from '../../functions/governance/agreements/signature.ts'
import { signStatement, statementTypes } from '../../shared/agreements/statement.ts'
import type { QuotaTerms } from '../../shared/domain/clauses.ts'
import { type Governed, keys } from '../../shared/domain/keys.ts'
import type { Action } from '../../shared/domain/proposals.ts'
import type { Agreement } from '../../shared/domain/records.ts'
import type { ActionName } from '../../shared/domain/who-decides.ts'
import { ceiling, clausesWith } from './agreement-records.ts'
import { Api } from './api.ts'
import type { Dice } from './dice.ts'
import {
  agreementOf,
  issuer,
  type Partner,
  partners,
  people,
  personOf,
  type Somebody,
  signatoryKeys,
  statements,
} from './records.ts'
import { Scene } from './scene.ts'
import { adminOf, agreementItself, deciders, developers } from './stoppable.ts'
import type { World } from './world.ts'

export class Agreements {
  readonly #world: World
  readonly #api: Api
  readonly #scene: Scene

  constructor(world: World) {
    this.#world = world
    this.#api = new Api(world, 'agreements')
    this.#scene = new Scene(world, this.#api)
  }

  async act(dice: Dice): Promise<void> {
    const partner = dice.pick(partners)
    if (dice.chance(0.4)) return this.#scene.stopped(agreementItself(partner), dice)
    if (dice.chance(0.1)) return this.#resumed(partner, dice)
    await this.#replaced(partner, dice)
    // A second one leaves the tokens of the first without a version.
    if (dice.chance(0.4)) await this.#replaced(partner, dice)
  }

  /** Of what its developer has stopped alone. */
  async #resumed(partner: Partner, dice: Dice): Promise<void> {
    const suspends = step(partner, 'agreement.suspend')
    await this.#api.decide(dice.pick([...developers, ...developers, 'olga']), suspends)
    await this.#world.scheduler.sleep(dice.between(10, 3_000))
    await this.#insist(
      dice.pick(developers),
      partner,
      () => step(partner, 'agreement.resume'),
      ({ state }) => state === 'effective',
    )
  }

  async #replaced(partner: Partner, dice: Dice): Promise<void> {
    const drafter = dice.pick(developers)
    const pooled = (await this.#read(partner))?.pool !== undefined
    const clauses = clausesWith(
      drawTerms(dice, pooled),
      dice.pick(['As agreed.', 'As agreed.', 'As agreed anew.']),
    )
    const isNext =
      (state: string) =>
      ({ next }: Agreement): boolean =>
        next?.state === state
    const draft = (): Action => step(partner, 'agreement.draft', { words: { clauses } })
    await this.#insist(drafter, partner, draft, isNext('draft'))
    if (dice.chance(0.1)) return
    await this.#insist(drafter, partner, () => step(partner, 'agreement.offer'), isNext('offered'))
    const soon = (act: () => Promise<unknown>): Promise<unknown> =>
      this.#world.scheduler.sleep(dice.pick([0, 0, 3, 20, 500, 3_000])).then(act)
    const admin = adminOf[partner]
    const acts = [soon(() => this.#sign(drafter, partner)), soon(() => this.#sign(admin, partner))]
    if (dice.chance(0.3)) acts.push(soon(() => this.#sign(dice.pick(developers), partner)))
    if (dice.chance(0.1)) acts.push(soon(() => this.#sign(dice.pick(deciders), partner)))
    if (dice.chance(0.1)) {
      const returns = step(partner, 'agreement.return')
      acts.push(soon(() => this.#api.decide(dice.pick([drafter, admin]), returns)))
    }
    if (dice.chance(0.2)) acts.push(this.#scene.stopped(agreementItself(partner), dice))
    await Promise.all(acts)
    await this.#acknowledged(partner)
  }

  /** Until it stands, or can no longer. */
  async #sign(who: Somebody, partner: Partner): Promise<void> {
    for (let tries = 0; tries < 4; tries++) {
      const signed = await this.#signed(who, partner)
      if (signed === 'stands') return
      if (signed) await this.#api.decide(who, signed)
      await this.#world.scheduler.sleep(20)
    }
  }

  /** The signature as it is handed in: by a key of the signatory's own, or attested by the deployment. */
  async #signed(who: Somebody, partner: Partner): Promise<Action | 'stands' | undefined> {
    const agreement = await this.#read(partner)
    if (agreement === undefined) return undefined
    if (agreement.next?.state !== 'offered') return 'stands'
    const { digest } = agreement.next
    const organisationId = people[who].organisation
    const version = await this.#api.read(keys.agreementVersion(digest))
    const person = await this.#api.read(keys.person(personOf(who)))
    const organisation = await this.#api.read(keys.organisation(organisationId))
    if (version === undefined || person === undefined || organisation === undefined) return undefined
    if (Object.hasOwn(version.signatures, organisationId)) return 'stands'
    const { now } = this.#world.scheduler
    const own = who === 'cora' || who === 'petra' ? signatoryKeys[who].signer : undefined
    const actor = { person, organisation, authTime: now }
    const jws = own
      ? await signStatement(own, statementTypes.document, version.document)
      : await attest(statements, issuer, version, actor, people[who].roles[0], now)
    return step(partner, 'agreement.sign', { digest, kind: own ? 'key' : 'attested', jws })
  }

  /** A notice that is new stops its calls until somebody of the partner has read it. */
  async #acknowledged(partner: Partner): Promise<void> {
    for (let tries = 0; tries < 4; tries++) {
      const agreement = await this.#read(partner)
      if (agreement && agreement.consentedAt !== undefined) return
      const acknowledged = step(partner, 'agreement.acknowledge', { digest: agreement?.digest })
      if (agreement) await this.#api.decide(adminOf[partner], acknowledged)
      await this.#world.scheduler.sleep(500)
    }
  }

  async #insist(
    who: Somebody,
    partner: Partner,
    make: () => Action,
    done: (agreement: Agreement) => boolean,
  ): Promise<void> {
    for (let tries = 0; tries < 3; tries++) {
      await this.#api.decide(who, make())
      const now = await this.#read(partner)
      if (now && done(now)) return
      await this.#world.scheduler.sleep(20)
    }
  }

  #read(partner: Partner): Promise<Governed<Agreement> | undefined> {
    return this.#api.read(keys.agreement(agreementOf(partner)))
  }
}

const step = (partner: Partner, name: ActionName, params: Action['params'] = {}): Action => ({
  name,
  id: agreementOf(partner),
  params,
})

/** Mostly less than what was given; sometimes with a budget for all grants under it, which stays. */
function drawTerms(dice: Dice, pooled: boolean): QuotaTerms & { readonly pool?: QuotaTerms } {
  const terms: QuotaTerms = {
    total: dice.chance(0.2) ? ceiling.total : dice.between(1_500, 20_000),
    rpm: dice.pick([60, 600, ceiling.rpm]),
    burst: dice.between(2, ceiling.burst),
    streams: dice.between(1, ceiling.streams),
    ...(dice.chance(0.3) && { per_day: dice.between(1_000, 20_000) }),
  }
  if (dice.chance(0.6) && !pooled) return terms
  return { ...terms, pool: { ...terms, total: terms.total + dice.below(5_000) } }
}
