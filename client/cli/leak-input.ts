/** What was found, read for a trace: a file of whatever form, a bundle, or stdin; of more than one trace takes, a sample. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileNames } from '../../shared/bundle/files.ts'
import { unpack } from '../log/bundle-files.ts'
import { readZip } from '../log/bundle-zip.ts'
import { NotVerified } from '../log/fault.ts'
import { withBundleFile } from './bundle-file.ts'
import type { Cli } from './cli.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'

export interface HandedIn {
  readonly text: string
  /** Lines of it that are not handed in. */
  readonly leftOut: number
}

/** Bytes of UTF-8, and of the same as a text in JSON: what the gateway takes. */
const most = { bytes: 3_000_000, json: 4_100_000 } as const
/** Of what comes by stdin, which has no size before it ends. */
const mostInput = 256_000_000
/** A record that is written over many lines is read by its neighbours: so many stay together. */
const blockLines = 400

export async function readLeakInput(cli: Cli, path: string): Promise<HandedIn> {
  if (path === '-') {
    const bytes = await cli.readInput('leak')
    if (bytes.length > mostInput) throw tooLarge(`${mostInput.toLocaleString('en-US')} bytes`)
    return sample([bytes], bytes.length)
  }
  const { size, isZip } = await look(path)
  return isZip ? readBundle(path) : sample(createReadStream(path), size)
}

/** The signature of a file in a ZIP, lowest byte first. */
const zip = Buffer.from([0x50, 0x4b, 3, 4])

async function look(path: string): Promise<{ readonly size: number; readonly isZip: boolean }> {
  try {
    const handle = await open(path)
    try {
      const { size } = await handle.stat()
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(zip.length), 0, zip.length, 0)
      return { size, isZip: bytesRead === zip.length && buffer.equals(zip) }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw fileUnreadable(path, error as NodeJS.ErrnoException)
  }
}

/** Its records, and nothing of what it says of itself. A spreadsheet is a ZIP file too. */
const readBundle = (path: string): Promise<HandedIn> =>
  withBundleFile(path, async file => {
    const files = await readZip(file).catch((error: unknown) => {
      throw error instanceof NotVerified ? noExport(path) : error
    })
    const records = files.find(({ name }) => name === fileNames.records)
    if (records === undefined) throw noExport(path)
    return sample(unpack(file, records), records.bytes)
  })

const noExport = (path: string): Failure =>
  new Failure(exit.usage, `The ZIP file ${path} is no export as sallyport export download has written it.`, {
    code: 'file_malformed',
    next: 'Unpack it, save a spreadsheet as CSV and other documents as plain text, and hand those in.',
  })

/** Every so many lines one, so that it is as even over the time of the leak as can be; the titles of a table always. */
export async function sample(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  size: number,
): Promise<HandedIn> {
  const stride = size <= most.bytes ? 1 : Math.ceil(size / (most.bytes * 0.9))
  const taken: string[] = []
  let [leftOut, n, block] = [0, 0, 1]
  let room: Record<keyof typeof most, number> = { ...most }
  const take = (line: string): boolean => {
    const left = {
      bytes: room.bytes - Buffer.byteLength(line) - 1,
      json: room.json - Buffer.byteLength(JSON.stringify(line)),
    }
    if (left.bytes < 0 || left.json < 0) return false
    room = left
    taken.push(line)
    return true
  }
  for await (const line of linesOf(bytes)) {
    if (line.includes('\0')) throw notText('leak')
    if (n === 0 && /^\s*(?:\[\s*\{?|\{)\s*$/.test(line)) block = blockLines
    const isChosen = n === 0 || Math.floor(n / block) % stride === 0
    if (!isChosen || !take(line)) leftOut += 1
    n += 1
  }
  if (taken.length === 0 && n > 0) throw tooLarge('3,000,000 bytes in one line')
  if (!taken.some(line => line.trim() !== ''))
    throw new Failure(exit.usage, 'There is nothing in it.', {
      code: 'leak_empty',
      next: 'Name the file that was found, or pipe it in: sallyport watermark trace --help',
    })
  return { text: taken.join('\n'), leftOut }
}

/** UTF-8, or UTF-16 where a mark says so; what is neither is read as far as it goes. */
async function* linesOf(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<string, void> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let rest = ''
  for await (const part of bytes) {
    decoder ??= new TextDecoder(encodingOf(part))
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > most.json) throw tooLarge(`${most.json.toLocaleString('en-US')} characters in one line`)
    yield* lines
  }
  rest += decoder?.decode() ?? ''
  if (rest !== '') yield rest
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

/** Of a picture no text is recognised here, and its bytes are nobody's business at the gateway. */
export const notText = (what: 'leak' | 'text'): Failure =>
  new Failure(exit.usage, 'That is no text: a picture, perhaps, or a program’s own format.', {
    code: `${what}_unreadable`,
    next: `Have the text of a picture recognised, save a document as plain text, and hand that in.${what === 'leak' ? ' The ZIP file of an export is named, not piped in.' : ''}`,
  })

const tooLarge = (what: string): Failure =>
  new Failure(exit.usage, `It has more than ${what}.`, {
    code: 'leak_too_large',
    next: 'Save it as a file with a record a line, or hand in a part of it.',
  })
