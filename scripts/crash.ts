/**
 * `npm run test:crash -- --kills 50 --streams 50 --seed 7`: `kill -9` of a server at random moments under live
 * calls. One line for each kill, then whether every budget adds up, every intent has its outcome, nothing that was
 * acknowledged is lost, and each entry is in the tree of the log once. Exit code 1 where anything of that is not so; the data folder is then kept.
 */
import { parseArgs } from 'node:util'
import { logStages } from '../test/crash/log-stages.ts'
import { crashSeries, type Findings, type Kill } from '../test/crash/series.ts'
import { type Stage, stages } from '../test/crash/stages.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    streams: { type: 'string', default: '50' },
    seed: { type: 'string' },
  },
})
const kills = Number(values.kills)
const streams = Number(values.streams)
const seed = Number(values.seed ?? Date.now() % 1e9)
if (![kills, streams, seed].every(Number.isSafeInteger) || kills < 1 || streams < 10) {
  console.error('--kills, --streams (at least 10) and --seed are whole numbers.')
  process.exit(2)
}

const figure = (n: number): string => n.toLocaleString('en-US')
const joined = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([what, n]) => `${what} ${figure(n)}`)
    .join(', ')

/** Widths of the columns: the moment; what was under way, and ended since the kill before; what the kill left. */
const columns = {
  kill: 4,
  moment: 22,
  streaming: 10,
  unanswered: 11,
  token: 6,
  pausing: 8,
  ended: 6,
  '|': 2,
  ...Object.fromEntries(Object.keys(stages).map(stage => [stage, stage.length + 2])),
  '‖': 2,
  commit: 11,
  leaves: 8,
}
const row = (cells: Readonly<Record<string, string | number>>): string =>
  Object.entries(columns)
    .map(([name, width]) => String(cells[name] || '·').padStart(width))
    .join('')

let endedBefore = 0
function printKill({ number, moment, underWay, left, log }: Kill): void {
  const { token, asked, streaming, pausing, ended } = underWay
  const calls = { streaming, unanswered: asked, token, pausing, ended: ended - endedBefore }
  console.log(
    row({
      kill: number,
      moment,
      ...calls,
      '|': '|',
      ...Object.fromEntries(left),
      '‖': '‖',
      commit: log.stage,
      leaves: log.size,
    }),
  )
  endedBefore = ended
}

function printFindings(found: Findings): void {
  console.log(`\n${'meter'.padEnd(32)}         total          used     remaining  drift`)
  for (const { id, limits, used, remaining } of found.meters)
    console.log(
      [
        id.padEnd(32),
        ...[limits.total, used, remaining].map(n => figure(n).padStart(13)),
        figure(used + remaining - limits.total).padStart(6),
      ].join(' '),
    )
  console.log('\ncalls left by kills at each stage                                 kills  calls')
  for (const [stage, name] of Object.entries(stages) as [Stage, string][]) {
    const counts = found.kills.map(({ left }) => left.get(stage) ?? 0)
    const calls = counts.reduce((sum, n) => sum + n, 0)
    const hit = counts.filter(n => n > 0).length
    console.log(
      `  ${`${stage.padEnd(10)} ${name}`.padEnd(62)} ${figure(hit).padStart(6)} ${figure(calls).padStart(6)}`,
    )
  }
  console.log('\nhow far a commit of the log was                                   kills')
  for (const [stage, name] of Object.entries(logStages)) {
    const hit = found.kills.filter(({ log }) => log.stage === stage).length
    console.log(`  ${`${stage.padEnd(10)} ${name}`.padEnd(70)} ${figure(hit).padStart(6)}`)
  }
  const { calls, ends, tokens } = found.acknowledged
  console.log(`
intents       ${figure(found.intents)}, each with one outcome: ${joined(found.endings)}
charged       ${figure(found.charged)} tokens; the upstream produced ${figure(found.produced)}
acknowledged  ${figure(calls)} calls, ${figure(ends)} ends of calls, ${figure(tokens)} access tokens
log           ${figure(found.log.size)} leaves of ${figure(found.log.entries)} entries
answers       ${joined(found.answers)}`)
}

// Its server goes with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
console.log(`seed ${seed}`)
console.log(
  `${''.padEnd(28)}${'callers when the kill came'.padEnd(42)}| ${'calls it left, by stage'.padEnd(59)}‖ the log`,
)
console.log(row(Object.fromEntries(Object.keys(columns).map(name => [name, name]))))
const start = performance.now()
const found = await crashSeries({ kills, streams, seed, onKill: printKill })
printFindings(found)
const seconds = Math.round((performance.now() - start) / 1000)
const { violations, kept } = found
for (const violation of violations.slice(0, 50)) console.log(`VIOLATION ${violation}`)
console.log(
  violations.length === 0
    ? `\n${found.kills.length} kills under ${streams} streams in ${seconds} s: drift 0, nothing left open, nothing lost, each entry in the tree once.`
    : `\n${violations.length} violations, seed ${seed}. The data is in ${kept}`,
)
process.exitCode = violations.length === 0 ? 0 : 1
