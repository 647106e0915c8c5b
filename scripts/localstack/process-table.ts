/** Processes, found by what stands in their command lines: a pid that was written down may be another's by now. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Process {
  readonly pid: number
  /** Command and arguments, with a space before and after each. */
  readonly command: string
}

/** The processes of this machine that have one of `texts` in their command lines. */
export const processesWith = (...texts: readonly string[]): readonly Process[] =>
  (hasProc ? fromProc() : fromPs()).filter(({ command }) => texts.some(text => command.includes(text)))

/**
 * `SIGKILL` to all of them, until none is left: one that had just been started is found the next time, as the one
 * that started it has gone by then. Throws when some will not go within `withinMs`. Tells whether there were any.
 */
export async function endProcessesWith(texts: readonly string[], withinMs = 10_000): Promise<boolean> {
  const deadline = performance.now() + withinMs
  const ending = new Set<number>()
  let any = false
  for (;;) {
    for (const { pid } of processesWith(...texts)) {
      kill(pid)
      ending.add(pid)
      any = true
    }
    // One that is ending has no command line any more, but still its ports.
    for (const pid of ending) if (hasEnded(pid)) ending.delete(pid)
    if (ending.size === 0) return any
    if (performance.now() > deadline)
      throw new Error(`Processes that cannot be ended: ${[...ending].join(', ')}.`)
    await sleep(5)
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const hasProc = existsSync('/proc/self/cmdline')

function hasEnded(pid: number): boolean {
  if (!hasProc) return true
  try {
    // The name of the command, in brackets, may have anything in it.
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0]
    // A zombie holds nothing but its status, for as long as its parent likes, once its other threads have gone.
    return (state === 'Z' || state === 'X') && readdirSync(`/proc/${pid}/task`).length <= 1
  } catch {
    return true
  }
}

const fromProc = (): readonly Process[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => ({ pid: Number(pid), command: commandOf(pid) }))

/** Empty where it has ended, also where its parent has not asked for its status yet. */
function commandOf(pid: string): string {
  try {
    return ` ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`
  } catch {
    return ''
  }
}

/** Where there is no `/proc`. */
function fromPs(): readonly Process[] {
  const { stdout, error } = spawnSync('ps', ['-A', '-ww', '-o', 'pid=,command='], { encoding: 'utf8' })
  if (error) throw new Error(`Processes cannot be listed: ${error.message}`)
  return stdout.split('\n').map(line => {
    const [, pid = '0', command = ''] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
    return { pid: Number(pid), command: ` ${command} ` }
  })
}
