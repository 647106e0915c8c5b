/**
 * The verifiers that stand beside this file, run as programs: those in Go, built once, in the checkout's cache, and the
 * one in Python.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder, isMade, makePieces, type Piece, pieceFolder } from '../../scripts/localstack/cache.ts'
import { runLogged } from '../../scripts/localstack/command.ts'
import { type Missing, type Probe, probeHere } from '../../scripts/localstack/prerequisites.ts'

const cache = cacheFolder('independent')
const here = import.meta.dirname
const read = (name: string): string => readFileSync(join(here, name), 'utf8')
const oldestGo = Number(/^go 1\.(\d+)/m.exec(read('go.mod'))?.[1])

/** Each program, and the package that it is made of. */
const programs = { 'verify-log': '.', 'verify-bundle': './bundle' } as const
export type Program = keyof typeof programs

const written = Object.values(programs).flatMap(folder =>
  readdirSync(join(here, folder))
    .filter(name => name.endsWith('.go'))
    .map(name => join(folder, name)),
)
const piece: Piece = {
  name: 'verifiers',
  sources: ['go.mod', 'go.sum', ...written.toSorted()].map(read),
  needs: Object.keys(programs),
  async make(folder, log) {
    // What go.sum pins, by the Go that is here, and nothing else. What Go itself keeps is its own to share.
    const env = { GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', GOWORK: 'off', CGO_ENABLED: '0' }
    for (const [file, from] of Object.entries(programs))
      await runLogged(
        `Building ${file}`,
        log,
        ['go', '-C', here, 'build', '-o', join(folder, file), from],
        env,
      )
  },
}

/** What this machine lacks; nothing where the verifiers are built. */
export function missingForVerifier(probe: Probe = probeHere): Missing | undefined {
  if (isMade(cache, piece)) return undefined
  const version = probe('go', ['version'])?.match(/go1\.(\d+)\S*/)
  if (Number(version?.[1] ?? 0) >= oldestGo) return undefined
  return {
    what: `Go 1.${oldestGo} or later`,
    ...(version && { found: version[0] }),
    next: 'Install it: Homebrew’s package is go, Debian’s golang-go, which older releases have too old.',
  }
}

/** The path of a program. Throws with the last words of the build where it fails. */
export async function buildVerifier(
  say: (line: string) => void,
  program: Program = 'verify-log',
): Promise<string> {
  await makePieces(cache, [piece], say)
  return join(pieceFolder(cache, piece), program)
}

export interface Verdict {
  /** 0, or 1 where it has found a fault. */
  readonly code: number
  /** What it has checked, or the first fault. */
  readonly said: string
}

/** Of a log at an address, `http://127.0.0.1:8080/log`. */
export async function verifyLog(
  program: string,
  address: string,
  vkey: string,
  proofs: { readonly inclusion: number; readonly consistency: number } = { inclusion: 500, consistency: 100 },
): Promise<Verdict> {
  const counts = Object.entries(proofs).flatMap(([name, count]) => [`-${name}`, String(count)])
  return verdictOf(program, [address, vkey, ...counts])
}

/** Of the file of an export. */
export const verifyBundle = (program: string, file: string, vkey: string): Promise<Verdict> =>
  verdictOf(program, [file, vkey])

/** The verifier in Python, which needs no building. */
export const stranger = join(here, 'verify_bundle.py')

/** What this machine lacks for it. */
export function missingForStranger(probe: Probe = probeHere): Missing | undefined {
  const version = probe('python3', ['--version'])?.match(/3\.(\d+)\S*/)
  if (Number(version?.[1] ?? 0) >= 9) return undefined
  return {
    what: 'Python 3.9 or later, as python3',
    ...(version && { found: version[0] }),
    next: 'Install it: on Debian, Ubuntu and Homebrew its package is python3.',
  }
}

/** Of the file of an export, by the key in another file. */
export const verifyAsStranger = (file: string, key: string): Promise<Verdict> =>
  verdictOf('python3', [stranger, file, key])

async function verdictOf(program: string, args: readonly string[]): Promise<Verdict> {
  try {
    const { stdout } = await promisify(execFile)(program, args)
    return { code: 0, said: stdout.trimEnd() }
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    if (typeof code !== 'number') throw error
    return { code, said: (stderr ?? '').trimEnd() }
  }
}
