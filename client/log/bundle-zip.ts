/**
 * The ZIP of a bundle, as it comes from somebody who may mean harm: read by its directory and by its headers, which must say
 * the same, with no byte between files that no file has. Two programs must not find two things in one of them. Only what
 * exporters write is read: no comments, no encryption, no further fields, nothing beyond 4 GB (APPNOTE.TXT 4.3).
 */
import { knownFiles } from '../../shared/bundle/files.ts'
import { notVerified } from './fault.ts'

/** A file, or whatever else has bytes at places: the part of a `Blob`. */
export interface ReadAt {
  readonly size: number
  /** The bytes from `from` (inclusive) to `to` (exclusive), all of them. */
  read(from: number, to: number): Promise<Uint8Array>
}

export interface ZipEntry {
  readonly name: string
  readonly method: 'stored' | 'deflated'
  /** Of its bytes as they stand in the archive. */
  readonly from: number
  readonly to: number
  /** Of the file itself. */
  readonly bytes: number
  readonly crc: number
}

const signature = {
  local: 0x0403_4b50,
  descriptor: 0x0807_4b50,
  directory: 0x0201_4b50,
  end: 0x0605_4b50,
} as const
const fixed = { local: 30, descriptor: 16, directory: 46, end: 22 } as const
/** Bits of the flags: how well it was deflated, that a descriptor follows, that the name is UTF-8. */
const flags = { level: 0x6, descriptor: 0x8, utf8: 0x800 } as const

/** How much larger than its bytes in the archive a file may be; records, with their salts, come nowhere near. */
const maxRatio = 100
/** Whatever that ratio: short texts are repeated. */
const freely = 1_000_000

const names: readonly string[] = knownFiles('evidence')

/** In the order in which they stand. Throws a `NotVerified`. */
export async function readZip(file: ReadAt): Promise<readonly ZipEntry[]> {
  const { entries: count, from, to } = await readEnd(file)
  const directory = await file.read(from, to)
  const entries: ZipEntry[] = []
  let [at, next] = [0, 0]
  for (let n = 0; n < count; n++) {
    const listed = readListed(directory, at)
    at += fixed.directory + listed.name.length
    if (entries.some(({ name }) => name === listed.name)) throw wrong(`${listed.name} is in it twice`)
    if (listed.offset !== next) throw wrong(`before ${listed.name} there are bytes of no file, or of two`)
    const entry = await readLocal(file, listed, from)
    next = entry.next
    entries.push(entry.entry)
  }
  if (at !== directory.length) throw wrong('its directory is longer than its files')
  if (next !== from) throw wrong('after its files there are bytes of none')
  return entries
}

interface Listed {
  readonly name: string
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly bytes: number
  /** Time and date, as they stand there. */
  readonly stamp: number
  readonly offset: number
}

/** The last record of the file: where the directory is. */
async function readEnd(file: ReadAt): Promise<{ entries: number; from: number; to: number }> {
  const head = file.size >= 4 ? viewOf(await file.read(0, 4)).getUint32(0, true) : 0
  if (head !== signature.local) throw notVerified('malformed', 'it is no ZIP file')
  if (file.size < fixed.end) throw wrong('it ends before its directory: it is not whole')
  const to = file.size - fixed.end
  const end = viewOf(await file.read(to, file.size))
  if (end.getUint32(0, true) !== signature.end)
    throw wrong('it does not end with its directory: it is not whole, or something was appended')
  const [disk, from, here, entries] = [4, 6, 8, 10].map(at => end.getUint16(at, true)) as [
    number,
    number,
    number,
    number,
  ]
  const [length, offset] = [end.getUint32(12, true), end.getUint32(16, true)]
  if (disk !== 0 || from !== 0 || here !== entries || end.getUint16(20, true) !== 0)
    throw wrong('it is one of several parts, or has a comment')
  if (offset + length !== to) throw wrong('its directory is not where it should be')
  if (entries > names.length) throw wrong(`it has ${entries} files, and a bundle at most ${names.length}`)
  if (length > entries * (fixed.directory + 64)) throw wrong('its directory is longer than its files')
  return { entries, from: offset, to }
}

