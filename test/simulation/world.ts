/**
 * One simulated world: the product's own token service, gate and sweeper, several of each, over simulated ports; in
 * some worlds over the product's own adapter, and a simulated DynamoDB under it.
 * Everything that happens follows from the seed.
 */
import type { APIGatewayProxyEvent } from 'aws-lambda'
import { createAttributionKeys } from '../../functions/attribution-keys.ts'
import { createGate, type GateDeps } from '../../functions/gate/app.ts'
import type { GovernanceDeps } from '../../functions/governance/engine/plan.ts'
import type { Handler, Reply } from '../../functions/http.ts'
import { createRingReader } from '../../functions/ring.ts'
import { runSweeper } from '../../functions/sweeper/run.ts'
import { createToken } from '../../functions/token/app.ts'
import { keys } from '../../shared/domain/keys.ts'
import type { Model } from '../../shared/domain/records.ts'
import { type Store, StoreUnavailable } from '../../shared/ports/store.ts'
import type { Clock, Telemetry } from '../../shared/ports/world.ts'
import { Backend } from './backend.ts'
import { createDice, type Dice } from './dice.ts'
import { DynamoService } from './dynamo-service.ts'
import { calm, drawFaults, type Faults } from './faults.ts'
import { History } from './history.ts'
import { Invariants } from './invariants.ts'
import { Bucket, directObjects } from './log/bucket.ts'
import { createObjectsPort, type ObjectRequest } from './log/objects-port.ts'
import { createProcessStore } from './process-store.ts'
import { firstRecords, issuer, modelId, signerOf, statements } from './records.ts'
import { type Process, Scheduler } from './scheduler.ts'
import { createHttpPort, type Provided, type Provider } from './upstream.ts'
import { createVirtualClock } from './virtual-clock.ts'
import type { RequestKind } from './way.ts'

export type Role = 'gate' | 'token' | 'api' | 'sweeper'

/** One instance of a function, until it dies. */
export interface Instance extends Process {
  readonly role: Role
  /** A sweeper has none: it wakes by itself. Nor has the API: people's requests begin behind its HTTP. */
  readonly handler: Handler | undefined
  /** With what the API decides. */
  readonly governance: GovernanceDeps | undefined
  /** Called when it dies: whoever talks to it hears that the connection is gone. */
  readonly onDeath: Set<() => void>
}

export interface Settings {
  readonly seed: number
  /** Kinds of faults that do not happen, calls and decisions that are left out: to find what a failure needs. */
  readonly without?: ReadonlySet<keyof Faults>
  readonly leave?: ReadonlySet<string>
  /** Whether the history is kept. */
  readonly tell?: boolean
}

/** Some seeds cross midnight, where the meters' day changes. */
const midnight = Date.UTC(2026, 5, 2)

export class World {
  readonly seed: number
  readonly dice: Dice
  readonly scheduler: Scheduler
  readonly backend: Backend
  /** What gates leave of the replies that they sent. */
  readonly bucket = new Bucket()
  readonly history: History
  readonly invariants: Invariants
  readonly startedAt: number
  readonly leaseMs: number
  readonly leave: ReadonlySet<string>
  readonly plans = new Map<string, Provided>()
  /** Until when an instance cannot reach the store; `reads` where it cannot read either. */
  readonly outages = new Map<string, { readonly until: number; readonly reads: boolean }>()
  faults: Faults
  instances: Instance[] = []
  /** In every eighth world. */
  readonly #dynamo: DynamoService | undefined
  readonly skew: number
  readonly #provider: Provider
  /**
   * How many of the requests to the bucket are lost, where it and the key can fail too: not everywhere, so that other
   * histories are what they would be without it.
   */
  readonly #lostObjects: number | undefined
  #born = 0

