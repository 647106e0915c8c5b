import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createFile, makeFolder } from './durable-file.ts'

/**
 * The bytes of a file that holds a secret; `undefined` when it is not there. Throws when anybody but its
 * owner has any right to it: a key that others could read is no longer a key.
 */
async function readPrivateFile(path: string): Promise<Buffer | undefined> {
  try {
    // One descriptor for both, or the file could be exchanged after its mode was looked at.
    await using file = await open(path, 'r')
    const { mode } = await file.stat()
    if ((mode & 0o077) !== 0)
      throw new Error(
        `${path} has mode ${(mode & 0o777).toString(8)}: others have rights to a secret. ` +
          `If nobody has read it: chmod 600 ${path}`,
      )
    return await file.readFile()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The file's bytes, those of `make` when it was not there; all who open it at once get the same ones. */
export async function openPrivateFile(path: string, make: () => Uint8Array): Promise<Buffer> {
  const found = await readPrivateFile(path)
  if (found !== undefined) return found
  await makeFolder(dirname(path), 0o700)
  await createFile(path, make(), { incoming: dirname(path), mode: 0o600 })
  const made = await readPrivateFile(path)
  if (made === undefined) throw new Error(`${path} was removed while it was being made`)
  return made
}
