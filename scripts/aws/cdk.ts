import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Cdk {
  /** Beside the process's own environment: where an emulator listens, for instance. */
  readonly env?: Readonly<Record<string, string>>
  /** `-c` values of the app; `infra/parameters.ts` says which there are. */
  readonly context: Readonly<Record<string, string>>
  /** A file for what the CLI prints; without one it goes to the terminal. */
  readonly log?: string
}

/** Runs the CDK's command line from this checkout. Rejects when it fails, naming the log. */
export async function cdk({ env = {}, context, log }: Cdk, ...args: readonly string[]): Promise<void> {
  const given = Object.entries(context).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(process.execPath, [join('node_modules', 'aws-cdk', 'bin', 'cdk'), ...args, ...given], {
    env: {
      ...process.env,
      ...env,
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      // The app is started with `node`: it must be this one.
      PATH: `${join(process.cwd(), 'node_modules', '.bin')}:${process.env.PATH}`,
    },
    stdio: log === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  })
  if (log !== undefined) {
    const file = createWriteStream(log, { flags: 'a' })
    child.stdout?.pipe(file, { end: false })
    child.stderr?.pipe(file, { end: false })
  }
  const [code] = await once(child, 'close')
  if (code === 0) return
  const failed = `cdk ${args[0]} failed with ${code}`
  if (log === undefined) throw new Error(`${failed}.`)
  const last = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-8).join('\n')
  throw new Error(`${failed}. Its log is ${log} and ends so:\n${last}`)
}

/** `-c <parameter>=<value>`, as the CDK's own command line takes it. */
export function contextOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map(text => {
      const at = text.indexOf('=')
      if (at < 1) throw new Error(`-c ${text}: write it as <parameter>=<value>.`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}
