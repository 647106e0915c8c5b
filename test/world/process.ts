/** A Sallyport in a process of its own, as an operator starts it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export interface Started {
  readonly process: ChildProcess
  /** Lines of standard output and standard error so far. */
  readonly out: string[]
  readonly err: string[]
  /** Resolves with the first line of standard output, past or to come, that fits. Rejects at the end. */
  line(pattern: RegExp): Promise<string>
  /** `SIGKILL` to all of it, and its end. */
  kill(): Promise<unknown>
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
}

export function start(
  env: Readonly<Record<string, string>>,
  command: readonly string[] = [process.execPath, 'scripts/start.ts'],
): Started {
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    env: { ...withoutOwn(process.env), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: what `npm` starts can be killed with it.
    detached: true,
  })
  const out: string[] = []
  const err: string[] = []
  const waiting = new Set<() => void>()
  createInterface(child.stdout).on('line', line => {
    out.push(line)
    for (const look of waiting) look()
  })
  createInterface(child.stderr).on('line', line => err.push(line))
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal)
  return {
    process: child,
    out,
    err,
    ended,
    kill: () => {
      const alive = child.exitCode === null && child.signalCode === null
      if (child.pid !== undefined && alive) process.kill(-child.pid, 'SIGKILL')
      return ended
    },
    line: pattern =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = out.find(line => pattern.test(line))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
        void ended.then(code => reject(new Error(`ended with ${code}: ${err.join('\n')}`)))
      }),
  }
}

const withoutOwn = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SALLYPORT_')))
