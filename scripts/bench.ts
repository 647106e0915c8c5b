/**
 * `npm run bench [-- name …] [--scale 0.1] [--profile]`: measures, prints a table each, and keeps the figures in
 * `bench/results/<name>.json`. A figure that falls short of its target says so and fails nothing: how fast a
 * machine is, and how busy, is no property of the code.
 */
import { parseArgs } from 'node:util'
import type { Bench, Row } from './bench/bench.ts'
import { benches } from './bench/benches.ts'
import { keepResults, loadNow } from './bench/results.ts'
import { rowTable } from './bench/row-table.ts'

const folder = 'bench/results'

interface Chosen {
  readonly benches: readonly Bench[]
  readonly scale: number
  readonly profile: boolean
}

/** Throws an Error that says what could have been asked for. */
function choose(args: readonly string[]): Chosen {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { scale: { type: 'string', default: '1' }, profile: { type: 'boolean', default: false } },
  })
  const scale = Number(values.scale)
  if (!(scale > 0 && scale <= 10)) throw new Error(`--scale ${values.scale} is no number above 0, up to 10.`)
  const unknown = positionals.filter(name => !benches.some(bench => bench.name === name))
  if (unknown.length > 0) throw new Error(`There is no benchmark ${unknown.join(', ')}.`)
  const named = benches.filter(({ name }) => positionals.includes(name))
  return { benches: named.length > 0 ? named : benches, scale, profile: values.profile }
}

function chooseOrExit(): Chosen {
  try {
    return choose(process.argv.slice(2))
  } catch (error) {
    console.error((error as Error).message)
    console.error('npm run bench [-- name …] [--scale 0.1] [--profile]')
    for (const { name, title } of benches) console.error(`  ${name.padEnd(11)} ${title}`)
    process.exit(2)
  }
}

const print = (line: string): void => console.log(line)

async function measure(bench: Bench, scale: number, profile: boolean): Promise<readonly Row[]> {
  print(`\n${bench.name}: ${bench.title}`)
  const before = loadNow()
  const rows = await bench.run({ scale, profile, print })
  const path = keepResults(folder, bench, { rows, scale, load: { before, after: loadNow() } })
  print('')
  for (const line of rowTable(rows)) print(line)
  print(`Kept in ${path}`)
  return rows
}

const { benches: chosen, scale, profile } = chooseOrExit()
const judged: Row[] = []
for (const bench of chosen) {
  try {
    const rows = await measure(bench, scale, profile)
    judged.push(
      ...rows.filter(({ target }) => target).map(row => ({ ...row, what: `${bench.name}: ${row.what}` })),
    )
  } catch (error) {
    process.exitCode = 1
    console.error(`${bench.name} failed:`, error)
  }
}
if (judged.length > 0) {
  print('\nTargets')
  for (const line of rowTable(judged)) print(line)
}
if (scale < 1) print(`\nScale ${scale}: to see that it works, not for figures to be kept.`)
