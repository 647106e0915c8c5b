/** The command line as a person runs it: a process of its own, with a folder for what it keeps. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredSession } from '../../client/cli/auth-session.ts'
import { type Started, start } from './process.ts'
import type { World } from './world.ts'

export interface CommandLine {
  begin(...args: readonly string[]): Started
  run(...args: readonly string[]): Promise<Ran>
  /** Where it keeps the session with this world. */
  readonly sessionFile: string
  session(): Promise<StoredSession>
  /** Puts a session back, as somebody would who had copied the file. */
  putBack(session: StoredSession): Promise<void>
}

export interface Ran {
  readonly code: number | NodeJS.Signals
  readonly out: string
  readonly err: string
}

/** `who` has a machine of their own. */
export function commandLine(
  { issuer, data }: Pick<World, 'issuer' | 'data'>,
  who: string,
  variables: Readonly<Record<string, string>> = {},
): CommandLine {
  const config = join(data, 'machines', who)
  const sessionFile = join(config, 'sallyport', 'sessions', `${new URL(issuer).host.replace(':', '_')}.json`)
  const begin = (...args: readonly string[]): Started =>
    start({ SALLYPORT_ENDPOINT: issuer, XDG_CONFIG_HOME: config, NO_COLOR: '1', ...variables }, [
      process.execPath,
      'client/cli/main.ts',
      ...args,
    ])
  return {
    begin,
    run: async (...args) => ended(begin(...args)),
    sessionFile,
    session: async () => JSON.parse(await readFile(sessionFile, 'utf8')),
    putBack: session => writeFile(sessionFile, JSON.stringify(session), { mode: 0o600 }),
  }
}

export async function ended(started: Started): Promise<Ran> {
  const code = await started.ended
  return { code, out: started.out.join('\n'), err: started.err.join('\n') }
}

/** The address to sign in at, once it is said. */
export async function printedUrl({ err, process: child }: Started): Promise<string> {
  for (;;) {
    const line = err.find(one => one.startsWith('  http'))
    if (line !== undefined) return line.trim()
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`no address was said: ${err.join('\n')}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
