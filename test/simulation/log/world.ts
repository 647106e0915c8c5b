/**
 * One simulated world of the log: writers, several of the product's own sequencers, and a reader, over one store, one
 * bucket and one holder of keys. Everything that happens follows from the seed.
 */
import { createEpochs } from '../../../functions/log-epoch.ts'
import { createSequencer, type Sequencer } from '../../../functions/sequencer/app.ts'
import { sequenceFor } from '../../../functions/sequencer/run.ts'
import { createS3Objects } from '../../../shared/adapters/aws/s3-objects.ts'
import { SecretsUnavailable, SignerUnavailable } from '../../../shared/ports/keys.ts'
import { type Objects, ObjectsUnavailable } from '../../../shared/ports/objects.ts'
import { type Store, StoreUnavailable } from '../../../shared/ports/store.ts'
import type { Telemetry } from '../../../shared/ports/world.ts'
import { Backend } from '../backend.ts'
import { createDice, type Dice } from '../dice.ts'
import { DynamoService } from '../dynamo-service.ts'
import { History } from '../history.ts'
import { createProcessStore } from '../process-store.ts'
import { type Process, Scheduler } from '../scheduler.ts'
import { createVirtualClock } from '../virtual-clock.ts'
import type { RequestKind } from '../way.ts'
import { Bucket } from './bucket.ts'
import { calmLog, drawLogFaults, type LogFaults } from './faults.ts'
import { type Founding, foundingOf, settle } from './founding.ts'
import { LogInvariants } from './invariants.ts'
import { createLogKey, createLogKeyPort, createSecretsPort } from './keyholder.ts'
import { Leaves } from './leaves.ts'
import { createObjectsPort } from './objects-port.ts'
import { Reader } from './reader.ts'
import { createSimulatedS3 } from './s3-client.ts'
import { toldOf } from './told.ts'
import type { Pen } from './writers.ts'

export interface LogSettings {
  readonly seed: number
  /** Kinds of faults that do not happen, entries that are left out: to find what a failure needs. */
  readonly without?: ReadonlySet<keyof LogFaults>
  readonly leave?: ReadonlySet<string>
  /** Whether the history is kept. */
  readonly tell?: boolean
}

type Role = 'writer' | 'sequencer'
type Place = 'store' | 'objects' | 'keys'

/** One instance of a function, until it dies. */
export interface Instance extends Process {
  readonly role: Role
  /** A writer's; a sequencer wakes by itself. */
  readonly pen: Pen
}

/** What an instance cannot reach, and until when; `reads` where it cannot read there either. */
interface Outage {
  readonly until: number
  readonly place: Place
  readonly reads: boolean
}

/** In half of the worlds an epoch ends meanwhile. */
const monthsEnd = Date.UTC(2026, 5, 1)
const retentionMs = 400 * 86_400_000

export class LogWorld {
  readonly seed: number
  readonly dice: Dice
  readonly scheduler: Scheduler
  readonly backend: Backend
  readonly bucket = new Bucket()
  readonly logKey = createLogKey()
  readonly invariants: LogInvariants
  readonly reader: Reader
  readonly startedAt: number
  readonly leave: ReadonlySet<string>
  /** Entries by their ids, as a history names them. */
  readonly names = new Map<string, string>()
  readonly history: History
  faults: LogFaults
  instances: readonly Instance[] = []
  /** No sequencer begins anything more by itself. */
  still = false
  readonly #tell: boolean
  readonly #outages = new Map<string, Outage>()
  /** In every eighth world the product's adapter of DynamoDB is in between; in every fourth, that of S3. */
  readonly #dynamo: DynamoService | undefined
  readonly #onS3: boolean
  #born = 0

  static async create(settings: LogSettings): Promise<LogWorld> {
    const dice = createDice(`${settings.seed} founding`)
    const size = dice.pick([0, 0, 0, 0, 0, 250, 255, 256])
    return new LogWorld(settings, await foundingOf(size, monthsEnd - 86_400_000))
  }