function readListed(directory: Uint8Array, at: number): Listed {
  if (at + fixed.directory > directory.length) throw wrong('its directory ends too early')
  const view = viewOf(directory.subarray(at, at + fixed.directory))
  if (view.getUint32(0, true) !== signature.directory) throw wrong('its directory is none')
  const name = nameIn(directory, at + fixed.directory, view.getUint16(28, true))
  const [extra, comment, disk] = [30, 32, 34].map(at => view.getUint16(at, true))
  if (extra !== 0 || comment !== 0 || disk !== 0) throw wrong(`${name} has fields that no bundle has`)
  // What an archiver of Unix has there: a link would lead elsewhere when somebody unpacks it.
  const kind = (view.getUint32(38, true) >>> 28) & 0xf
  if (kind !== 0 && kind !== 8) throw wrong(`${name} is no plain file`)
  return {
    name,
    flags: view.getUint16(8, true),
    method: view.getUint16(10, true),
    stamp: view.getUint32(12, true),
    crc: view.getUint32(16, true),
    packed: view.getUint32(20, true),
    bytes: view.getUint32(24, true),
    offset: view.getUint32(42, true),
  }
}

/** A name is one of those that bundles have: none leads out of a folder, or is another in another alphabet. */
function nameIn(bytes: Uint8Array, at: number, length: number): string {
  const name = String.fromCharCode(...bytes.subarray(at, at + Math.min(length, 64)))
  if (name.length === length && names.includes(name)) return name
  throw wrong(`it has a file that no bundle has: ${JSON.stringify(name)}`)
}

/** Its own header and what follows its bytes: both say what the directory says. */
async function readLocal(
  file: ReadAt,
  listed: Listed,
  end: number,
): Promise<{ readonly entry: ZipEntry; readonly next: number }> {
  const { name, method, offset, packed, bytes, crc } = listed
  const differs = wrong(`the directory says something else of ${name} than stands there`)
  if (offset + fixed.local + name.length > end) throw differs
  const head = await file.read(offset, offset + fixed.local + name.length)
  const view = viewOf(head)
  const described = (listed.flags & flags.descriptor) !== 0
  if (
    view.getUint32(0, true) !== signature.local ||
    view.getUint16(6, true) !== listed.flags ||
    view.getUint16(8, true) !== method ||
    view.getUint32(10, true) !== listed.stamp ||
    view.getUint16(26, true) !== name.length ||
    view.getUint16(28, true) !== 0 ||
    nameIn(head, fixed.local, name.length) !== name
  )
    throw differs
  // Where a descriptor follows, the header was written before anybody knew.
  const known = [crc, packed, bytes]
  const told = [14, 18, 22].map(at => view.getUint32(at, true))
  if (!told.every((value, i) => value === (described ? 0 : known[i]))) throw differs
  if ((listed.flags & ~(flags.level | flags.descriptor | flags.utf8)) !== 0 || (method !== 0 && method !== 8))
    throw wrong(`${name} is packed in a way that no bundle is`)
  if (method === 0 && packed !== bytes) throw differs
  if (bytes > freely && bytes > packed * maxRatio)
    throw wrong(`${name} is said to be ${maxRatio} times what is there`)

  const from = offset + head.length
  const to = from + packed
  const next = described ? to + fixed.descriptor : to
  if (next > end) throw wrong(`${name} ends beyond the archive`)
  if (described) {
    const after = viewOf(await file.read(to, next))
    const values = [4, 8, 12].map(at => after.getUint32(at, true))
    if (after.getUint32(0, true) !== signature.descriptor || !values.every((value, i) => value === known[i]))
      throw differs
  }
  return { entry: { name, method: method === 8 ? 'deflated' : 'stored', from, to, bytes, crc }, next }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const wrong = (message: string) => notVerified('contradicted', message, 'the ZIP')
