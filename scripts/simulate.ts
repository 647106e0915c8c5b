/**
 * `npm run simulate -- --seeds 10000`: as many histories of the whole system in a simulated world, each from its
 * seed. A failure is cut down to what it needs and printed: who did what, in order. `--first` stops there, `--seed 7`
 * replays one, `--all` leaves nothing out.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { concerning, shown } from '../test/simulation/history.ts'
import { shrink } from '../test/simulation/shrink.ts'
import { type Simulated, simulate } from '../test/simulation/simulate.ts'

interface Share {
  readonly first: number
  readonly step: number
  readonly last: number
}

type Told = Pick<Simulated, 'seed' | 'violations' | 'calls' | 'asked' | 'steps'>

async function run({ first, step, last }: Share): Promise<void> {
  for (let seed = first; seed <= last; seed += step) {
    const { history: _, ...told } = await simulate({ seed }).catch((error: unknown) => {
      throw new Error(`seed ${seed} ended with an exception`, { cause: error })
    })
    parentPort?.postMessage(told satisfies Told)
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      first: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
    },
  })
  if (values.seed !== undefined) return replay(whole('seed', values.seed), values.all)
  const from = whole('from', values.from)
  const last = from + whole('seeds', values.seeds) - 1
  const total = { seeds: 0, calls: 0, asked: 0, steps: 0 }
  const failed: Told[] = []
  const begun = performance.now()

  const step = Math.min(availableParallelism(), last - from + 1)
  const shares = Array.from({ length: step }, (_, i) => ({ first: from + i, step, last }))
  await Promise.all(
    shares.map(
      share =>
        new Promise((resolve, reject) => {
          const worker = new Worker(new URL(import.meta.url), { workerData: share })
          worker.on('message', (told: Told) => {
            total.seeds += 1
            total.calls += told.calls
            total.asked += told.asked
            total.steps += told.steps
            if (told.violations.length > 0) failed.push(told)
            if (values.first && failed.length > 0) void worker.terminate()
            if (total.seeds % 1_000 === 0)
              console.log(`${total.seeds} seeds, ${failed.length} with violations`)
          })
          worker.on('error', reject)
          worker.on('exit', resolve)
        }),
    ),
  )
  const { seeds, calls, asked, steps } = total
  const seconds = Math.round((performance.now() - begun) / 1000)
  console.log(
    `${seeds} seeds from ${from}: ${calls} calls, ${asked} of them upstream, ${steps} steps, ${seconds} s; ` +
      `${failed.length} with violations`,
  )
  const [least] = failed.sort((a, b) => a.seed - b.seed)
  if (least === undefined) return
  for (const { seed, violations } of failed.slice(0, 20)) console.log(`  seed ${seed}: ${violations[0]}`)
  await replay(least.seed, values.all)
}

/** Cut down where it fails, unless `all` is to be seen. */
async function replay(seed: number, all: boolean): Promise<void> {
  const whole = await simulate({ seed, tell: true })
  const failed = whole.violations.length > 0
  const { history, violations } = failed && !all ? await shrink(whole) : whole
  const lines = all ? history : concerning(history, violations)
  console.log(`\nseed ${seed}${lines.length < whole.history.length ? ', what it needs to fail' : ''}:`)
  console.log(shown(lines))
  for (const violation of violations) console.log(`violation of ${violation}`)
  if (failed) console.log(`Again: npm run simulate -- --seed ${seed}; with --all, all that happened.`)
  else console.log(`${whole.calls} calls, ${whole.asked} of them upstream, no violation`)
  process.exitCode = failed ? 1 : 0
}

function whole(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text)
  console.error(`--${option} is a whole number from 1, not ${text}.`)
  process.exit(2)
}

await (isMainThread ? main() : run(workerData as Share))