  private constructor(settings: LogSettings, founding: Founding) {
    const { seed, without = new Set(), leave = new Set(), tell = false } = settings
    this.seed = seed
    this.dice = this.diceFor('world')
    const drawn = drawLogFaults(this.diceFor('faults'))
    const absent = Object.fromEntries([...without].map(kind => [kind, calmLog[kind]]))
    this.faults = { ...drawn, ...absent }
    this.leave = leave
    this.startedAt = monthsEnd - (this.dice.chance(0.5) ? this.dice.below(40_000) : 43_200_000)
    this.scheduler = new Scheduler(this.diceFor('scheduler'), this.startedAt)
    this.backend = new Backend(this.scheduler, this.diceFor('backend'))
    const { scheduler, backend, bucket, logKey } = this
    this.#dynamo =
      seed % 8 === 3 ? new DynamoService({ scheduler, backend, faults: () => this.faults }) : undefined
    this.#onS3 = seed % 4 === 1
    this.#tell = tell
    const nameOf = (eid: string): string => this.names.get(eid) ?? eid
    this.history = new History(tell, nameOf)
    this.invariants = new LogInvariants({
      backend,
      bucket,
      logKey,
      leaves: new Leaves(backend, founding.leaves),
      retentionMs,
      nameOf,
    })
    const { invariants } = this
    backend.onApplied = applied => invariants.applied(applied)
    bucket.onPut = changed => invariants.put(changed)
    settle(founding, backend, bucket)
    backend.indexLagMs = this.faults.lag
    const reader: Process = { name: 'reader', skew: 0, alive: true }
    this.reader = new Reader({
      name: reader.name,
      objects: this.objectsOf(reader),
      logKey,
      dice: this.diceFor(reader.name),
      found: (invariant, what) => invariants.found(invariant, what),
    })
  }

  /** Chance for one actor alone: what another does changes none of its rolls. */
  diceFor(name: string): Dice {
    return createDice(`${this.seed} log ${name}`)
  }

