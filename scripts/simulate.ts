/**
 * `npm run simulate -- --seeds 10000`: as many histories of the whole system in a simulated world, each from its
 * seed, in both scenes: `calls`, and the `log`. A failure is cut down to what it needs and printed: who did what, in
 * order. `--scene log` plays that one alone, `--first` stops at a failure, `--seed 7` replays one, `--all` leaves nothing
 * out.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { shown } from '../test/simulation/history.ts'
import { type Played, type PlayName, plays } from '../test/simulation/plays.ts'
import { shrink } from '../test/simulation/shrink.ts'

interface Share {
  readonly scene: PlayName
  readonly first: number
  readonly step: number
  readonly last: number
}

type Told = Omit<Played, 'history'>

async function run({ scene, first, step, last }: Share): Promise<void> {
  const { play } = await plays[scene]()
  for (let seed = first; seed <= last; seed += step) {
    const { history: _, ...told } = await play({ seed }).catch((error: unknown) => {
      throw new Error(`seed ${seed} ended with an exception`, { cause: error })
    })
    parentPort?.postMessage(told satisfies Told)
  }
}

interface Wanted {
  readonly from: number
  readonly last: number
  readonly first: boolean
  readonly all: boolean
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scene: { type: 'string' },
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      first: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
    },
  })
  const { first, all } = values
  const scenes = scenesOf(values.scene)
  const from = whole('from', values.from)
  const last = from + whole('seeds', values.seeds) - 1
  for (const scene of scenes) {
    if (values.seed !== undefined) await replay(scene, whole('seed', values.seed), all)
    else if (!(await playAll(scene, { from, last, first, all })) && first) return
  }
}

/** To start one takes as long as some histories do. */
const worthAWorker = 50

/** Whether no history violates anything. */
async function playAll(scene: PlayName, { from, last, first, all }: Wanted): Promise<boolean> {
  let [seeds, steps] = [0, 0]
  const counts: Record<string, number> = {}
  const failed: Told[] = []
  const begun = performance.now()

  const step = Math.min(availableParallelism(), Math.ceil((last - from + 1) / worthAWorker))
  const shares = Array.from({ length: step }, (_, i): Share => ({ scene, first: from + i, step, last }))
  await Promise.all(
    shares.map(
      share =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: share })
          worker.on('message', (told: Told) => {
            seeds += 1
            steps += told.steps
            for (const [name, count] of Object.entries(told.counts))
              counts[name] = (counts[name] ?? 0) + count
            if (told.violations.length > 0) failed.push(told)
            if (first && failed.length > 0) void worker.terminate()
            if (seeds % 1_000 === 0) console.log(`${scene}: ${seeds} seeds, ${failed.length} with violations`)
          })
          worker.on('error', reject)
          worker.on('exit', resolve)
        }),
    ),
  )
  const seconds = Math.round((performance.now() - begun) / 1000)
  const told = Object.entries({ ...counts, steps }).map(([name, count]) => `${count} ${name}`)
  console.log(
    `${scene}: ${seeds} seeds from ${from}: ${told.join(', ')}, ${seconds} s; ${failed.length} with violations`,
  )
  const [least] = failed.sort((a, b) => a.seed - b.seed)
  if (least === undefined) return true
  for (const { seed, violations } of failed.slice(0, 20)) console.log(`  seed ${seed}: ${violations[0]}`)
  await replay(scene, least.seed, all)
  return false
}

/** Cut down where it fails, unless `all` is to be seen. */
async function replay(scene: PlayName, seed: number, all: boolean): Promise<void> {
  const play = await plays[scene]()
  const whole = await play.play({ seed, tell: true })
  const failed = whole.violations.length > 0
  const left = failed && !all ? await shrink(play, whole) : whole
  const lines = all ? left.history : play.concerning(left)
  const cut = lines.length < whole.history.length
  console.log(`\n${scene}, seed ${seed}${cut ? ', what it needs to fail' : ''}:`)
  console.log(shown(lines))
  for (const violation of left.violations) console.log(`violation of ${violation}`)
  if (failed) {
    console.log(`Again: npm run simulate -- --scene ${scene} --seed ${seed}; with --all, all that happened.`)
    process.exitCode = 1
    return
  }
  const told = Object.entries(whole.counts).map(([name, count]) => `${count} ${name}`)
  console.log(`${told.join(', ')}, no violation`)
}

function scenesOf(text: string | undefined): readonly PlayName[] {
  const all = Object.keys(plays) as PlayName[]
  const chosen = all.filter(name => text === undefined || name === text)
  if (chosen.length > 0) return chosen
  console.error(`--scene is ${all.join(' or ')}, not ${text}.`)
  process.exit(2)
}

function whole(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text)
  console.error(`--${option} is a whole number from 1, not ${text}.`)
  process.exit(2)
}

await (isMainThread ? main() : run(workerData as Share))
