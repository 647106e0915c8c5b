/** The sessions that people signed in to from this machine: one file for each gateway, of mode 0600. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readSecretFile, SecretFileError } from '../key-file.ts'
import { exit, Failure } from './failure.ts'
import { configDirectory } from './profile.ts'
import type { Terminal } from './terminal.ts'

const written = z.object({
  issuer: z.string(),
  app: z.literal('sallyport-cli'),
  refresh_token: z.string(),
  key: z.object({
    kty: z.enum(['EC', 'OKP']),
    crv: z.enum(['P-256', 'Ed25519']),
    x: z.string(),
    y: z.string().optional(),
    d: z.string(),
  }),
  /** What was known when it began: shown where the gateway cannot be asked. RFC 3339. */
  authenticated_at: z.string(),
  person: z.string().optional(),
  name: z.string().optional(),
  organisation: z.string().optional(),
  roles: z.array(z.string()).optional(),
  ends_at: z.string().optional(),
  /** Until then a decision takes no new sign-in. */
  fresh_until: z.string().optional(),
})

export type StoredSession = z.infer<typeof written>

const folder = (terminal: Terminal): string => join(configDirectory(terminal), 'sessions')

/** A host and its port, and the path of an issuer that has one: no two issuers share a file by chance. */
export function sessionFile(terminal: Terminal, issuer: string): string {
  const { host, pathname } = new URL(issuer)
  const name = `${host}${pathname}`.replace(/\/$/, '').replace(/[^A-Za-z0-9.-]+/g, '_')
  return join(folder(terminal), `${name}.json`)
}

/** `undefined` where nobody is signed in. Throws a `Failure` for what cannot be used; none tells what a file holds. */
export async function readStored(terminal: Terminal, issuer: string): Promise<StoredSession | undefined> {
  const path = sessionFile(terminal, issuer)
  const found = await readFileOf(path)
  if (found === undefined) return undefined
  // Two names can be written alike in a file's name; a session is never sent to another issuer.
  if (found.issuer !== issuer)
    throw unusable(`The session in ${path} is of ${found.issuer}, not of ${issuer}.`)
  return found
}

async function readFileOf(path: string): Promise<StoredSession | undefined> {
  const content = await readSecretFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof SecretFileError) throw error
    if (error.code === 'ENOENT') return undefined
    throw unusable(`The session ${path} could not be read (${error.code}).`)
  })
  if (content === undefined) return undefined
  const parsed = written.safeParse(content)
  if (parsed.success) return parsed.data
  const fields = new Set(parsed.error.issues.map(issue => issue.path.join('.') || 'the whole'))
  throw unusable(`The session ${path} is not valid: ${[...fields].join(', ')}.`)
}

const unusable = (message: string): Failure =>
  new Failure(exit.notSignedIn, message, { code: 'session_invalid', next: 'sallyport auth login' })

/** Whole or not at all: a reader finds the old session or the new one, and nobody else ever has a right to it. */
export async function keepStored(terminal: Terminal, session: StoredSession): Promise<string> {
  const path = sessionFile(terminal, session.issuer)
  await writeBeside(terminal, path, session)
  return path
}

/** The same of any file in that folder. */
export async function writeBeside(terminal: Terminal, path: string, content: object): Promise<void> {
  const incoming = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await mkdir(folder(terminal), { recursive: true, mode: 0o700 })
    // One that was there already may have been made by something less careful.
    await chmod(folder(terminal), 0o700)
    const file = await open(incoming, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(content, null, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(incoming, path)
  } catch (error) {
    await rm(incoming, { force: true }).catch(() => undefined)
    const { code } = error as NodeJS.ErrnoException
    throw new Failure(exit.failed, `The session could not be written to ${path} (${code}).`, {
      code: 'session_unwritable',
      next: 'Make that folder yours to write, or choose another: XDG_CONFIG_HOME',
    })
  }
}

/** Whether there was one. */
export async function removeStored(terminal: Terminal, issuer: string): Promise<boolean> {
  return rm(sessionFile(terminal, issuer)).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}

/** The issuers that somebody is signed in at from here. Files that are no sessions are passed over. */
export async function storedIssuers(terminal: Terminal): Promise<readonly string[]> {
  const names = await readdir(folder(terminal)).catch(() => [])
  const files = names.filter(name => name.endsWith('.json'))
  const found = await Promise.all(
    files.map(name => readFileOf(join(folder(terminal), name)).catch(() => undefined)),
  )
  return found.flatMap(session => (session ? [session.issuer] : []))
}
