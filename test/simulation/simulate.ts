/**
 * One history from a seed: a storm, then quiet, then a look at what is left. It ends with the first violation.
 */
import { Administrator } from './administrator.ts'
import { Agreements } from './agreements.ts'
import { calm } from './faults.ts'
import type { Line } from './history.ts'
import { Office } from './office.ts'
import { Operator } from './operator.ts'
import { Workload } from './partner.ts'
import { type Partner, partners } from './records.ts'
import { restore } from './restore.ts'
import { type Role, type Settings, World } from './world.ts'

export interface Simulated {
  readonly seed: number
  readonly violations: readonly string[]
  /** Calls that partners made, copies apart, and those for which the provider was asked. */
  readonly calls: number
  readonly asked: number
  /** What people and time have decided: entries of decisions. */
  readonly decisions: number
  readonly steps: number
  /** Who did what, in order; empty unless it was to be told. */
  readonly history: readonly Line[]
}

const minCalls = 20
const maxCalls = 36
const instances: Readonly<Record<Role, number>> = { gate: 3, token: 2, api: 2, sweeper: 2 }

/** Sweepers come by every other minute then, and an intent without a lease is given up after 16. */
const quietMs = 20 * 60_000

export async function simulate(settings: Settings): Promise<Simulated> {
  const world = new World(settings)
  const { scheduler, invariants } = world
  const workloads = Object.fromEntries(
    partners.map(partner => [partner, new Workload(world, partner)]),
  ) as Record<Partner, Workload>
  const administrator = new Administrator(world)
  const operator = new Operator(world)
  const agreements = new Agreements(world)
  const office = new Office(world)
  for (const [role, count] of Object.entries(instances) as [Role, number][])
    for (let i = 0; i < count; i++) world.start(role)

  // The storm
  const stormMs = world.dice.between(20_000, 90_000)
  const calls = Array.from({ length: world.dice.between(minCalls, maxCalls) }, (_, i) => `call-${i + 1}`)
  let waiting = calls.length
  for (const name of calls) {
    const dice = world.diceFor(`start of ${name}`)
    const partner = dice.pick(partners)
    // Many come together, the rest at any time.
    const at = dice.chance(0.5) ? dice.below(5) * (stormMs / 5) + dice.below(100) : dice.below(stormMs)
    scheduler.after(at, () => {
      const ended = world.leave.has(name) ? Promise.resolve() : workloads[partner].call(name)
      void ended.finally(() => {
        waiting -= 1
      })
    })
  }
  everySecond(world, stormMs, () => strike(world))
  everySecond(world, stormMs, second => {
    const name = `decision ${second}`
    const dice = world.diceFor(name)
    if (!dice.chance(world.faults.decision) || world.leave.has(name)) return
    if (dice.chance(0.1)) void workloads[dice.pick(partners)].tokens.revoke()
    else if (dice.chance(0.4)) void operator.act(dice)
    else void administrator.decide(dice)
  })
  // What is agreed, by chance of its own: not everywhere, so that other histories are what they would be without it.
  const agreed = world.diceFor('agreed')
  const often = agreed.pick([0, 0.25, 0.5])
  const opens = agreed.chance(0.3) ? agreed.between(1, 25) : 0
  everySecond(world, stormMs, second => {
    const dice = world.diceFor(`agreed at ${second}`)
    if (world.faults.decision === 0 || world.leave.has(`decision ${second}`)) return
    if (second === opens) void office.act(dice)
    else if (dice.chance(world.faults.decision * often)) void agreements.act(dice)
  })
  const end = world.startedAt + stormMs
  await scheduler.run(() => scheduler.now >= end || invariants.violations.length > 0)

  // Quiet: nothing fails any more, and what is under way comes to its end.
  world.faults = calm
  const quiet = scheduler.now + quietMs
  await scheduler.run(() => scheduler.now >= quiet || invariants.violations.length > 0)
  waiting += office.waiting
  if (waiting > 0 && invariants.violations.length === 0)
    invariants.violations.push(`${waiting} calls never come to their end`)
  if (invariants.violations.length === 0) invariants.quiet()
  if (invariants.violations.length === 0) await probe(world, workloads)

  return {
    seed: settings.seed,
    violations: invariants.violations,
    calls: calls.length,
    asked: invariants.asked,
    decisions: invariants.governance.decisions,
    steps: scheduler.steps,
    history: world.history.lines.map(line => ({ ...line, at: line.at - world.startedAt })),
  }
}

function everySecond(world: World, ms: number, act: (second: number) => void): void {
  for (let second = 1; second * 1000 < ms; second++) world.scheduler.after(second * 1000, () => act(second))
}

/** By chance, an instance loses its way to the store; or it dies, and another one takes its place a moment later. */
function strike(world: World): void {
  for (const instance of [...world.instances]) {
    const dice = world.diceFor(`${instance.name} at ${world.scheduler.now}`)
    const dies = dice.chance(world.faults.death)
    if (dice.chance(world.faults.outage)) {
      const outage = { until: world.scheduler.now + dice.between(500, 10_000), reads: dice.chance(0.5) }
      world.outages.set(instance.name, outage)
      const what = outage.reads ? 'cannot reach the store' : 'cannot reach the store to write'
      world.history.note(world.scheduler.now, instance.name, what)
    }
    if (dies) {
      world.kill(instance)
      world.scheduler.after(world.dice.between(0, 3_000), () => world.start(instance.role))
    }
  }
}

/** Whatever has happened, a partner with authority and room is served again. */
async function probe(world: World, workloads: Readonly<Record<Partner, Workload>>): Promise<void> {
  const { scheduler, invariants } = world
  let done = false
  const probes = async (): Promise<void> => {
    await restore(world.storeOf({ name: 'restorer', skew: 0, alive: true }))
    for (const [at, partner] of partners.entries()) {
      const name = (which: number): string => `call-${100 * (at + 1) + which}`
      const old = workloads[partner].tokens.last
      const late = old && (await workloads[partner].call(name(1), true, old))
      if (late?.answer?.status === 200)
        invariants.violations.push(`in the end ${partner} is served by a token that expired`)
      let sent = await workloads[partner].call(name(2), true)
      // A gate whose clock is behind another's takes the calls of that one for early.
      if (sent?.answer?.code === 'rate_limited') {
        await scheduler.sleep(10_000)
        sent = await workloads[partner].call(name(3), true)
      }
      if (sent?.answer?.status !== 200)
        invariants.violations.push(`in the end ${partner} is answered ${JSON.stringify(sent?.answer)}`)
      else invariants.endedWell(sent)
    }
    done = true
  }
  void probes()
  const end = scheduler.now + quietMs
  await scheduler.run(() => done || scheduler.now >= end)
  if (!done) invariants.violations.push('in the end a call never comes to its end')
}
