/** People of the demo at terminals of their own, each signed in, with the command line in this process. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { run } from '../../client/cli/program.ts'
import { writeSession } from '../../client/index.ts'
import { signInAs } from '../../scripts/demo/browserless.ts'
import { RecordedTerminal } from '../unit/client/recorded-terminal.ts'
import type { World } from './world.ts'

export interface TerminalPeople {
  /** Whoever is not signed in yet is first. */
  as(login: string, ...args: readonly string[]): Promise<{ code: number; out: string; err: string }>
  /** What a command prints with `--json`. Throws where it prints none. */
  json(login: string, ...args: readonly string[]): Promise<unknown>
}

export function terminalPeople({ issuer, data }: Pick<World, 'issuer' | 'data'>): TerminalPeople {
  const home = (login: string): string => join(data, 'people', login)
  const signedIn = new Map<string, Promise<void>>()

  async function signIn(login: string): Promise<void> {
    const session = await signInAs({ issuer, login })
    const folder = join(home(login), 'sallyport', 'sessions')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const stored = { ...(await writeSession(session)), authenticated_at: new Date().toISOString() }
    const { host, pathname } = new URL(issuer)
    const name = `${host}${pathname}`.replace(/\/$/, '').replace(/[^A-Za-z0-9.-]+/g, '_')
    await writeFile(join(folder, `${name}.json`), JSON.stringify(stored), { mode: 0o600 })
  }

  const people: TerminalPeople = {
    async as(login, ...args) {
      const session = signedIn.get(login) ?? signIn(login)
      signedIn.set(login, session)
      await session
      const terminal = new RecordedTerminal()
      Object.assign(terminal.env, { SALLYPORT_ENDPOINT: issuer, XDG_CONFIG_HOME: home(login) })
      // A command that waits for something waits for a running gateway.
      terminal.sleep = ms => wait(ms)
      const code = await run(args, terminal)
      return { code, out: terminal.stdout, err: terminal.stderr }
    },
    async json(login, ...args) {
      const { out, err } = await people.as(login, '--json', ...args)
      if (out === '') throw new Error(`${args.join(' ')} printed nothing: ${err}`)
      return JSON.parse(out)
    },
  }
  return people
}
