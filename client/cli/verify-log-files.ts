/** The public files of a log: in a folder that somebody has copied, or at its address. Nothing else is ever asked. */
import { constants } from 'node:fs'
import { type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { urlFault } from '../../shared/tlog/witness-list.ts'
import type { ReadLogFile } from '../log/log-files.ts'
import type { Cli } from './cli.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'

/** Bytes: a note, which is larger than any tile. */
const maxFile = 512_000
const fetchMs = 10_000

/** Throws a `Failure` of usage where it is neither. */
export async function readLogFiles(cli: Cli, given: string): Promise<ReadLogFile> {
  if (!/^https?:\/\//i.test(given)) return inFolder(given)
  const fault = urlFault(given)
  if (fault)
    throw new Failure(exit.usage, `The address of --log ${fault}.`, {
      code: 'option_invalid',
      next: 'For instance --log https://<gateway>/log, or a folder with a copy of what is there',
    })
  const base = given.replace(/\/+$/, '')
  return path => fetchFile(cli, `${base}/${path}`)
}

async function inFolder(folder: string): Promise<ReadLogFile> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw fileUnreadable(folder, error)
  })
  if (!names.includes('checkpoint') && !names.includes('tile'))
    throw new Failure(exit.usage, `There is no log in the folder ${folder}: no checkpoint, and no tiles.`, {
      code: 'file_unreadable',
      next: 'Name the folder that has both, or the address of the log: --log https://<gateway>/log',
    })
  return path => readFolderFile(join(folder, path))
}

/** Whoever wrote the folder may mean harm: a pipe has no end. */
async function readFolderFile(path: string): Promise<Uint8Array | undefined> {
  const file = await openIfThere(path)
  if (file === undefined) return undefined
  try {
    const facts = await file.stat()
    if (!facts.isFile()) throw unreadable(path, 'it is no plain file')
    if (facts.size > maxFile) throw unreadable(path, `it has more than ${maxFile} bytes`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** Without waiting for whoever may write into a pipe. */
const openIfThere = (path: string): Promise<FileHandle | undefined> =>
  open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw fileUnreadable(path, error)
  })

const unreadable = (path: string, why: string): Failure =>
  new Failure(exit.usage, `The file ${path} could not be read (${why}).`, {
    code: 'file_unreadable',
    next: 'Copy it anew from the log.',
  })

async function fetchFile(cli: Cli, url: string): Promise<Uint8Array | undefined> {
  const response = await cli
    .fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(fetchMs) })
    .catch((error: unknown) => {
      throw error instanceof Failure ? elsewhere(error) : error
    })
  if (response.ok) return bodyOf(response, url)
  await response.body?.cancel()
  if (response.status === 404) return undefined
  throw new Failure(exit.failed, `The log has answered ${response.status} for ${url}.`, {
    code: 'log_unreadable',
    next: 'Is that its address? For instance --log https://<gateway>/log',
  })
}

/** A gateway's address comes from elsewhere than that of a log. */
const elsewhere = (error: Failure): Failure =>
  new Failure(error.exit, error.message, {
    ...error.further,
    next: 'Is that its address, and does it answer? For instance --log https://<gateway>/log',
  })

async function bodyOf({ body }: Response, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maxFile)
      throw new Failure(exit.failed, `${url} has more than ${maxFile} bytes.`, {
        code: 'log_unreadable',
        next: 'No file of a log is as large: is that its address?',
      })
  }
  return Buffer.concat(chunks)
}
