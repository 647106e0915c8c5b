import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  ByteRange,
  PutCondition,
  PutResult,
  RemovableObjects,
  StoredObject,
} from '../../ports/objects.ts'
import { checkedKey, checkedRange } from '../object-key.ts'
import { createFile, makeFolder, removeFile, replaceFile } from './durable-file.ts'

/**
 * Objects as files below `root/objects`, by their keys. No key may be the folder of another. `ifAbsent`
 * holds between processes; `ifMatch` only within one, which is all that the embedded default runs.
 */
export async function openFileObjects(root: string): Promise<RemovableObjects> {
  const objects = join(root, 'objects')
  const incoming = join(root, 'incoming')
  await makeFolder(objects)
  await makeFolder(incoming)
  const oneByOne = perKey()

  const get = async (key: string): Promise<StoredObject | undefined> => {
    const bytes = await readIfThere(join(objects, checkedKey(key)))
    return bytes && { bytes, etag: etagOf(bytes) }
  }

  return {
    async put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<PutResult> {
      const path = join(objects, checkedKey(key))
      const etag = etagOf(bytes)
      if ('ifAbsent' in condition)
        return (await createFile(path, bytes, { incoming })) ? { ok: true, etag } : { ok: false }
      return oneByOne(key, async () => {
        if ((await get(key))?.etag !== condition.ifMatch) return { ok: false }
        await replaceFile(path, bytes, { incoming })
        return { ok: true, etag }
      })
    },

    get: async (key, range) =>
      range === undefined ? get(key) : getRange(join(objects, checkedKey(key)), checkedRange(range)),

    remove: key =>
      oneByOne(key, async () => {
        await removeFile(join(objects, checkedKey(key)))
        return { ok: true }
      }),

    async list(prefix, after = '') {
      const keys: string[] = []
      for await (const key of walk(objects, '', prefix, after)) {
        if (keys.length === 1000) return { keys, next: keys.at(-1) }
        keys.push(key)
      }
      return { keys, next: undefined }
    },
  }
}

/** In order of keys. A folder is passed over when nothing in it can be wanted. */
async function* walk(root: string, folder: string, prefix: string, after: string): AsyncGenerator<string> {
  const entries = await readdir(join(root, folder), { withFileTypes: true })
  // Folders sort with their slash: `a.b` stands before what is in `a/`.
  const names = entries.map(entry => folder + entry.name + (entry.isDirectory() ? '/' : '')).sort()
  for (const name of names) {
    if (!name.endsWith('/')) {
      if (name.startsWith(prefix) && name > after) yield name
    } else if (
      (name.startsWith(prefix) || prefix.startsWith(name)) &&
      (name > after || after.startsWith(name))
    ) {
      yield* walk(root, name, prefix, after)
    }
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && absence.has(error.code)) return undefined
    throw error
  }
}

/** Of files that ranges were read of, by what tells a version of one from any other. */
const etags = new Map<string, string>()
const etagsKept = 1_000

/** The etag is the digest of the whole, which is read for it once. An open file is one version, since a put renames. */
async function getRange(path: string, { from, to }: ByteRange): Promise<StoredObject | undefined> {
  try {
    await using file = await open(path)
    const { ino, size, mtimeNs } = await file.stat({ bigint: true })
    const version = `${ino} ${size} ${mtimeNs} ${path}`
    const etag = etags.get(version) ?? (await etagOfFile(file))
    etags.set(version, etag)
    if (etags.size > etagsKept) etags.delete(etags.keys().next().value ?? version)
    const bytes = Buffer.alloc(Math.max(0, Math.min(to, Number(size)) - from))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
    if (bytesRead < bytes.length) throw new Error(`A file ended early: ${path}`)
    return { bytes, etag }
  } catch (error) {
    if (error instanceof Error && 'code' in error && absence.has(error.code)) return undefined
    throw error
  }
}

async function etagOfFile(file: FileHandle): Promise<string> {
  const digest = createHash('sha256')
  const pieces: AsyncIterable<Buffer> = file.createReadStream({ autoClose: false, start: 0 })
  for await (const piece of pieces) digest.update(piece)
  return digest.digest('base64url')
}

/** Nothing there, a file where the key has a folder, a folder where it has a file. */
const absence = new Set<unknown>(['ENOENT', 'ENOTDIR', 'EISDIR'])

const etagOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64url')

/** Runs the tasks of one key one after the other. */
function perKey() {
  const last = new Map<string, Promise<unknown>>()
  return async <T>(key: string, task: () => Promise<T>): Promise<T> => {
    const mine = (last.get(key) ?? Promise.resolve()).then(task, task)
    last.set(key, mine)
    try {
      return await mine
    } finally {
      if (last.get(key) === mine) last.delete(key)
    }
  }
}
