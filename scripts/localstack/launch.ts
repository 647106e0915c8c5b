/** Starts an emulator: a process that works in a folder of its own, logs there, and is ready some time later. */
import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Launch {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** All of its environment: it is the emulator's configuration, into which nothing of ours may leak. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly log: string
  /** Its standard input ends with this process, however that one ends. Otherwise it has none. */
  readonly owned: boolean
  readonly isReady: () => boolean | Promise<boolean>
}

const timeoutMs = 90_000

/** Resolves once it is ready. Throws when it ends before, or takes too long, with the last lines of its log. */
export async function launch({ name, command, env, cwd, log, owned, isReady }: Launch): Promise<void> {
  const [file, ...args] = command
  const output = openSync(log, 'w')
  // A group of its own: Ctrl-C is for us.
  const child = spawn(file, args, {
    detached: true,
    cwd,
    env,
    stdio: [owned ? 'pipe' : 'ignore', output, output],
  })
  closeSync(output)
  let failure: string | undefined
  child.on('error', error => {
    failure = error.message
  })
  child.on('exit', (code, signal) => {
    failure = `it ended with ${signal ?? code}`
  })
  const deadline = performance.now() + timeoutMs
  while (!(await isReady())) {
    if (performance.now() > deadline) failure ??= `it was not ready within ${timeoutMs / 1000} s`
    if (failure !== undefined) {
      const last = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n')
      throw new Error(`${name} did not start: ${failure}. Its log is ${log} and ends so:\n${last}`)
    }
    await sleep(20)
  }
  // Neither keeps this process from its end.
  child.unref()
  ;(child.stdin as Socket | null)?.unref()
}
