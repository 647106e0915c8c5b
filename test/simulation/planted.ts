/** The product with a mistake in it: a copy of its source, changed by a patch, and simulated in a process of its own. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { PlayName } from './plays.ts'

const run = promisify(execFile)
const made: string[] = []

export const removeCopies = (): Promise<unknown> =>
  Promise.all(made.map(folder => rm(folder, { recursive: true })))

export interface Sought {
  readonly scene: PlayName
  readonly from: number
  readonly seeds: number
}

export interface Ended {
  readonly code: number
  readonly stdout: string
}

/** Up to its first failure. */
export async function simulatedWith(
  mistake: string,
  { scene, from, seeds }: Sought,
  ...options: readonly string[]
): Promise<Ended> {
  const cwd = await copyWith(mistake)
  const range = ['--scene', scene, '--from', String(from), '--seeds', String(seeds), '--first']
  return run(process.execPath, ['scripts/simulate.ts', ...range, ...options], {
    cwd,
    maxBuffer: 256 * 1_048_576,
  }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: Ended) => error,
  )
}

async function copyWith(patch: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-mistake-'))
  made.push(folder)
  for (const path of [
    'functions',
    'shared',
    'test/simulation',
    'test/in-order.ts',
    'scripts/simulate.ts',
    'package.json',
  ])
    await cp(path, join(folder, path), { recursive: true })
  await symlink(resolve('node_modules'), join(folder, 'node_modules'))
  await run('git', ['apply', join('test', 'simulation', 'mistakes', `${patch}.patch`)], { cwd: folder })
  return folder
}

/** What was violated, a line each. */
export const violationsIn = (stdout: string): string =>
  stdout
    .split('\n')
    .filter(line => line.startsWith('violation of'))
    .join('\n')
