/** The files of a bundle, read from its ZIP as they are needed: as bytes, as a text, or line by line with what they hash to. */
import { Inflate } from 'fflate'
import type { ReadAt, ZipEntry } from './bundle-zip.ts'
import { notVerified } from './fault.ts'

/** SHA-256 of what comes bit by bit: Node has one, and a browser none. */
export interface Sha256Stream {
  update(bytes: Uint8Array): void
  /** Hexadecimal. */
  digest(): Promise<string>
}

export interface DigestedFile {
  /** Of what was read, once all was. */
  readonly sha256: string
}

/** Bytes of the archive that are read at once; inflated, a chunk is at most a thousand times as large. */
const chunk = 64 * 1_024

/** The bytes of a file. Throws a `NotVerified` where they are not those that its header tells of. */
export async function* unpack(file: ReadAt, entry: ZipEntry): AsyncGenerator<Uint8Array, void> {
  const { name, method, from, to, bytes } = entry
  const broken = (why: string) => notVerified('contradicted', `${name} ${why}`, 'the ZIP')
  const ready: Uint8Array[] = []
  const inflate = new Inflate(part => ready.push(part))
  let [length, crc] = [0, 0]
  for (let at = from; at < to || at === from; at += chunk) {
    const packed = await file.read(at, Math.min(at + chunk, to))
    if (method === 'stored') ready.push(packed)
    else
      try {
        inflate.push(packed, at + chunk >= to)
      } catch {
        throw broken('cannot be inflated')
      }
    for (const part of ready.splice(0)) {
      length += part.length
      if (length > bytes) throw broken('is longer than its header says')
      crc = crcOf(part, crc)
      if (part.length > 0) yield part
    }
  }
  if (length !== bytes) throw broken('is shorter than its header says')
  if (crc !== entry.crc) throw broken('is not what its checksum says')
}

/** UTF-8 and nothing else. A byte order mark stays: it is no part of any of these texts. */
export async function readText(
  parts: AsyncIterable<Uint8Array>,
  { name, most, sha256 }: { readonly name: string; readonly most: number; readonly sha256: Sha256Stream },
): Promise<{ readonly text: string; readonly sha256: string }> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let text = ''
  let length = 0
  for await (const part of parts) {
    length += part.length
    if (length > most) throw notVerified('contradicted', `it has more than ${most} bytes`, name)
    sha256.update(part)
    text += utf8(name, () => decoder.decode(part, { stream: true }))
  }
  text += utf8(name, () => decoder.decode())
  return { text, sha256: await sha256.digest() }
}

export interface Lines {
  /** The next one, without its newline; `undefined` after the last. Throws a `NotVerified`. */
  next(): Promise<string | undefined>
  /** Of the whole file, once the last line was read. */
  digest(): Promise<string>
}

/** Each line ends with a newline, the last one too. */
export function readLines(
  parts: AsyncIterable<Uint8Array>,
  { name, most, sha256 }: { readonly name: string; readonly most: number; readonly sha256: Sha256Stream },
): Lines {
  const lines = linesOf(parts, name, most, sha256)
  return {
    async next() {
      const { done, value } = await lines.next()
      return done ? undefined : value
    },
    digest: () => sha256.digest(),
  }
}

async function* linesOf(
  parts: AsyncIterable<Uint8Array>,
  name: string,
  most: number,
  sha256: Sha256Stream,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let kept: Uint8Array[] = []
  let length = 0
  for await (const part of parts) {
    sha256.update(part)
    let from = 0
    for (let end = part.indexOf(10); end >= 0; end = part.indexOf(10, from)) {
      kept.push(part.subarray(from, end))
      yield utf8(name, () => decoder.decode(joined(kept)))
      kept = []
      length = 0
      from = end + 1
    }
    // What is kept must not change with what is read next.
    kept.push(part.slice(from))
    length += part.length - from
    if (length > most) throw notVerified('contradicted', `a line has more than ${most} bytes`, name)
  }
  if (length > 0) throw notVerified('contradicted', 'its last line has no end: it is not whole', name)
}

function utf8(name: string, decode: () => string): string {
  try {
    return decode()
  } catch {
    throw notVerified('contradicted', 'it is no text of UTF-8', name)
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only) return only
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** CRC-32 of ISO 3309, as ZIP has it. */
const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1
  return value
})

function crcOf(bytes: Uint8Array, before: number): number {
  let crc = ~before
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number)
  return ~crc >>> 0
}

/** Bytes that are kept until all have come, where nobody brings another way. */
const mostKept = 256_000_000

/** By WebCrypto, which takes a text as a whole: for bundles of a size that a browser can hold. */
export function webSha256Stream(): Sha256Stream {
  const parts: Uint8Array[] = []
  let length = 0
  return {
    update(bytes) {
      length += bytes.length
      if (length > mostKept)
        throw notVerified('unproved', `a file has more than ${mostKept} bytes, which are not hashed here`)
      parts.push(bytes.slice())
    },
    async digest() {
      const hash = await crypto.subtle.digest('SHA-256', joined(parts) as Uint8Array<ArrayBuffer>)
      return Array.from(new Uint8Array(hash), byte => byte.toString(16).padStart(2, '0')).join('')
    },
  }
}
