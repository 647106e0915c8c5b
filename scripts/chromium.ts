/** The browser in which some tests sign in: one that this machine has, or Debian's, which is installed for them. */
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { cacheFolder } from './localstack/cache.ts'
import { runLogged } from './localstack/command.ts'
import { type Missing, type Probe, probeHere } from './localstack/prerequisites.ts'

export interface Machine {
  readonly probe: Probe
  /** Files that may be one, the preferred one first. */
  places(): readonly string[]
  /** Whether packages can be installed without a question. */
  readonly root: boolean
  /** Throws when the command fails, with its last words. */
  run(command: readonly string[]): Promise<void>
}

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const applications = [
  'Chromium.app/Contents/MacOS/Chromium',
  'Google Chrome.app/Contents/MacOS/Google Chrome',
]

export function placesOfChromium(env: NodeJS.ProcessEnv): readonly string[] {
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute)
  return [
    ...(env.CHROMIUM ? [env.CHROMIUM] : []),
    ...names.flatMap(name => folders.map(folder => join(folder, name))),
    ...applications.map(path => join('/Applications', path)),
  ].filter(path => existsSync(path))
}

/** The first that says what it is: some systems have a file of that name which only tells how to get one. */
export function findChromium({ probe, places }: Pick<Machine, 'probe' | 'places'> = here): string | Missing {
  const seen: string[] = []
  for (const path of places()) {
    const said = probe(path, ['--version'])
    if (said !== undefined && /^(Chromium|Google Chrome) \d+\./m.test(said)) return path
    seen.push(path)
  }
  return {
    what: 'Chromium or Chrome',
    ...(seen.length > 0 && { found: `${seen.join(', ')}, which does not run` }),
    next: 'Install one (on Debian: apt-get install chromium), or name it: CHROMIUM=/path/to/chromium.',
  }
}

/** Nothing where there is one then. It is a package of the system, so that only root's is installed, and it is said. */
export async function installChromium(
  say: (line: string) => void,
  machine: Machine = here,
): Promise<Missing | undefined> {
  const missing = findChromium(machine)
  if (typeof missing === 'string') return undefined
  if (!machine.root || machine.probe('apt-get', ['--version']) === undefined) return missing
  say(`Installing Debian’s chromium by apt-get, for the tests in a browser; the log is ${logFile}`)
  const install = (): Promise<void> => machine.run([...apt, 'install', ...options, 'chromium'])
  try {
    // Its lists can be missing, as in most images, or too old.
    await install().catch(async () => {
      await machine.run([...apt, 'update'])
      await install()
    })
  } catch (error) {
    return { ...missing, found: `none that can be installed: ${(error as Error).message}` }
  }
  const found = findChromium(machine)
  return typeof found === 'string' ? undefined : found
}

const apt = ['apt-get', '--quiet', '--option', 'DPkg::Lock::Timeout=120']
const options = ['--yes', '--no-install-recommends']
const logFolder = cacheFolder('chromium')
const logFile = join(logFolder, 'install.log')

const here: Machine = {
  probe: probeHere,
  places: () => placesOfChromium(process.env),
  root: process.getuid?.() === 0,
  async run(command) {
    mkdirSync(logFolder, { recursive: true })
    await runLogged('Installing chromium', logFile, command, { DEBIAN_FRONTEND: 'noninteractive' })
  },
}
