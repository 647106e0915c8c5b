/**
 * What goes around people, straight into the registry and the meters: whoever operates the deployment, and what has no
 * action of its own yet. Some of it is taken back later.
 */
import { keys } from '../../shared/domain/keys.ts'
import { reopen } from '../../shared/domain/meter.ts'
import type { Organisation } from '../../shared/domain/records.ts'
import { rotate } from '../../shared/oauth/key-ring.ts'
import { type Key, type Store, StoreUnavailable, type TransactOp } from '../../shared/ports/store.ts'
import type { Dice } from './dice.ts'
import type { Revocation } from './observed.ts'
import { grantOf, type Partner, partners, pool, signings } from './records.ts'
import type { Process } from './scheduler.ts'
import type { World } from './world.ts'

export class Operator {
  readonly #world: World
  readonly #dice: Dice
  readonly #store: Store
  /** What is stopped now: it is not stopped again until it goes on. */
  readonly #stopped = new Set<string>()
  #versions = 0
  readonly #process: Process = { name: 'operator', skew: 0, alive: true }

  constructor(world: World) {
    this.#world = world
    this.#dice = world.diceFor('operator')
    this.#store = world.storeOf(this.#process)
  }

  /** Something drawn by chance, and perhaps its end some seconds later. */
  async act(dice: Dice): Promise<void> {
    const partner = dice.pick(partners)
    const choice = dice.below(10)
    if (choice < 2) return this.#changeLimits(dice)
    if (choice === 2 || choice > 7) return this.#revokeToken()
    if (choice === 3 || choice === 4) return this.#reopen(dice.pick([grantOf(partner), pool]))
    if (choice === 6) return this.#replaceSigningKey()
    return this.#suspendOrganisation(partner)
  }

