/** What `sallyport verify` is given: files that somebody else has written, and the keys that its user trusts. */
import { createReadStream } from 'node:fs'
import type { Cli } from './cli.ts'
import { exit, Failure, fileUnreadable } from './failure.ts'

/** Characters; a key is one line of text. */
const maxKey = 1_000
/** Bytes of one record: an item of the log has 400 kB, and JSON may write a byte of it as six. */
const maxRecord = 4_000_000
/** Of a note, twice over. */
const maxNote = 512_000
/** Of a list that is one text of JSON. */
const maxList = 64_000_000

const keyMissing = {
  code: 'key_missing',
  next: 'A log serves it at https://<gateway>/log/vkey. Trust it as far as you trust whoever gave it to you: --key <vkey, or its file>',
}

/** The verifier key, or a file that holds one. Throws a `Failure` of usage where there is none. */
export async function readVerifierKey(cli: Cli, given: string | undefined): Promise<string> {
  if (given === undefined)
    throw new Failure(exit.usage, 'The key of the log is missing, by which its word is known.', keyMissing)
  if (/^[^+]+\+[0-9a-f]{8}\+/.test(given)) return given
  const text = (await readWhole(cli, given, maxKey, 'key')).trim()
  if (/^[^+\n]+\+[^\n]+$/.test(text)) return text
  throw new Failure(exit.usage, `The file ${given} holds no verifier key.`, {
    code: 'file_malformed',
    next: 'A verifier key is one line: <name>+<8 hexadecimal digits>+<base64>, as /log/vkey of the gateway answers.',
  })
}

export const readNote = (cli: Cli, path: string): Promise<string> =>
  readWhole(cli, path, maxNote, 'checkpoint')

/** The text of one record: the file as a whole, or its first line where each line is one. */
export async function readOneRecord(
  cli: Cli,
  path: string,
): Promise<{ readonly text: string; readonly further: boolean }> {
  const lines: string[] = []
  let length = 0
  for await (const line of readLines(cli, path)) {
    if (lines.length === 0 && line.trim() === '') continue
    lines.push(line)
    // With its end: a line without anything in it takes room, too.
    length += line.length + 1
    const [first = ''] = lines
    // Of one text of JSON over several lines, none is JSON by itself. It is looked at once, however many follow.
    if (lines.length === 2 && isJson(first)) return { text: first, further: line.trim() !== '' }
    if (length > maxRecord) throw tooLarge(path, maxRecord)
  }
  return { text: lines.join('\n'), further: false }
}

/** The lines of a file of many records, or the text of the one list that it is. */
export async function readManyRecords(cli: Cli, path: string): Promise<AsyncIterable<string> | string> {
  const lines = readLines(cli, path)[Symbol.asyncIterator]()
  const first = await lines.next()
  if (first.done || !first.value.trimStart().startsWith('[')) return resumed(first, lines)
  const parts: string[] = [first.value]
  let length = 0
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    parts.push(next.value)
    length += next.value.length + 1
    if (length > maxList) throw tooLarge(path, maxList)
  }
  return parts.join('\n')
}

async function* resumed(
  first: IteratorResult<string>,
  rest: AsyncIterator<string>,
): AsyncGenerator<string, void> {
  for (let next = first; !next.done; next = await rest.next()) yield next.value
}

/** UTF-8 and nothing else: a byte that is replaced would change what is proved. Ends of lines are `\n`. */
async function* readLines(cli: Cli, path: string): AsyncGenerator<string, void> {
  let kept: Uint8Array[] = []
  let length = 0
  const take = (): string => {
    const line = textOf(Buffer.concat(kept), path)
    kept = []
    length = 0
    return line
  }
  for await (const chunk of open(cli, path, 'records')) {
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      kept.push(chunk.subarray(from, end))
      yield take()
      from = end + 1
    }
    kept.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > maxRecord) throw tooLarge(path, maxRecord)
  }
  if (length > 0) yield take()
}

async function readWhole(cli: Cli, path: string, most: number, what: string): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of open(cli, path, what)) {
    chunks.push(chunk)
    length += chunk.length
    if (length > most) throw tooLarge(path, most)
  }
  return textOf(Buffer.concat(chunks), path)
}

/** `-` is stdin; `what` it should hold, for whoever sits before it. */
async function* open(cli: Cli, path: string, what: string): AsyncGenerator<Uint8Array, void> {
  if (path === '-') {
    if (cli.terminal.interactive && !cli.options().input) await cli.readInput(what)
    yield* cli.terminal.stdin
    return
  }
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array
  } catch (error) {
    throw isOfTheSystem(error) ? fileUnreadable(path, error) : error
  }
}

const isOfTheSystem = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error

const nameOf = (path: string): string => (path === '-' ? 'What came by stdin' : `The file ${path}`)

/** A byte order mark stays: it is no part of any of these texts. */
function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Failure(exit.usage, `${nameOf(path)} is no text of UTF-8.`, {
      code: 'file_malformed',
      next: 'Is it the file that you mean?',
    })
  }
}

const tooLarge = (path: string, most: number): Failure =>
  new Failure(
    exit.usage,
    `${nameOf(path)} has more than ${most.toLocaleString('en-US')} bytes where one was read.`,
    { code: 'file_malformed', next: 'Is it the file that you mean?' },
  )

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
