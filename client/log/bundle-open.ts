/** What a bundle consists of, before any of its records is looked at: the files that its manifest names, each once. */
import { type Custody, parseCustody } from '../../shared/bundle/custody.ts'
import { type BundleFileName, fileNames, knownFiles, requiredFiles } from '../../shared/bundle/files.ts'
import { type BundleKeys, parseKeys } from '../../shared/bundle/keys-file.ts'
import { type Manifest, parseManifest } from '../../shared/bundle/manifest.ts'
import { readText, type Sha256Stream, unpack } from './bundle-files.ts'
import { type ReadAt, readZip, type ZipEntry } from './bundle-zip.ts'
import { NotVerified, notVerified } from './fault.ts'
import { parseJson } from './json-text.ts'

export interface OpenedBundle {
  readonly manifest: Manifest
  readonly checkpoint: string
  readonly keys: BundleKeys
  /** The text of the entry that granted it. */
  readonly granted?: string
  readonly custody?: Custody
  /** Texts for people. */
  readonly verify: string
  readonly certification: string
  /** The bytes of a file that is read by and by; those of none where the bundle has it not. */
  stream(name: BundleFileName): AsyncIterable<Uint8Array>
}

export interface Reading {
  readonly file: ReadAt
  readonly sha256: () => Sha256Stream
}

/** Bytes: a note of 256 kB; a manifest, a chain of custody with a name a download; texts of a page. */
const most = { manifest: 1_000_000, checkpoint: 512_000, custody: 8_000_000, text: 1_000_000 } as const

/** Throws a `NotVerified` where its files are not those of its manifest. */
export async function openBundle({ file, sha256 }: Reading): Promise<OpenedBundle> {
  const entries = await readZip(file)
  const at = (name: string): ZipEntry => {
    const found = entries.find(one => one.name === name)
    if (found === undefined) throw notVerified('contradicted', 'it is not there', name)
    return found
  }
  const read = (name: BundleFileName, bytes: number) =>
    readText(unpack(file, at(name)), { name, most: bytes, sha256: sha256() })

  const manifest = readManifest((await read(fileNames.manifest, most.manifest)).text)
  compareNames(manifest, entries)

  const listed = async (name: BundleFileName, bytes: number = most.text): Promise<string> => {
    const { text, sha256 } = await read(name, bytes)
    refuseDigest(manifest, name, sha256)
    return text
  }
  const there = (name: BundleFileName): boolean => entries.some(one => one.name === name)
  const custody = there(fileNames.custody)
    ? readCustody(await listed(fileNames.custody, most.custody), manifest)
    : undefined
  return {
    manifest,
    checkpoint: await listed(fileNames.checkpoint, most.checkpoint),
    keys: readKeys(await listed(fileNames.keys)),
    verify: await listed(fileNames.verify),
    certification: await listed(fileNames.certification),
    ...(there(fileNames.granted) && { granted: await listed(fileNames.granted) }),
    ...(custody && { custody }),
    stream: name => unpack(file, at(name)),
  }
}

function readManifest(text: string): Manifest {
  const read = parseManifest(jsonOf(text, fileNames.manifest))
  if (!('field' in read)) return read
  throw notVerified('contradicted', `it is no manifest: ${read.field || 'no object'}`, fileNames.manifest)
}

/** Neither is there a file that the manifest does not have, nor one missing, nor are they in another order. */
function compareNames({ kind, files }: Manifest, entries: readonly ZipEntry[]): void {
  const names = [...files.map(({ name }) => name), fileNames.manifest]
  const wrong = (message: string) => notVerified('contradicted', message, fileNames.manifest)
  const order = knownFiles(kind)
  const foreign = names.find(name => !order.includes(name))
  if (foreign !== undefined) throw wrong(`no bundle of the kind ${kind} has ${foreign}`)
  if (names.some((name, i) => i > 0 && order.indexOf(name) <= order.indexOf(names[i - 1] ?? name)))
    throw wrong('its files are not in their order, or one is named twice')
  const missing = requiredFiles(kind).find(name => !names.includes(name))
  if (missing !== undefined) throw wrong(`it does not name ${missing}`)
  const unlisted = entries.find(({ name }) => !names.some(one => one === name))
  if (unlisted) throw wrong(`${unlisted.name} is in the ZIP, and it does not name that`)
  const absent = names.find(name => !entries.some(one => one.name === name))
  if (absent !== undefined) throw wrong(`it names ${absent}, which is not in the ZIP`)
  if (entries.some(({ name }, i) => name !== names[i]))
    throw wrong('the files of the ZIP are in another order')
  for (const { name, bytes } of files)
    if (entries.find(one => one.name === name)?.bytes !== bytes)
      throw wrong(`${name} is not of ${bytes} bytes, as it says`)
}

/** Throws a `NotVerified` where a file is another than the one that the manifest names. */
export function refuseDigest({ files }: Manifest, name: BundleFileName, sha256: string): void {
  if (files.find(one => one.name === name)?.sha256 !== sha256)
    throw notVerified('contradicted', `its SHA-256 is ${sha256}, which is not that of the manifest`, name)
}

function readKeys(text: string): BundleKeys {
  const keys = parseKeys(jsonOf(text, fileNames.keys))
  if (keys === undefined) throw notVerified('contradicted', 'it holds no keys', fileNames.keys)
  return keys
}

function readCustody(text: string, { export: id, files }: Manifest): Custody {
  const custody = parseCustody(jsonOf(text, fileNames.custody))
  const wrong = (message: string) => notVerified('contradicted', message, fileNames.custody)
  if ('field' in custody) throw wrong(`it is no chain of custody: ${custody.field || 'no object'}`)
  if (custody.export !== id) throw wrong(`it is that of ${custody.export}`)
  const other = custody.files.find(
    one => !files.some(({ name, sha256 }) => name === one.name && sha256 === one.sha256),
  )
  if (other) throw wrong(`its digest of ${other.name} is not that of the manifest`)
  return custody
}

function jsonOf(text: string, name: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    throw error instanceof NotVerified ? notVerified('contradicted', error.message, name) : error
  }
}
