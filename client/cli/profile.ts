import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readSecretFile, SecretFileError } from '../key-file.ts'
import { wrapped } from './facts.ts'
import { exit, Failure } from './failure.ts'
import type { Terminal } from './terminal.ts'

const key = z.object({
  kty: z.enum(['EC', 'OKP']),
  crv: z.enum(['P-256', 'P-384', 'Ed25519']),
  x: z.string(),
  y: z.string().optional(),
  d: z.string(),
})

const client = z.object({
  client_id: z.string(),
  kid: z.string(),
  key,
  purpose: z.string().optional(),
  model: z.string().optional(),
})

const profile = client.extend({ issuer: z.string() })
/** What the demo writes: the credentials of several partners. */
const credentials = z.object({
  issuer: z.string(),
  partners: z.array(client.extend({ id: z.string() })).nonempty(),
})

/** The client that a command acts for. */
export type Profile = z.infer<typeof profile>

/**
 * `name` is that of `--profile` or `SALLYPORT_PROFILE`: a file in the configuration directory, or a path
 * (it has a `/` or ends in `.json`), behind which `#2` or `#<id>` picks one of the demo's partners.
 * Throws a `Failure` that says what to do; none tells what a file holds.
 */
export async function readProfile(
  terminal: Terminal,
  name: string | undefined,
  quiet: boolean,
): Promise<Profile> {
  const { path, partner } = await placeOf(terminal, name, quiet)
  const content = await readContent(path)
  if (typeof content === 'object' && content !== null && 'partners' in content) {
    const { issuer, partners } = check(credentials, content, path)
    const found = partners.find(
      ({ id }, index) => partner === undefined || partner === id || partner === String(index + 1),
    )
    if (found === undefined)
      throw notSignedIn(
        'profile_missing',
        `${path} has no partner #${partner}; it has ${partners.map(({ id }) => id).join(', ')}.`,
      )
    return { ...found, issuer }
  }
  if (partner !== undefined)
    throw notSignedIn('profile_missing', `${path} holds one client; #${partner} picks nothing in it.`)
  return check(profile, content, path)
}

/**
 * The gateway that a profile is of, for a person, who needs no client of it: a file that holds only `issuer` will do.
 * `undefined` where none is named and there is no default one. Throws as `readProfile` does for one that is there.
 */
export async function readProfileIssuer(
  terminal: Terminal,
  name: string | undefined,
): Promise<string | undefined> {
  const path = name === undefined ? ownFile(terminal) : locate(terminal, name).path
  return name === undefined && !(await exists(path)) ? undefined : issuerIn(path)
}

/**
 * The gateway of the demo in this folder, if there is one. Only for want of any other: whoever made the folder would
 * choose where a person signs in and where a ticket goes.
 */
export async function readDemoIssuer(terminal: Terminal): Promise<string | undefined> {
  const path = demoFile(terminal)
  return (await exists(path)) ? issuerIn(path) : undefined
}

const issuerIn = async (path: string): Promise<string> =>
  check(z.object({ issuer: z.string() }), await readContent(path), path).issuer

/** The file of a profile, and which of the demo's partners in it. */
export interface Place {
  readonly path: string
  readonly partner?: string | undefined
}

export const placeOf = async (
  terminal: Terminal,
  name: string | undefined,
  quiet: boolean,
): Promise<Place> => (name === undefined ? defaultFile(terminal, quiet) : locate(terminal, name))

const readContent = (path: string): Promise<unknown> =>
  readSecretFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof SecretFileError) throw error
    throw notSignedIn(
      error.code === 'ENOENT' ? 'profile_missing' : 'profile_unreadable',
      `The profile ${path} could not be read (${error.code}).`,
    )
  })

function locate(terminal: Terminal, name: string): Place {
  const [path = '', partner] = name.split('#', 2)
  if (path.includes('/') || path.endsWith('.json')) return { path, partner }
  return { path: join(configDirectory(terminal), `${path}.json`), partner }
}

async function defaultFile(terminal: Terminal, quiet: boolean): Promise<Place> {
  const own = ownFile(terminal)
  if (await exists(own)) return { path: own }
  const demo = demoFile(terminal)
  if (!(await exists(demo)))
    throw notSignedIn('profile_missing', `There is no profile: neither ${own} nor ${demo} exists.`)
  if (!quiet)
    terminal.say(`${wrapped(`Using the first partner of ${demo}; --profile chooses another.`, 0)}\n`)
  return { path: demo }
}

const ownFile = (terminal: Terminal): string => join(configDirectory(terminal), 'default.json')
const demoFile = ({ env }: Terminal): string =>
  join(env.SALLYPORT_DATA || '.sallyport', 'demo', 'credentials.json')

/** Where profiles are, and the sessions of people. */
export const configDirectory = ({ env, home }: Terminal): string =>
  join(env.XDG_CONFIG_HOME || join(home, '.config'), 'sallyport')

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Names the fields that are wrong, and none of their values: one of them is the key. */
function check<T>(schema: z.ZodType<T>, content: unknown, path: string): T {
  const parsed = schema.safeParse(content)
  if (parsed.success) return parsed.data
  const fields = new Set(parsed.error.issues.map(issue => issue.path.join('.') || 'the whole'))
  throw notSignedIn('profile_invalid', `The profile ${path} is not valid: ${[...fields].join(', ')}.`)
}

const notSignedIn = (code: string, message: string): Failure =>
  new Failure(exit.notSignedIn, message, {
    code,
    next: 'Name a profile: --profile <name or path>, or SALLYPORT_PROFILE.',
  })