  async #suspendOrganisation(partner: Partner): Promise<void> {
    const key = keys.organisation(partner)
    await this.#stop(`${partner} was suspended as an organisation`, sent => sent.partner === partner, {
      on: () => this.#switch<Organisation>(key, 'active', 'suspended'),
      off: () => this.#switch<Organisation>(key, 'suspended', 'active'),
    })
  }

  /** A signing key is no longer trusted, and another one signs from now on. */
  async #replaceSigningKey(): Promise<void> {
    const next = signings[++this.#versions % signings.length]
    const { now } = this.#world.scheduler
    const revocation = this.#revocation('the signing key was found out', this.#tokensSoFar())
    const [before] = await this.#store.get([keys.keyRing]).catch(() => [undefined])
    const compromised = before?.keys.at(-1)?.kid
    if (next === undefined || !compromised || before.keys.some(({ kid }) => kid === next.kid)) return
    const { kid, jwk } = next
    const ring = rotate(before, { kid, alg: 'Ed25519', jwk, ref: kid }, now, { compromised })
    const done = await this.#insist(async () => [
      {
        kind: 'put',
        key: keys.keyRing,
        item: ring,
        if: { eq: [['version'], before.version] },
        ours: { eq: [['version'], ring.version] },
      },
      { kind: 'update', key: keys.standing, change: { set: [[['compromised', compromised], now]] } },
    ])
    if (done) this.#acknowledged(revocation)
  }

  #tokensSoFar(): Revocation['covers'] {
    const tokens = new Set([...this.#world.invariants.sent.values()].map(one => one.token))
    return one => tokens.has(one.token)
  }

  /** The one that was used last. */
  async #revokeToken(): Promise<void> {
    const token = [...this.#world.invariants.sent.values()].at(-1)?.token
    if (token === undefined) return
    const exp = Math.floor(this.#world.scheduler.now / 1000) + 3_600
    const revocation = this.#revocation('its token was revoked', sent => sent.token === token)
    const put = { kind: 'put', key: keys.revokedToken(token), item: { by: 'operator', exp } } as const
    await this.#insist(async () => [put])
    this.#acknowledged(revocation)
  }

  /** Of the pool: no action is about it. A total is lowered by what is left of it at most. */
  async #changeLimits(dice: Dice): Promise<void> {
    const by = dice.between(-1_500, 1_500)
    const cut = dice.unit()
    await this.#insist(async () => {
      const [meter] = await this.#store.get([keys.meter(pool)])
      if (meter === undefined) return false
      const total = Math.max(by, -Math.max(0, meter.remaining))
      const limits = {
        ...meter.limits,
        total: meter.limits.total + total,
        streams: dice.between(1, 12),
        ...(meter.limits.perDay && { perDay: Math.ceil(meter.dayUsed + cut * 2_000) }),
      }
      return [
        {
          kind: 'update',
          key: keys.meter(pool),
          if: {
            and: [
              { eq: [['rev'], meter.rev] },
              ...(total < 0 ? [{ ge: [['remaining'], -total] } as const] : []),
            ],
          },
          ours: { and: [{ eq: [['rev'], meter.rev + 1] }, { eq: [['limits', 'total'], limits.total] }] },
          change: {
            set: [[['limits'], limits]],
            add: [
              [['rev'], 1],
              [['remaining'], total],
            ],
          },
        },
      ]
    })
  }

  /** What a provider's bill has closed, looked at. */
  async #reopen(id: string): Promise<void> {
    const [meter] = await this.#store.get([keys.meter(id)]).catch(() => [undefined])
    if (meter?.closed === 'overrun')
      await this.#store.write(reopen(meter, Object.keys(meter.overruns))).catch(() => undefined)
  }

  async #stop(
    what: string,
    covers: Revocation['covers'],
    { on, off }: { on: () => Promise<boolean>; off: () => Promise<boolean> },
  ): Promise<void> {
    const { scheduler } = this.#world
    if (this.#stopped.has(what)) return
    this.#stopped.add(what)
    const revocation = this.#revocation(what, covers)
    if (!(await on())) return
    this.#acknowledged(revocation)
    await scheduler.sleep(this.#dice.between(100, 20_000))
    revocation.liftedAt = scheduler.now
    this.#world.history.note(scheduler.now, 'operator', `takes back that ${what}`)
    if (await off()) this.#stopped.delete(what)
  }

  #revocation(what: string, covers: Revocation['covers']): Revocation {
    const never = Number.POSITIVE_INFINITY
    return { what, covers, acknowledgedAt: never, liftedAt: never }
  }

  #acknowledged(revocation: Revocation): void {
    const { scheduler, invariants, history } = this.#world
    invariants.revocations.acknowledged(revocation)
    history.note(scheduler.now, 'operator', `knows that ${revocation.what}`)
  }

  /** The state of a record. A decision in between makes it tried again, on the version that came of it. */
  #switch<R extends { readonly state: string }>(
    key: Key<R & { readonly rev: number }>,
    from: R['state'],
    to: R['state'],
  ): Promise<boolean> {
    return this.#insist(async () => {
      const [record] = await this.#store.get([key])
      // Nobody else writes this field: that it is so is an answer that was lost.
      if (record === undefined || record.state === to) return record !== undefined
      const { rev } = record
      return [
        {
          kind: 'update',
          key,
          if: { and: [{ eq: [['rev'], rev] }, { eq: [['state'], from] }] },
          change: { set: [[['state'], to]], add: [[['rev'], 1]] },
        },
      ]
    })
  }

  /**
   * Until it stands or can no longer: a lost answer leaves open whether it does, so it is looked at and asked for
   * again.
   */
  async #insist(make: () => Promise<readonly TransactOp[] | boolean>): Promise<boolean> {
    for (let tries = 0; tries < 50; tries++) {
      try {
        const ops = await make()
        if (typeof ops === 'boolean') return ops
        if ((await this.#store.transact(ops)).ok) return true
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
      }
      await this.#world.scheduler.sleep(this.#dice.between(10, 200))
    }
    return false
  }
}
