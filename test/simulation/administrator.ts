/**
 * Somebody who decides, straight in the registry and the meters: what stops calls also closes the meters, in one
 * transaction. Some of it is taken back later.
 */
import { keys } from '../../shared/domain/keys.ts'
import { type Meter, reopen } from '../../shared/domain/meter.ts'
import type { Agreement, Client, Grant, Model, Organisation } from '../../shared/domain/records.ts'
import { rotate } from '../../shared/oauth/key-ring.ts'
import {
  type Condition,
  type Key,
  type Store,
  StoreUnavailable,
  type TransactOp,
  type Update,
} from '../../shared/ports/store.ts'
import type { Dice } from './dice.ts'
import type { Revocation } from './observed.ts'
import { clientOf, grantOf, modelId, type Partner, partners, pool, signings } from './records.ts'
import type { Process } from './scheduler.ts'
import type { World } from './world.ts'

export class Administrator {
  readonly #world: World
  readonly #dice: Dice
  readonly #store: Store
  /** What is stopped now: it is not stopped again until it goes on. */
  readonly #stopped = new Set<string>()
  #versions = 0
  readonly #process: Process = { name: 'administrator', skew: 0, alive: true }

  constructor(world: World) {
    this.#world = world
    this.#dice = world.diceFor('administrator')
    this.#store = world.storeOf(this.#process)
  }

  /** Something drawn by chance, and perhaps its end some seconds later. */
  async decide(dice: Dice): Promise<void> {
    const partner = dice.pick(partners)
    const choice = dice.below(13)
    if (choice < 3) return this.#changeLimits(dice, dice.pick([grantOf(partner), pool]))
    if (choice === 3) return this.#revokeToken()
    if (choice === 4) return this.#reopen(dice.pick([grantOf(partner), pool]))
    if (choice === 5) return this.#killModel()
    if (choice === 6) return this.#hold(partner)
    if (choice === 7) return this.#suspendGrant(partner)
    if (choice === 8) return this.#suspendClient(partner)
    if (choice === 9) return this.#suspendAgreement(partner)
    if (choice === 10) return this.#replaceAgreement(partner)
    if (choice === 11) return this.#replaceSigningKey()
    return this.#suspendPartner(partner, dice.pick(['partner', 'state']))
  }

