/**
 * `npm test`: static checks, then every test: in this machine's own processes first, while emulators of AWS are
 * installed, then on those, LocalStack and ministack side by side, with the simulation after the shorter one. The last
 * line counts what the runner reports; with `CI=true` a skipped test is a failure.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingForVerifier } from '../test/independent/verifier.ts'
import { installChromium } from './chromium.ts'
import { describeSkipped, installEmulators, missingPrerequisites } from './emulators.ts'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

interface Counts {
  readonly ok: boolean
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Each side is a row of runs, and both go side by side. A run with an emulator takes its files one after the other;
 * LocalStack's is the longest by far, and leaves one core to the simulation at its end.
 */
const sides: readonly (readonly (readonly string[])[])[] = [
  [['localstack']],
  [['emulators', 'ministack'], ['simulation']],
]
const besides = sides.flat(2)
const emulated = ['localstack', 'emulators', 'ministack']

const folder = mkdtempSync(join(tmpdir(), 'sallyport-report-'))

async function run(command: string, ...args: readonly string[]): Promise<boolean> {
  console.log(`\n> ${command} ${args.join(' ')}`)
  const [code] = await once(spawn(command, args, { stdio: 'inherit' }), 'close')
  return code === 0
}

async function tested(name: string, ...args: readonly string[]): Promise<Counts> {
  const file = join(folder, `${name}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const ok = await run('vitest', 'run', ...reporters, ...args)
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report
  // A file that could not be loaded has no test to count, and yet it failed.
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return {
    ok,
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

const missing = missingPrerequisites()
const installing = missing.length === 0 ? installEmulators(line => console.log(line)) : Promise.resolve()
const uninstalled = installing.then(
  () => undefined,
  (error: Error) => error.message,
)
const checked = await run('npm', 'run', '--silent', 'check')
const noBrowser = await installChromium(line => console.log(line))
const noGo = missingForVerifier()
const here = await tested('here', ...besides.map(name => `--project=!${name}`))
const notThere = await uninstalled
const without = missing.length > 0 || notThere !== undefined
if (without) process.env.SALLYPORT_TEST_EMULATORS = '0'
// A pattern that no name fits counts every test as skipped, and starts nothing.
const patternOf = (names: readonly string[]): readonly string[] =>
  without && names.some(name => emulated.includes(name)) ? ['--testNamePattern=(?!)'] : []
const there = await Promise.all(
  sides.map(async side => {
    const counts: Counts[] = []
    for (const names of side)
      counts.push(
        await tested(names.join('-'), ...names.map(name => `--project=${name}`), ...patternOf(names)),
      )
    return counts
  }),
)
rmSync(folder, { recursive: true })

const all = [here, ...there.flat()]
const sum = (count: 'passed' | 'failed' | 'skipped'): number => all.reduce((sum, one) => sum + one[count], 0)
const failed = sum('failed')
const skipped = sum('skipped')
const strict = process.env.CI === 'true' && skipped > 0
if (missing.length > 0) console.log(describeSkipped('on emulators of AWS', missing))
if (noBrowser) console.log(describeSkipped('in a browser', [noBrowser]))
if (noGo) console.log(describeSkipped('of the log by a verifier in Go', [noGo]))
if (notThere !== undefined) console.log(`\nThe emulators could not be installed: ${notThere}`)
if (strict) console.log('\nA skipped test is a failure here.')
if (!checked) console.log('\nA static check failed.')
console.log(`\n${sum('passed')} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
process.exitCode = all.every(({ ok }) => ok) && checked && notThere === undefined && !strict ? 0 : 1
