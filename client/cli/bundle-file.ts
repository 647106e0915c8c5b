/** The ZIP of a bundle on this machine: read in parts, since one of a million records is larger than a memory. */
import { createHash, hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { EventualSha256 } from '../../shared/tlog/hash.ts'
import type { Sha256Stream } from '../log/bundle-files.ts'
import type { ReadAt } from '../log/bundle-zip.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'

/** Runs with the file open. Throws a `Failure` of usage where there is none to be read. */
export async function withBundleFile<T>(path: string, work: (file: ReadAt) => Promise<T>): Promise<T> {
  const handle = await openPlain(path)
  try {
    const { size } = await handle.stat()
    return await work({ size, read: (from, to) => readAt(handle, path, from, to) })
  } finally {
    await handle.close()
  }
}

/** Whoever named it may have been given a pipe, which has no places. */
async function openPlain(path: string): Promise<FileHandle> {
  if (path === '-')
    throw new Failure(exit.usage, 'A bundle is read in parts, which cannot be done from stdin.', {
      code: 'file_unreadable',
      next: 'Save it as a file, and name that.',
    })
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(
    (error: NodeJS.ErrnoException) => {
      throw fileUnreadable(path, error)
    },
  )
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new Failure(exit.usage, `The file ${path} could not be read (it is no plain file).`, {
    code: 'file_unreadable',
    next: 'Name the ZIP file that sallyport export download has written.',
  })
}

async function readAt(handle: FileHandle, path: string, from: number, to: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(to - from)
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, from + at)
    if (bytesRead === 0)
      throw new Failure(exit.usage, `The file ${path} became shorter while it was read.`, {
        code: 'file_unreadable',
        next: 'Wait until it is whole.',
      })
    at += bytesRead
  }
  return bytes
}

export const nodeSha256: EventualSha256 = async bytes => hash('sha256', bytes, 'buffer')

export function nodeSha256Stream(): Sha256Stream {
  const sum = createHash('sha256')
  return {
    update: bytes => {
      sum.update(bytes)
    },
    digest: async () => sum.digest('hex'),
  }
}
