/** The file of an export, signed for as one's own copy, then fetched part by part: one that broke off goes on where it was. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, link, open, stat, unlink } from 'node:fs/promises'
import type { PersonGateway } from '../index.ts'
import { at, readJson, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import { countersign } from './export-countersign.ts'
import { exportNoun } from './export-noun.ts'
import { exit, Failure } from './failure.ts'
import { recordPath } from './record-commands.ts'

const partBytes = 4 * 1024 * 1024

/** A connection that breaks off is made again, so often for one part. */
const tries = 5
const pauseMs = 1_000

export interface Downloaded {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
}

/** `job` as the API tells it, made. `undefined` where it was interrupted: what is there is gone on with the next time. */
export async function download(
  cli: Cli,
  job: unknown,
  out: string | undefined,
): Promise<Downloaded | undefined> {
  const [id, sha256, bytes] = [textAt(job, 'id'), textAt(job, 'sha256'), at(job, 'bytes')]
  const isMade = textAt(job, 'state') === 'done'
  if (!isMade || id === undefined || sha256 === undefined || typeof bytes !== 'number') throw notMade(job)
  const file = out ?? `${id}.zip`
  await refuseExisting(file, id)
  // Of this very file: two exports, or an export and another of the same name, are not put together.
  const partial = `${file}.${sha256.slice(0, 16)}.part`
  const { gateway } = await cli.openPerson()
  // Whoever is to have it is given it.
  const handle = await open(partial, 'a', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw unwritable(partial, id, error)
  })
  try {
    await countersign(cli, gateway, job)
    const whole = await fetchRest(cli, gateway, { id, bytes }, handle)
    if (!whole) {
      cli.remark(`What came is in ${partial}: the same command goes on with it.`)
      return undefined
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  const digest = await sha256Of(partial)
  if (digest !== sha256) {
    await unlink(partial)
    throw new Failure(
      exit.tampered,
      'What came is not the file that the gateway names. It was thrown away.',
      {
        code: 'digest_mismatch',
        next: `sallyport export download ${id}`,
      },
    )
  }
  // Never over a file that has come there meanwhile.
  await link(partial, file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? fileExists(file, id) : unwritable(file, id, error)
  })
  await unlink(partial)
  return { file, bytes, sha256 }
}

/** False where it was interrupted. */
async function fetchRest(
  cli: Cli,
  gateway: PersonGateway,
  { id, bytes }: { readonly id: string; readonly bytes: number },
  handle: FileHandle,
): Promise<boolean> {
  const { terminal } = cli
  let { size: have } = await handle.stat()
  if (have > bytes) {
    await handle.truncate(0)
    have = 0
  }
  let failed = 0
  while (have < bytes) {
    try {
      const part = await fetchPart(gateway, id, have, Math.min(have + partBytes, bytes))
      await handle.appendFile(part)
      have += part.length
      failed = 0
      showProgress(cli, have, bytes)
    } catch (error) {
      if (terminal.interrupted.aborted) return false
      failed += 1
      if (error instanceof Failure || failed >= tries) throw error
      await terminal.sleep(pauseMs * failed)
      if (terminal.interrupted.aborted) return false
    }
  }
  return true
}

async function fetchPart(gateway: PersonGateway, id: string, from: number, to: number): Promise<Uint8Array> {
  const response = await gateway.fetch(`${gateway.issuer}/api/v1${recordPath(exportNoun, id)}/content`, {
    headers: { accept: 'application/octet-stream', range: `bytes=${from}-${to - 1}` },
  })
  if (!response.ok) {
    const { status, headers } = response
    toldBy(gateway.issuer, { status, headers, body: await readJson(response) })
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  const [, first] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? []
  if (response.status !== 206 || Number(first) !== from || bytes.length === 0 || bytes.length > to - from)
    throw new Failure(exit.failed, 'The gateway answered another part of the file than was asked for.', {
      code: 'answer_malformed',
      next: 'Ask whoever operates the gateway.',
    })
  return bytes
}

export function showProgress(cli: Cli, have: number, bytes: number): void {
  if (!cli.terminal.watched || cli.options().quiet) return
  const share = Math.floor((have / bytes) * 100)
  cli.terminal.say(`\r${share} % of ${bytes.toLocaleString('en-US')} bytes${have === bytes ? '\n' : ''}`)
}

async function sha256Of(path: string): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(path)) digest.update(chunk as Uint8Array)
  return digest.digest('hex')
}

async function refuseExisting(file: string, id: string): Promise<void> {
  const there = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unwritable(file, id, error)
  })
  if (there) throw fileExists(file, id)
}

/** It was asked for, and need not be asked for again. */
const elsewhere = (id: string): string => `sallyport export download ${id} --out <another file>`

const fileExists = (file: string, id: string): Failure =>
  new Failure(exit.failed, `There is a file ${file} already. Nothing was written over it.`, {
    code: 'file_exists',
    next: elsewhere(id),
  })

const unwritable = (file: string, id: string, { code, message }: NodeJS.ErrnoException): Failure =>
  new Failure(exit.failed, `The file ${file} could not be written (${code ?? message}).`, {
    code: 'file_unwritable',
    next: elsewhere(id),
  })

/** It failed, it is not made yet, or is no longer there. */
export function notMade(job: unknown): Failure {
  const id = textAt(job, 'id') ?? ''
  const failure = textAt(job, 'failure', 'detail')
  if (textAt(job, 'state') === 'expired')
    return new Failure(exit.failed, 'The file of the export is kept no longer.', {
      code: 'export_expired',
      next: `Ask for it again, with these times; it has the same records: sallyport export status ${id}`,
    })
  if (failure !== undefined)
    return new Failure(exit.failed, `The export failed. ${failure}`, {
      code: textAt(job, 'failure', 'code'),
      next: 'Mend what it names, and ask for a new one: sallyport export create',
    })
  return new Failure(exit.failed, 'The export is not made yet.', {
    code: 'export_not_ready',
    next: `sallyport export status ${id}`,
  })
}
