import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { exit, Failure } from './failure.ts'

/** Signals that are sent to this process alone, by whoever supervises it. */
const passedOn = ['SIGTERM', 'SIGHUP'] as const

/**
 * Runs a command with this terminal as its own and resolves with its exit code, 128 + n where the signal n
 * ended it. Ctrl-C reaches it by itself and is its to answer: a chat that stops a reply by it goes on, and
 * needs its proxy still. Throws a `Failure` where it cannot be started.
 */
export async function launch(
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const child = spawn(file, args, { env, stdio: 'inherit' })
  const ignore = () => {}
  const pass = (signal: NodeJS.Signals) => void child.kill(signal)
  process.on('SIGINT', ignore)
  for (const signal of passedOn) process.on(signal, pass)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  } catch (error) {
    throw new Failure(
      exit.usage,
      `${file} could not be started (${(error as NodeJS.ErrnoException).code}).`,
      { next: 'Name a command that exists: sallyport proxy -- <command>' },
    )
  } finally {
    process.off('SIGINT', ignore)
    for (const signal of passedOn) process.off(signal, pass)
  }
}
