/** Profiles as files: each is written whole or not at all, with the mode 0600, and never over another by mistake. */
import { randomBytes } from 'node:crypto'
import { link, lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { at } from '../json.ts'
import { readSecretFile } from '../key-file.ts'
import { exit, Failure } from './failure.ts'
import { configDirectory, type Place, type Profile } from './profile.ts'
import type { Terminal } from './terminal.ts'

/** Where a new profile goes: the default one, or that of `--profile`. */
export function newProfilePath(terminal: Terminal, name: string | undefined): string {
  if (name?.includes('#'))
    throw new Failure(exit.usage, 'A new profile is a file of its own: leave out the # and what follows.', {
      code: 'option_invalid',
      next: 'For instance --profile nightly-batch',
    })
  if (name?.includes('/') || name?.endsWith('.json')) return name
  return join(configDirectory(terminal), `${name ?? 'default'}.json`)
}

/** A file beside a profile that holds what is not yet, or no longer, part of it. */
export const besideProfile = (path: string, what: string): string =>
  join(dirname(path), `.${basename(path).replace(/\.json$/, '')}.${what}.json`)

/** Throws `profile_exists` where there is one already, however close the race. */
export const createSecretFile = (path: string, content: object): Promise<void> =>
  createSecretText(path, JSON.stringify(content, null, 2))

/** One text and a line's end. Throws as `createSecretFile` does. */
export async function createSecretText(path: string, content: string): Promise<void> {
  await whole(path, content, async incoming => {
    // A link is made only where nothing stands; a rename would replace it.
    await link(incoming, path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST' || (await isThere(path))) throw existing(path)
      // Some file systems know no links.
      await rename(incoming, path)
    })
    await rm(incoming, { force: true })
  })
}

export const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

export const existing = (path: string): Failure =>
  new Failure(exit.failed, `There is a file ${path} already.`, {
    code: 'profile_exists',
    next: 'Choose another name: --profile <name>. A new key for that client: sallyport client rotate',
  })

/** Of a file that `--out` names. */
export const outExists = (path: string): Failure =>
  new Failure(exit.failed, `There is a file ${path} already. Nothing was changed.`, {
    code: 'file_exists',
    next: 'Name another one: --out <file>',
  })

/** What a link in its place points to, where somebody keeps their profiles elsewhere. */
export async function replaceSecretFile(path: string, content: object): Promise<void> {
  const own = await realpath(path).catch(() => path)
  await whole(own, JSON.stringify(content, null, 2), incoming => rename(incoming, own))
}

async function whole(
  path: string,
  content: string,
  place: (incoming: string) => Promise<void>,
): Promise<void> {
  const incoming = `${path}.${randomBytes(8).toString('hex')}`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const file = await open(incoming, 'wx', 0o600)
    try {
      await file.writeFile(`${content}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await place(incoming)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(incoming, { force: true })
    if (error instanceof Failure) throw error
    const { code } = error as NodeJS.ErrnoException
    throw new Failure(exit.failed, `The file ${path} could not be written (${code}).`, {
      code: 'profile_unwritable',
      next: 'Make that folder yours to write, or choose another: XDG_CONFIG_HOME',
    })
  }
}

/** A name is durable with its folder. Windows opens none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/** `undefined` where there is no such file. Throws what `readSecretFile` throws. */
export const readIfThere = (path: string): Promise<unknown> =>
  readSecretFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })

/**
 * Puts the next key of a client into its profile. All else in the file stays, the other clients of a file with several
 * too. Throws where it is no longer that client's.
 */
export async function switchKey(
  { path, partner }: Place,
  { client_id }: Profile,
  next: Pick<Profile, 'kid' | 'key'>,
): Promise<void> {
  const content = await readIfThere(path)
  const partners = at(content, 'partners')
  if (!Array.isArray(partners)) return replaceSecretFile(path, switched(content, client_id, next, path))
  const index = partners.findIndex(
    (one, i) => partner === undefined || at(one, 'id') === partner || partner === String(i + 1),
  )
  const changed = partners.with(index, switched(partners[index], client_id, next, path))
  return replaceSecretFile(path, { ...(content as object), partners: changed })
}

function switched(client: unknown, id: string, next: object, path: string): object {
  if (at(client, 'client_id') === id) return { ...(client as object), ...next }
  throw new Failure(exit.failed, `The profile ${path} is no longer that of ${id}.`, {
    code: 'profile_changed',
    next: 'Look at it, and run the command again.',
  })
}
