/**
 * `npm test`: static checks, then every test. The last line counts what the runner reports; with `CI=true` a
 * skipped test is a failure.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const run = (command: string, ...args: string[]): boolean => {
  console.log(`\n> ${command} ${args.join(' ')}`)
  return spawnSync(command, args, { stdio: 'inherit' }).status === 0
}

const checked = run('npm', 'run', '--silent', 'check')

const folder = mkdtempSync(join(tmpdir(), 'sallyport-report-'))
const file = join(folder, 'report.json')
const passed = run('vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`)
const report = JSON.parse(readFileSync(file, 'utf8')) as Report
rmSync(folder, { recursive: true })

// A file that could not be loaded has no test to count, and yet it failed.
const unloaded = report.testResults.filter(
  file => file.status === 'failed' && file.assertionResults.length === 0,
)
const failed = report.numFailedTests + unloaded.length
const skipped = report.numPendingTests + report.numTodoTests
const strict = process.env.CI === 'true' && skipped > 0
if (strict) console.log('\nA skipped test is a failure here.')
if (!checked) console.log('\nA static check failed.')
console.log(`\n${report.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
process.exitCode = passed && checked && !strict ? 0 : 1