  objectsOf(process: Process): Objects {
    const { bucket, scheduler } = this
    const way = { ...this.#way(process, 'objects'), bucket }
    if (!this.#onS3) return createObjectsPort(way)
    return createS3Objects({
      client: createSimulatedS3(way),
      bucket: 'log',
      clock: createVirtualClock(scheduler, process),
      random: this.diceFor(`pauses for objects of ${process.name}`),
    })
  }

  storeOf(process: Process): Store {
    return createProcessStore({
      ...this.#way(process, 'store'),
      backend: this.backend,
      dynamo: this.#dynamo,
      pauses: this.diceFor(`pauses of ${process.name}`),
    })
  }

  #way(process: Process, place: Place) {
    const { scheduler, invariants } = this
    return {
      scheduler,
      process,
      dice: this.diceFor(`${place} of ${process.name}`),
      faults: () => this.faults,
      cutOff: (kind: RequestKind) => {
        const outage = this.#outages.get(process.name)
        if (this.faults === calmLog || outage?.place !== place) return false
        return scheduler.now < outage.until && (outage.reads || kind !== 'read')
      },
      threw: (error: unknown) => invariants.found(0, `${process.name} asks what cannot be done: ${error}`),
      note: (what: string, request: object) => this.#note(process, what, request),
    }
  }

  #note({ name }: Process, what: string, request: object): void {
    if (!this.#tell) return
    const told = toldOf(request, eid => this.names.get(eid) ?? eid)
    if (what === 'done' && /^(read|look|get|derive)/.test(told)) return
    this.history.note(this.scheduler.now, name, what === 'done' ? told : `${told}: ${what}`)
  }

  /** Starts an instance: with its own clock, its own ways, nothing remembered. */
  start(role: Role): Instance {
    const name = `${role} ${++this.#born}`
    const dice = this.diceFor(name)
    const { skew: most } = this.faults
    const process: Process = { name, skew: dice.between(-most, most), alive: true }
    const pen = { store: this.storeOf(process), clock: createVirtualClock(this.scheduler, process) }
    const instance: Instance = Object.assign(process, { role, pen })
    this.instances = [...this.instances, instance]
    if (role === 'sequencer') void this.#sequences(instance, dice)
    return instance
  }

  /** Dead or cut off by chance; who died is followed by another one a moment later. */
  strike(): void {
    for (const instance of this.instances) {
      const dice = this.diceFor(`${instance.name} at ${this.scheduler.now}`)
      const dies = dice.chance(this.faults.death)
      if (dice.chance(this.faults.outage)) {
        const until = this.scheduler.now + dice.between(500, 10_000)
        const place = dice.pick<Place>(['store', 'objects', 'keys'])
        this.#outages.set(instance.name, { until, place, reads: dice.chance(0.5) })
        this.history.note(this.scheduler.now, instance.name, `cannot reach its ${place}`)
      }
      if (!dies) continue
      instance.alive = false
      this.instances = this.instances.filter(one => one !== instance)
      this.history.note(this.scheduler.now, instance.name, 'dies')
      this.scheduler.after(dice.between(0, 3_000), () => this.start(instance.role))
    }
  }

  /** One who lives; where none does, one is started. */
  anyWriter(dice: Dice): Instance {
    const [first = this.start('writer'), ...others] = this.instances.filter(({ role }) => role === 'writer')
    return dice.pick([first, ...others])
  }

  sequencerOf(process: Process, dice: Dice): Sequencer {
    const [store, objects] = [this.storeOf(process), this.objectsOf(process)]
    const secrets = createSecretsPort(this.#way(process, 'keys'))
    const logKey = createLogKeyPort(this.#way(process, 'keys'), this.logKey)
    // A deployment may change its number of slots: an epoch keeps what it began with.
    const slots = dice.pick([4, 4, 4, 8])
    return createSequencer({
      store,
      objects,
      secrets,
      logKey,
      clock: createVirtualClock(this.scheduler, process),
      telemetry: this.#telemetry(process),
      epochs: createEpochs({ store, secrets, origin: logKey.origin, slots }),
      retentionMs,
      batch: dice.pick([1, 2, 3, 5, 7, 16, 64]),
    })
  }

  async #sequences(instance: Instance, dice: Dice): Promise<void> {
    const { clock } = instance.pen
    const sequencer = this.sequencerOf(instance, dice)
    const longest = dice.pick([200, 1_000, 5_000])
    for (;;) {
      await clock.sleep(dice.between(0, longest))
      if (this.still) return
      const ms = dice.pick([0, 15_000, 30_000])
      await this.unlessUnavailable(instance, () => sequenceFor(sequencer, clock, ms))
    }
  }

  /** Whatever fails in a world that fails is left for the next time; anything else is the product's own fault. */
  async unlessUnavailable<T>({ name }: Process, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      this.history.note(this.scheduler.now, name, `gives up: ${why}`)
      const fails = unavailable.some(kind => error instanceof kind)
      if (!fails) this.invariants.found(0, `${name} threw ${error instanceof Error ? error.stack : error}`)
      return undefined
    }
  }

  #telemetry({ name }: Process): Telemetry {
    const note = (what: string): void => this.history.note(this.scheduler.now, name, what)
    return {
      count: () => undefined,
      alarm: (alarm, fields) => {
        note(`alarm: ${alarm}`)
        if (alarm === 'log_halted') this.invariants.halted(`${name} halts: ${fields.why}: ${fields.detail}`)
      },
      error: (message, error) => note(`error: ${message}: ${error}`),
    }
  }
}

const unavailable = [StoreUnavailable, ObjectsUnavailable, SecretsUnavailable, SignerUnavailable] as const
