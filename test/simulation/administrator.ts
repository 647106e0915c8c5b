/**
 * Somebody who decides, straight in the registry and the meters: what stops calls also closes the meters, in one
 * transaction. Some of it is taken back later.
 */
import { keys } from '../../shared/domain/keys.ts'
import { type Meter, reopen } from '../../shared/domain/meter.ts'
import type { Grant, Model, Organisation, Standing } from '../../shared/domain/records.ts'
import {
  type Condition,
  type Key,
  type Store,
  StoreUnavailable,
  type TransactOp,
  type Update,
} from '../../shared/ports/store.ts'
import type { Dice } from './dice.ts'
import type { Revocation, Sent } from './invariants.ts'
import { clientOf, grantOf, modelId, type Partner, partners, pool } from './records.ts'
import type { Process } from './scheduler.ts'
import type { World } from './world.ts'

export class Administrator {
  readonly #world: World
  readonly #dice: Dice
  readonly #store: Store
  /** What is stopped now: it is not stopped again until it goes on. */
  readonly #stopped = new Set<string>()
  readonly #process: Process = { name: 'administrator', skew: 0, alive: true }

  constructor(world: World) {
    this.#world = world
    this.#dice = world.diceFor('administrator')
    this.#store = world.storeOf(this.#process)
  }

  /** Something drawn by chance, and perhaps its end some seconds later. */
  async decide(dice: Dice): Promise<void> {
    const partner = dice.pick(partners)
    const choice = dice.below(9)
    if (choice < 3) return this.#changeLimits(dice, dice.pick([grantOf(partner), pool]))
    if (choice === 3) return this.#revokeToken()
    if (choice === 4) return this.#reopen(dice.pick([grantOf(partner), pool]))
    if (choice === 5) return this.#killModel()
    if (choice === 6) return this.#hold(partner)
    return choice === 7 ? this.#suspendGrant(partner) : this.#suspendPartner(partner)
  }

  async #suspendPartner(partner: Partner): Promise<void> {
    const key = keys.organisation(partner)
    const field = ['partner'] as const
    await this.#stop(`${partner} was suspended`, sent => sent.partner === partner, {
      on: () => this.#switch<Organisation>(key, field, 'active', 'suspended', grantOf(partner), 'closed'),
      off: () => this.#switch<Organisation>(key, field, 'suspended', 'active', grantOf(partner), 'open'),
    })
  }

  async #suspendGrant(partner: Partner): Promise<void> {
    const key = keys.grant(grantOf(partner))
    const field = ['state'] as const
    await this.#stop(`the grant of ${partner} was suspended`, sent => sent.partner === partner, {
      on: () => this.#switch<Grant>(key, field, 'active', 'suspended', grantOf(partner), 'closed'),
      off: () => this.#switch<Grant>(key, field, 'suspended', 'active', grantOf(partner), 'open'),
    })
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
    const path = ['holds', `hold_${partner}`] as const
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
      const total = Math.max(by, -meter.remaining)
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
          if: { and: [{ eq: [['rev'], meter.rev] }, { ge: [['remaining'], Math.max(0, -total)] }] },
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
    covers: (sent: Sent) => boolean,
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

  #revocation(what: string, covers: (sent: Sent) => boolean): Revocation {
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

  /** The end of a history: everything that was stopped goes on, with room on every meter. */
  async restore(): Promise<void> {
    const open = { holds: {}, compromised: {} } satisfies Standing
    await this.#store.write({ kind: 'put', key: keys.standing, item: open })
    const set = (key: Key, field: readonly [string], value: string | boolean): Promise<unknown> =>
      this.#store.write({ kind: 'update', key, change: { set: [[field, value]] } })
    await set(keys.model(modelId), ['killed'], false)
    for (const partner of partners) {
      await set(keys.organisation(partner), ['partner'], 'active')
      await set(keys.grant(grantOf(partner)), ['state'], 'active')
    }
    for (const id of [...partners.map(grantOf), pool]) {
      const [meter] = await this.#store.get([keys.meter(id)])
      if (meter === undefined) throw new Error(`no meter ${id}`)
      const { perDay: _, ...limits } = meter.limits
      const more = 5_000_000
      await this.#store.write({
        kind: 'update',
        key: keys.meter(id),
        change: {
          set: [
            [['state'], 'open'],
            [['overruns'], {}],
            [['limits'], { ...limits, total: limits.total + more, rpm: 6_000, burst: 30, streams: 12 }],
          ],
          add: [
            [['remaining'], more],
            [['rev'], 1],
          ],
          ...(meter.closed && { remove: [['closed']] }),
        },
      })
    }
  }
}