  async #suspendPartner(partner: Partner, name: 'partner' | 'state'): Promise<void> {
    const key = keys.organisation(partner)
    const field = [name] as const
    await this.#stop(
      `${partner} was suspended${name === 'state' ? ' as an organisation' : ''}`,
      sent => sent.partner === partner,
      {
        on: () => this.#switch<Organisation>(key, field, 'active', 'suspended', grantOf(partner), 'closed'),
        off: () => this.#switch<Organisation>(key, field, 'suspended', 'active', grantOf(partner), 'open'),
      },
    )
  }

  async #suspendGrant(partner: Partner): Promise<void> {
    const key = keys.grant(grantOf(partner))
    const field = ['state'] as const
    await this.#stop(`the grant of ${partner} was suspended`, sent => sent.partner === partner, {
      on: () => this.#switch<Grant>(key, field, 'active', 'suspended', grantOf(partner), 'closed'),
      off: () => this.#switch<Grant>(key, field, 'suspended', 'active', grantOf(partner), 'open'),
    })
  }

  async #suspendClient(partner: Partner): Promise<void> {
    const key = keys.client(clientOf(partner))
    await this.#stop(`the client of ${partner} was suspended`, sent => sent.partner === partner, {
      on: () => this.#switch<Client>(key, ['state'], 'active', 'suspended'),
      off: () => this.#switch<Client>(key, ['state'], 'suspended', 'active'),
    })
  }

  async #suspendAgreement(partner: Partner): Promise<void> {
    const key = keys.agreement(`agreement_${partner}`)
    const field = ['state'] as const
    await this.#stop(`the agreement of ${partner} was suspended`, sent => sent.partner === partner, {
      on: () => this.#switch<Agreement>(key, field, 'effective', 'suspended', grantOf(partner), 'closed'),
      off: () => this.#switch<Agreement>(key, field, 'suspended', 'effective', grantOf(partner), 'open'),
    })
  }

  /** A new version without a time in which the one before still counts: tokens of the old one end. */
  async #replaceAgreement(partner: Partner): Promise<void> {
    const digest = `digest-${partner}-${++this.#versions}`
    const revocation = this.#revocation(`${partner} has a new agreement`, this.#tokensSoFar(partner))
    const key = keys.agreement(`agreement_${partner}`)
    const done = await this.#insist(async () => {
      const [found] = await this.#store.get([key])
      const { rev } = found as unknown as { readonly rev: number }
      if (found?.digest === digest) return true
      return [
        {
          kind: 'update',
          key,
          if: { and: [{ eq: [['rev'], rev] }, { eq: [['state'], 'effective'] }] },
          ours: { eq: [['digest'], digest] },
          change: { set: [[['digest'], digest]], add: [[['rev'], 1]] },
        },
      ]
    })
    if (done) this.#acknowledged(revocation)
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

  #tokensSoFar(partner?: Partner): Revocation['covers'] {
    const sent = [...this.#world.invariants.sent.values()]
    const tokens = new Set(sent.filter(one => one.partner === (partner ?? one.partner)).map(one => one.token))
    return one => tokens.has(one.token)
  }

  async #killModel(): Promise<void> {
    const key = keys.model(modelId)
    await this.#stop('the model was stopped', () => true, {
      on: () => this.#switch<Model>(key, ['killed'], false, true),
      off: () => this.#switch<Model>(key, ['killed'], true, false),
    })
  }

  /** A hold closes no meter: it stands in the one item that every admission reads. */
  async #hold(partner: Partner): Promise<void> {
    const path = ['holds', `hold_${partner}_${++this.#versions}`] as const
    const hold = { scope: { client: clientOf(partner) }, reason: 'looked into', placedAt: 0 }
    const write = (change: Update['change'], when: Condition, ours: Condition) => () =>
      this.#insist(async () => [{ kind: 'update', key: keys.standing, if: when, ours, change }])
    await this.#stop(`a hold on ${partner} was placed`, sent => sent.partner === partner, {
      on: write({ set: [[path, hold]] }, { absent: path }, { exists: path }),
      off: write({ remove: [path] }, { exists: path }, { absent: path }),
    })
  }

  /** The one that was used last. */
  async #revokeToken(): Promise<void> {
    const token = [...this.#world.invariants.sent.values()].at(-1)?.token
    if (token === undefined) return
    const exp = Math.floor(this.#world.scheduler.now / 1000) + 3_600
    const revocation = this.#revocation('its token was revoked', sent => sent.token === token)
    const put = { kind: 'put', key: keys.revokedToken(token), item: { by: 'administrator', exp } } as const
    await this.#insist(async () => [put])
    this.#acknowledged(revocation)
  }

  /** Every change of a limit or state changes `rev`. A total is lowered by what is left of it at most. */
  async #changeLimits(dice: Dice, id: string): Promise<void> {
    const by = dice.between(-1_500, 1_500)
    const cut = dice.unit()
    await this.#insist(async () => {
      const [meter] = await this.#store.get([keys.meter(id)])
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
          key: keys.meter(id),
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
    this.#world.history.note(scheduler.now, 'administrator', `takes back that ${what}`)
    if (await off()) this.#stopped.delete(what)
  }

  #revocation(what: string, covers: Revocation['covers']): Revocation {
    const never = Number.POSITIVE_INFINITY
    return { what, covers, acknowledgedAt: never, liftedAt: never }
  }

  #acknowledged(revocation: Revocation): void {
    const { scheduler, invariants, history } = this.#world
    revocation.acknowledgedAt = scheduler.now
    invariants.revocations.push(revocation)
    history.note(scheduler.now, 'administrator', `knows that ${revocation.what}`)
  }

  /** A field of a record and, with it, the state of a meter. False where somebody else has changed it. */
  #switch<R extends object>(
    key: Key<R>,
    field: readonly [string],
    from: string | boolean,
    to: string | boolean,
    meterId?: string,
    state?: Meter['state'],
  ): Promise<boolean> {
    let rev: number | undefined
    return this.#insist(async () => {
      const [record, meter] = await this.#store.get([key, keys.meter(meterId ?? '')])
      const decidedOn = record as Record<string, unknown> | undefined
      rev ??= Number(decidedOn?.rev)
      if (decidedOn?.rev === rev && decidedOn[field[0]] !== from) return false
      // An answer was lost. The meter says nothing about it: another decision may have closed it too.
      if (decidedOn?.rev === rev + 1 && decidedOn[field[0]] === to) return true
      const ops: TransactOp[] = [
        {
          kind: 'update',
          key,
          if: { and: [{ eq: [['rev'], rev] }, { eq: [field, from] }] },
          change: { set: [[field, to]], add: [[['rev'], 1]] },
        },
      ]
      if (meter && state) {
        const wasOverrun = state === 'open' && Object.keys(meter.overruns).length > 0
        ops.push({
          kind: 'update',
          key: keys.meter(meter.id),
          if: { eq: [['rev'], meter.rev] },
          change: {
            set: [
              [['state'], wasOverrun ? 'closed' : state],
              ...(wasOverrun ? ([[['closed'], 'overrun']] as const) : []),
            ],
            add: [[['rev'], 1]],
            ...(!wasOverrun && meter.closed && { remove: [['closed']] }),
          },
        })
      }
      return ops
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
