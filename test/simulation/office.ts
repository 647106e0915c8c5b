/**
 * A government window: the developer offers it, the office takes it, and its client calls around the moments at which it
 * opens and ends by itself; or its developer closes it.
 */
import { keys } from '../../shared/domain/keys.ts'
import type { Model } from '../../shared/domain/records.ts'
import { time } from '../../shared/domain/time.ts'
import { Api } from './api.ts'
import type { Dice } from './dice.ts'
import { Workload } from './partner.ts'
import { clientOf, government, windowModelId } from './records.ts'
import { Scene } from './scene.ts'
import { developers } from './stoppable.ts'
import type { World } from './world.ts'

export class Office {
  readonly #world: World
  readonly #api: Api
  readonly #scene: Scene
  readonly #workload: Workload
  #calls = 900
  /** Calls that have not come to their end. */
  waiting = 0

  constructor(world: World) {
    this.#world = world
    this.#api = new Api(world, 'office')
    this.#scene = new Scene(world, this.#api)
    this.#workload = new Workload(world, government)
  }

  async act(dice: Dice): Promise<void> {
    await this.#window(dice)
    if (dice.chance(0.4)) await this.#window(dice)
  }

  async #window(dice: Dice): Promise<void> {
    const { scheduler } = this.#world
    const opensIn = dice.between(3_000, 12_000)
    const endsAt = scheduler.now + opensIn + dice.between(5_000, 20_000)
    const params = {
      ...(dice.chance(0.8) && { opens_at: time(scheduler.now + opensIn) }),
      ends_at: time(endsAt),
      clients: [clientOf(government)],
      limits: { total: 20_000, rpm: 6_000, burst: 30, streams: 12 },
      becomes: dice.pick(['partner_access', 'designated']),
    }
    await this.#scene.contested({ name: 'model.window', id: windowModelId, params }, dice)
    const [{ window }] = this.#world.backend.get([keys.model(windowModelId)]) as [Model]
    if (window === undefined) return
    const closes = dice.chance(0.3)
    const around = [
      ...[0, 1, 2].map(() => window.opensAt + dice.between(-4_000, 4_000)),
      ...[0, 1, 2].map(() => dice.between(window.opensAt, window.endsAt)),
      ...[0, 1, 2, 3].map(() => window.endsAt + dice.between(-5_000, 3_500)),
    ]
    for (const at of around) void this.#call(at - scheduler.now)
    const last = closes ? dice.between(window.opensAt, window.endsAt) : window.endsAt
    await scheduler.sleep(last - scheduler.now)
    for (let tries = 0; closes && tries < 3; tries++) {
      const { name, id } = { name: 'model.close_window', id: windowModelId } as const
      await this.#api.decide(dice.pick(developers), { name, id, params: {} })
    }
    await scheduler.sleep(window.endsAt + 4_000 - scheduler.now)
  }

  async #call(ms: number): Promise<void> {
    this.#calls += 1
    this.waiting += 1
    const name = `call-${this.#calls}`
    await this.#world.scheduler.sleep(ms)
    await this.#workload.call(name)
    this.waiting -= 1
  }
}
