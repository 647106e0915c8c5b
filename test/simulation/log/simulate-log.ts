/**
 * One history of the log from a seed: a storm, then quiet, then a look at what is left. It ends with the first violation.
 */
import type { Line } from '../history.ts'
import type { Process } from '../scheduler.ts'
import { judgeArchives } from './archives.ts'
import { cosign } from './cosigner.ts'
import { calmLog } from './faults.ts'
import { type Backup, judgeRestored, takeBackup } from './restored.ts'
import { type LogSettings, LogWorld } from './world.ts'
import { write } from './writers.ts'

export interface SimulatedLog {
  readonly seed: number
  readonly violations: readonly string[]
  /** Entries that were to be written: some of them more than once. */
  readonly requests: number
  /** Entries that were acknowledged; leaves of the tree, what it began with included; trees that were published. */
  readonly acknowledged: number
  readonly leaves: number
  readonly trees: number
  /** Epochs with entries; 1 where a tile became full; 1 where the table was set back in the end. */
  readonly epochs: number
  readonly filled: 0 | 1
  readonly restored: 0 | 1
  readonly steps: number
  /** Who did what, in order; empty unless it was to be told. */
  readonly history: readonly Line[]
}

/** What was sent in the storm has arrived by then, or been given up. */
const drainMs = 150_000
const roundMs = 60_000

export async function simulateLog(settings: LogSettings): Promise<SimulatedLog> {
  const world = await LogWorld.create(settings)
  const { scheduler, invariants, dice } = world
  const begun = invariants.tree.leaves.length
  const broken = (): boolean => invariants.violations.length > 0
  const until = (at: number): Promise<void> => scheduler.run(() => scheduler.now >= at || broken())
  for (let n = dice.between(2, 4); n > 0; n--) world.start('sequencer')
  for (let n = 2; n > 0; n--) world.start('writer')

  // The storm
  const stormMs = dice.between(10_000, 40_000)
  const names = Array.from({ length: dice.between(6, 24) }, (_, i) => `entry-${i + 1}`)
  for (const name of names) {
    const dice = world.diceFor(`start of ${name}`)
    // Many come together, the rest at any time.
    const at = dice.chance(0.5) ? dice.below(4) * (stormMs / 4) + dice.below(50) : dice.below(stormMs)
    if (!world.leave.has(name)) scheduler.after(at, () => void write(world, name, dice))
  }
  for (let second = 1; second * 1_000 < stormMs; second++)
    scheduler.after(second * 1_000, () => world.strike())
  void follow(world, stormMs + drainMs)
  void cosignEach(world, stormMs)
  let backup: Backup | undefined
  scheduler.after(dice.below(stormMs), () => {
    backup = takeBackup(world)
  })
  await until(world.startedAt + stormMs)

  // Quiet: nothing fails any more, and what is under way comes to its end.
  world.faults = calmLog
  world.backend.indexLagMs = 0
  world.still = true
  await until(scheduler.now + drainMs)
  if (!broken()) await finishAll(world)
  if (!broken()) invariants.quiet()
  if (!broken()) await judgeArchives(world)
  const leaves = invariants.tree.leaves.length
  const sets = !broken() && backup !== undefined && dice.chance(0.25)
  const restored = sets && backup && (await judgeRestored(world, backup)) ? 1 : 0

  return {
    seed: settings.seed,
    violations: invariants.violations,
    requests: names.length,
    acknowledged: invariants.acknowledged.size,
    leaves,
    trees: invariants.trees,
    epochs: invariants.epochs,
    filled: Math.floor(leaves / 256) > Math.floor(begun / 256) ? 1 : 0,
    restored,
    steps: scheduler.steps,
    history: world.history.lines.map(line => ({ ...line, at: line.at - world.startedAt })),
  }
}

/** A reader comes by every now and then. */
async function follow(world: LogWorld, ms: number): Promise<void> {
  const { scheduler, reader } = world
  const dice = world.diceFor('follow')
  const end = scheduler.now + ms
  while (scheduler.now < end) {
    await scheduler.sleep(dice.between(100, 8_000))
    await reader.look()
  }
}

async function cosignEach(world: LogWorld, ms: number): Promise<void> {
  const { scheduler } = world
  const dice = world.diceFor('cosign')
  const objects = world.objectsOf({ name: 'witness', skew: 0, alive: true })
  const end = scheduler.now + ms
  while (scheduler.now < end) {
    await scheduler.sleep(dice.between(100, 4_000))
    await cosign(world, objects, dice)
  }
}

/** One sequencer that nobody disturbs: each of its rounds places something, and then nothing is left. */
async function finishAll(world: LogWorld): Promise<void> {
  const { scheduler, invariants, reader } = world
  const process: Process = { name: 'the last sequencer', skew: 0, alive: true }
  const sequencer = world.sequencerOf(process, world.diceFor(process.name))
  let done = false
  const rounds = async (): Promise<void> => {
    for (;;) {
      const round = await world.unlessUnavailable(process, () => sequencer.round())
      if (round === undefined || round.appended === 0) break
    }
    await reader.look()
    if (reader.size !== invariants.tree.leaves.length)
      invariants.found(8, `the reader ends at a tree of ${reader.size}`)
    done = true
  }
  void rounds()
  const end = scheduler.now + roundMs
  await scheduler.run(() => done || scheduler.now >= end || invariants.violations.length > 0)
  if (!done && invariants.violations.length === 0) invariants.found(8, 'rounds never come to their end')
}
