/** What is kept of a run: its rows, and what is needed to judge them later. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { type Bench, compared, type Row, reached } from './bench.ts'

export interface Kept {
  readonly rows: readonly Row[]
  readonly scale: number
  /** One-minute load averages. */
  readonly load: { readonly before: number; readonly after: number }
}

/** Writes `<folder>/<name>.json` and returns its path. */
export function keepResults(folder: string, { name, title }: Bench, { rows, scale, load }: Kept): string {
  const [cpu] = cpus()
  const path = join(folder, `${name}.json`)
  const told = {
    name,
    title,
    date: new Date().toISOString(),
    node: process.version,
    cpu: { model: cpu?.model ?? 'unknown', count: cpus().length },
    commit: commit(),
    load,
    scale,
    rows: rows.map(row => ({ ...row, compared: compared(row), reached: reached(row) })),
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(path, `${JSON.stringify(told, null, 2)}\n`)
  return path
}

export const loadNow = (): number => loadavg()[0] ?? 0

/** With `-dirty` where the files are not those of the commit; absent outside a repository. */
function commit(): string | undefined {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude=*', '--abbrev=12'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}
