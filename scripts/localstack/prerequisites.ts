/** What this machine must have of its own before LocalStack can be installed. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export interface Tools {
  /** A Python that can make virtual environments. */
  readonly python: string
  /** A JDK: its `bin` has `java` and `javac`. */
  readonly javaHome: string
  readonly maven: string
}

export interface Missing {
  readonly what: string
  /** What there is instead. */
  readonly found?: string
  /** What to do about it. */
  readonly next: string
}

/** What a command says on standard output and standard error; `undefined` where it does not run or fails. */
export type Probe = (file: string, args: readonly string[]) => string | undefined

export interface Places {
  readonly pythons: readonly string[]
  /** `java` homes; an empty string stands for the commands on the PATH. */
  readonly javaHomes: readonly string[]
}

const oldestPython = 12
const oldestJava = 17

/** Everything that is missing, or where it all is. */
export function findTools(probe: Probe, places: Places): Tools | readonly Missing[] {
  const python = findPython(probe, places.pythons)
  const javaHome = findJdk(probe, places.javaHomes)
  const maven = findMaven(probe)
  const missing = [python, javaHome, maven].filter(one => typeof one !== 'string')
  if (typeof python !== 'string' || typeof javaHome !== 'string' || typeof maven !== 'string') return missing
  return { python, javaHome, maven }
}

/** The first that will do; its path is that of the interpreter, not of a shim that chooses one. */
export function findPython(probe: Probe, candidates: readonly string[]): string | Missing {
  const what = `Python 3.${oldestPython} or later`
  const seen: string[] = []
  let bare: string | undefined
  for (const candidate of candidates) {
    const [path, minor = 0, venv] = said(probe(candidate, ['-c', describePython])) ?? []
    if (path === undefined) continue
    if (Number(minor) < oldestPython) seen.push(`3.${minor} at ${path}`)
    else if (venv === 'venv') return path
    else bare ??= path
  }
  if (bare !== undefined)
    return {
      what: `${what} with its module venv`,
      found: `${bare}, without it`,
      next: 'Install it: on Debian and Ubuntu its package is python3-venv.',
    }
  return {
    what,
    ...(seen.length > 0 && { found: [...new Set(seen)].join(', ') }),
    next: 'Install one, for instance with pyenv, or name it: PYTHON=/path/to/python3.13.',
  }
}

/** Prints path, minor version and `venv`, each on a line. Debian leaves `ensurepip` to a package of its own. */
const describePython = `
import importlib.util, sys
if sys.version_info.major == 3:
    print(sys.executable, sys.version_info.minor, sep="\\n")
    print("venv" if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv") else "")
`

const said = (output: string | undefined): readonly string[] | undefined => output?.trim().split('\n')

/** The home of the first JDK that will do. */
export function findJdk(probe: Probe, homes: readonly string[]): string | Missing {
  const seen: string[] = []
  for (const home of homes) {
    const command = (name: string): string => (home === '' ? name : join(home, 'bin', name))
    const version = probe(command('javac'), ['-version'])?.match(/javac (\d+)\S*/)
    if (version === null || version === undefined) {
      const runtime = probe(command('java'), ['-version'])?.match(/version "([^"]+)"/)?.[1]
      if (runtime !== undefined) seen.push(`Java ${runtime} without a compiler`)
    } else if (Number(version[1]) < oldestJava) seen.push(version[0])
    else return home === '' ? homeOf(probe) : home
  }
  return {
    what: `a JDK ${oldestJava} or later`,
    ...(seen.length > 0 && { found: [...new Set(seen)].join(', ') }),
    next: 'Install one (on Debian and Ubuntu: openjdk-17-jdk-headless), or name it: JAVA_HOME=/path/to/jdk.',
  }
}

/** Java itself knows best where it lives: `javac` on the PATH is a link, or a shim. */
const homeOf = (probe: Probe): string =>
  probe('java', ['-XshowSettings:properties', '-version'])
    ?.match(/java\.home = (.+)/)?.[1]
    ?.trim() ?? '/usr'

export function findMaven(probe: Probe): string | Missing {
  if (probe('mvn', ['--version']) !== undefined) return 'mvn'
  return { what: 'Maven', next: 'Install it: on Debian, Ubuntu and Homebrew its package is maven.' }
}

/** Makes the certificate of an emulator that speaks TLS. */
export function findOpenssl(probe: Probe): string | Missing {
  if (probe('openssl', ['version']) !== undefined) return 'openssl'
  return { what: 'OpenSSL', next: 'Install it: on Debian and Ubuntu its package is openssl.' }
}

/** One line for each. */
export const describeMissing = (missing: readonly Missing[]): string =>
  missing
    .map(({ what, found, next }) => `  ${what}: ${found ? `there is ${found}` : 'not found'}. ${next}`)
    .join('\n')

/** Where they are looked for on this machine. */
export function placesHere(env: NodeJS.ProcessEnv): Places {
  const pyenv = join(env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions')
  const versions = existsSync(pyenv) ? readdirSync(pyenv).filter(name => name.startsWith('3.')) : []
  // 3.13 first: with it the pinned packages were tried most.
  const named = ['3.13', '3.12', '3.14'].flatMap(version => [
    `python${version}`,
    ...versions
      .filter(name => name.startsWith(`${version}.`))
      .map(name => join(pyenv, name, 'bin', 'python3')),
  ])
  return {
    pythons: [...(env.PYTHON ? [env.PYTHON] : []), ...named, 'python3'],
    javaHomes: [...(env.JAVA_HOME ? [env.JAVA_HOME] : []), ''],
  }
}

/** Runs a command; a hanging one counts as absent. */
export const probeHere: Probe = (file, args) => {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 20_000 })
  return status === 0 ? `${stdout}${stderr}` : undefined
}