  constructor({ seed, without = new Set(), leave = new Set(), tell = false }: Settings) {
    this.seed = seed
    this.dice = this.diceFor('world')
    const drawn = drawFaults(this.diceFor('faults'))
    const absent = Object.fromEntries([...without].map(kind => [kind, calm[kind]]))
    this.faults = { ...drawn, ...absent }
    this.leave = leave
    this.startedAt = midnight - (this.dice.chance(0.5) ? this.dice.below(60_000) : 43_200_000)
    const onDynamo = seed % 8 === 3
    // On AWS a lease is no shorter than three deadlines of the store.
    this.leaseMs = this.dice.pick(onDynamo ? [10_000, 15_000, 30_000] : [3_000, 9_000, 30_000])
    // A lease outlives every clock: two that are apart by a third of it could not tell a live one from a dead one.
    this.skew = Math.min(this.faults.skew, this.leaseMs / 10)
    this.scheduler = new Scheduler(this.diceFor('scheduler'), this.startedAt)
    this.backend = new Backend(this.scheduler, this.diceFor('backend'))
    this.#dynamo = onDynamo
      ? new DynamoService({
          scheduler: this.scheduler,
          backend: this.backend,
          faults: () => this.faults,
        })
      : undefined
    const traced = this.diceFor('fingerprints')
    this.#lostObjects = traced.chance(0.3) ? traced.pick([0.05, 0.9]) : undefined
    this.invariants = new Invariants(
      this.backend,
      this.bucket,
      () => this.scheduler.now,
      this.skew,
      this.plans,
    )
    this.history = new History(tell, eid => this.invariants.callOf(eid))
    const { scheduler, invariants, history } = this
    this.#provider = {
      scheduler,
      dice: this.diceFor('provider'),
      plan: call =>
        this.plans.get(call) ?? { tokens: 1, thinks: false, density: 1, first: 1, pace: 1, fault: undefined },
      hides: () => (this.backend.get([keys.model(modelId)]) as [Model])[0].tokens.hiddenOutput,
      asked: one => invariants.providerAsked(one),
      produced: one => invariants.produced(one),
      note: (by, what) => history.note(scheduler.now, by.name, what),
    }
    const founder: Process = { name: 'founder', skew: 0, alive: true }
    for (const put of firstRecords(this.diceFor('records'), this.startedAt)) this.backend.write(put, founder)
    this.backend.indexLagMs = this.faults.lag
    this.backend.onApplied = applied => invariants.applied(applied)
    this.backend.onTogether = applied => invariants.together(applied)
  }

  /** Chance for one actor alone: what another does changes none of its rolls. */
  diceFor(name: string): Dice {
    return createDice(`${this.seed} ${name}`)
  }

  storeOf(process: Process): Store {
    return createProcessStore({
      ...this.#way(process, 'store'),
      backend: this.backend,
      dynamo: this.#dynamo,
      pauses: this.diceFor(`pauses of ${process.name}`),
    })
  }

  #way(process: Process, place: 'store' | 'objects') {
    const { scheduler, history } = this
    return {
      scheduler,
      process,
      dice: this.diceFor(`${place} of ${process.name}`),
      faults: () => this.faults,
      cutOff: (kind: RequestKind) => {
        const { until = 0, reads = true } = this.outages.get(process.name) ?? {}
        return this.faults !== calm && scheduler.now < until && (reads || kind !== 'read')
      },
      threw: (error: unknown) =>
        void this.invariants.violations.push(`${process.name} asks what no store can do: ${error}`),
      note: (what: string, request: object) => history.request(scheduler.now, process.name, what, request),
    }
  }

  #fingerprinting(process: Process, store: Store): GateDeps['fingerprinting'] {
    const { bucket, history, scheduler } = this
    const lost = this.#lostObjects
    if (lost === undefined)
      return { keys: { open: async () => new Uint8Array(32) }, objects: directObjects(bucket, process.name) }
    const asIs = async (bytes: Uint8Array): Promise<Uint8Array> => bytes
    const random = this.diceFor(`keys of ${process.name}`)
    const faults = (): Faults => (this.faults === calm ? calm : { ...this.faults, lost })
    const note = (what: string, request: object): void => {
      const { object, name } = request as ObjectRequest
      history.note(scheduler.now, process.name, `${object} ${name}: ${what}`)
    }
    return {
      keys: createAttributionKeys({ store, secrets: { wrap: asIs, unwrap: asIs }, random }),
      objects: createObjectsPort({ ...this.#way(process, 'objects'), faults, note, bucket }),
    }
  }

  /** Starts an instance: with its own clock, its own way to the store, nothing remembered. */
  start(role: Role): Instance {
    const name = `${role} ${++this.#born}`
    const dice = this.diceFor(name)
    const onDeath = new Set<() => void>()
    const skew = dice.between(-this.skew, this.skew)
    const process: Process = { name, skew, alive: true }
    const instance = Object.assign(process, {
      role,
      onDeath,
      handler: this.#handler(role, process, dice),
      governance: role === 'api' ? this.#governance(process, dice) : undefined,
    })
    this.instances.push(instance)
    if (role === 'sweeper') void this.#sweeps(instance, dice)
    return instance
  }

  kill(instance: Instance): void {
    instance.alive = false
    this.instances = this.instances.filter(one => one !== instance)
    this.history.note(this.scheduler.now, instance.name, 'dies')
    for (const hear of instance.onDeath) hear()
  }

  living(role: Role): readonly Instance[] {
    return this.instances.filter(one => one.role === role)
  }

  /**
   * A request to an instance. Nothing where the instance died, or dies before it answers. An exception that is no
   * outage is the product's own fault.
   */
  async exchange(to: Instance, event: APIGatewayProxyEvent, signal: AbortSignal): Promise<Reply | undefined> {
    if (!to.alive || !to.handler) return undefined
    return this.until(to, to.handler(event, signal)).catch((error: unknown) => {
      this.invariants.violations.push(`the ${to.role} threw ${error}`)
      return undefined
    })
  }

  /** What `work` comes to; nothing once the instance has died. */
  until<T>(instance: Instance, work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const died = (): void => resolve(undefined)
      instance.onDeath.add(died)
      work.then(resolve, reject).finally(() => instance.onDeath.delete(died))
    })
  }

  #handler(role: Role, process: Process, dice: Dice): Handler | undefined {
    if (role === 'sweeper' || role === 'api') return undefined
    const store = this.storeOf(process)
    const clock = this.#clock(process)
    const shared = {
      store,
      clock,
      random: dice,
      telemetry: this.#telemetry(process),
      issuer,
      nonceKey: new Uint8Array(32),
    }
    if (role === 'token') return createToken({ ...shared, signers: async key => signerOf(key.kid) })
    return createGate({
      ...shared,
      ring: createRingReader(store, clock),
      http: createHttpPort(this.#provider, process),
      credential: async () => 'key',
      fingerprinting: this.#fingerprinting(process, store),
      leaseMs: this.leaseMs,
    })
  }

  #governance(process: Process, random: Dice): GovernanceDeps {
    const [clock, telemetry] = [this.#clock(process), this.#telemetry(process)]
    return { store: this.storeOf(process), statements, clock, random, telemetry }
  }

  async #sweeps(instance: Instance, dice: Dice): Promise<void> {
    const deps = this.#governance(instance, dice)
    for (;;) {
      await deps.clock.sleep(this.faults === calm ? 120_000 : dice.between(1_000, 10_000))
      await runSweeper(deps).catch((error: unknown) => {
        if (!(error instanceof StoreUnavailable)) this.invariants.violations.push(`a sweep threw ${error}`)
      })
    }
  }

  #clock(process: Process): Clock {
    return createVirtualClock(this.scheduler, process)
  }

  #telemetry(process: Process): Telemetry {
    return {
      count: () => undefined,
      alarm: (name, { entry }) => {
        if (name === 'fingerprints_lost') this.invariants.untraced.add(String(entry))
        this.history.note(this.scheduler.now, process.name, `alarm: ${name}`)
      },
      error: (message, error, fields) => {
        if (typeof fields?.entry === 'string') this.invariants.unwritten.add(fields.entry)
        const cause = error instanceof Error ? error.message : String(error)
        // Whatever the world does to a process, this is the product's own fault.
        if (error instanceof TypeError)
          this.invariants.violations.push(`${process.name} fails: ${error.stack}`)
        this.history.note(this.scheduler.now, process.name, `error: ${message}: ${cause}`)
      },
    }
  }
}
