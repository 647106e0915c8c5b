/** Bundles of a signed log, made as the exporter makes them: their files, and the ZIP of them. */
import { hash } from 'node:crypto'
import { Zip, ZipDeflate } from 'fflate'
import type { ReadAt } from '../../../client/log/bundle-zip.ts'
import { certificationText } from '../../../shared/bundle/certification.ts'
import { csvHeader, csvLine } from '../../../shared/bundle/csv.ts'
import { type Custody, formatCustody } from '../../../shared/bundle/custody.ts'
import { exactLine } from '../../../shared/bundle/exact.ts'
import { type BundleKind, fileNames } from '../../../shared/bundle/files.ts'
import { formatGranted } from '../../../shared/bundle/granted.ts'
import { formatKeys } from '../../../shared/bundle/keys-file.ts'
import { bundleFormat, formatManifest, type Manifest, monthOf } from '../../../shared/bundle/manifest.ts'
import { proofsBetween, proofsEnd, proofsHead, proofsLine } from '../../../shared/bundle/proofs.ts'
import { recordLine } from '../../../shared/bundle/records.ts'
import { verifyText } from '../../../shared/bundle/verify-text.ts'
import type { Entry } from '../../../shared/entries/entry.ts'
import { exportGrantedEntry } from '../../../shared/entries/export.ts'
import type { NamedEntry } from '../../../shared/entries/put.ts'
import { sentenceOf } from '../../../shared/search/sentence.ts'
import { parseCheckpoint } from '../../../shared/tlog/checkpoint.ts'
import { parseNote } from '../../../shared/tlog/note.ts'
import { formatProofFile, parseProofFile } from '../../../shared/tlog/proof-file.ts'
import { entryStream } from '../../../shared/watermark/stream.ts'
import { origin, plainSlot, type Shown, type SignedLog, start } from './verify-world.ts'

export const epochKey = new Uint8Array(32).fill(9)
export const exportId = 'export_1'
const from = start
const to = start + 3_600_000

/** What was asked for: the entry that grants it. `size`: leaves of the tree at that time. */
export const grantOf = (size: number, kind: BundleKind = 'bundle'): NamedEntry =>
  exportGrantedEntry(
    {
      id: exportId,
      kind,
      organisation: 'cedar',
      person: { id: 'person_1', name: 'Ada' },
      q: 'partner:cedar',
      from,
      to,
      size,
      purpose: 'Yearly review',
    },
    { now: start + 500_000, random: new Uint8Array(16).fill(77), request: 'request_x' },
  )

export interface BundleOptions {
  readonly kind?: BundleKind
  readonly slot?: number
  readonly withheld?: readonly string[]
  /** Place of the entry that granted it. */
  readonly granted?: number
  /** The checkpoint, with cosignatures. */
  readonly checkpoint?: string
  readonly witnesses?: readonly string[]
  /** The exact times of a place, for evidence. */
  readonly exact?: (n: number) => Entry['exact']
}

/** Files by their names, in their order, without the manifest. */
export type Files = Map<string, string>

export interface MadeBundle {
  readonly manifest: Manifest
  readonly files: Files
  readonly records: readonly Shown[]
}

export async function makeBundle(
  log: SignedLog,
  places: readonly number[],
  options: BundleOptions = {},
): Promise<MadeBundle> {
  const {
    kind = 'bundle',
    slot = kind === 'evidence' ? plainSlot : 0,
    withheld = [],
    granted,
    checkpoint = log.checkpoint,
  } = options
  const shown: Shown[] = []
  for (const n of places) {
    const one = await log.shown(n, { slot, withheld: await thereOf(log, n, withheld) })
    shown.push({ ...one, sentence: sentenceOf(one.body) })
  }
  const { size, root } = parseCheckpoint(parseNote(log.checkpoint).text)
  const proofs = shown.map(({ proof = '' }) => parseProofFile(proof))
  const files: Files = new Map([
    [fileNames.records, shown.map(recordLine).join('')],
    [fileNames.csv, csvHeader + shown.map(csvLine).join('')],
    [
      fileNames.proofs,
      proofsHead({ size, root: Buffer.from(root).toString('base64') }) +
        proofs.map(({ index, proof }) => proofsLine({ index, hashes: proof })).join(proofsBetween) +
        proofsEnd(proofs.length > 0),
    ],
    [fileNames.checkpoint, checkpoint],
    [fileNames.keys, formatKeys({ log: log.vkey, witnesses: options.witnesses ?? [] })],
  ])
  if (granted !== undefined) {
    const one = await log.shown(granted, { slot })
    const proof = formatProofFile({ ...parseProofFile(one.proof ?? ''), checkpoint })
    files.set(fileNames.granted, formatGranted({ ...one, proof, sentence: 'Granted.' }))
  }
  const manifest: Manifest = {
    format: bundleFormat,
    log: origin,
    export: exportId,
    kind,
    query: 'partner:cedar',
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    size: granted ?? log.size,
    readers: readersOf(shown),
    by: { person: 'person_1', name: 'Ada', organisation: 'cedar' },
    purpose: 'Yearly review',
    asked_at: new Date(start + 504_321).toISOString(),
    entry: granted === undefined ? 'entry_x' : log.eid(granted),
    records: shown.length,
    files: [],
  }
  if (kind === 'evidence') {
    files.set(fileNames.exact, shown.map((one, i) => exactOf(one, places[i] ?? 0, options)).join(''))
    files.set(fileNames.custody, formatCustody(custodyOf(listed(files))))
  }
  files.set(fileNames.verify, verifyText(manifest))
  const before = [...listed(files)].slice(0, -1)
  files.set(
    fileNames.certification,
    certificationText({
      ...manifest,
      files: before,
      checkpoint: { size, root: Buffer.from(root).toString('base64') },
    }),
  )
  return { manifest, files, records: shown }
}

async function thereOf(log: SignedLog, n: number, withheld: readonly string[]): Promise<readonly string[]> {
  const { body } = await log.shown(n, { at: null })
  const unmapped = body.unmapped as Record<string, unknown>
  return withheld.filter(path =>
    path.startsWith('unmapped.') ? path.slice('unmapped.'.length) in unmapped : path in body,
  )
}

const readersOf = (shown: readonly Shown[]): Manifest['readers'] =>
  [...new Map(shown.map(({ view }) => [monthOf(view.epoch), readerOf(view.carrier)]))].map(
    ([month, reader]) => ({ month, reader }),
  )

const readerOf = (carrier: string): string => Buffer.from(carrier, 'base64url').subarray(0, 8).toString('hex')

function exactOf({ eid }: Shown, n: number, { exact }: BundleOptions): string {
  const stream = entryStream(epochKey, eid)
  stream.bytes(32)
  const salt = Buffer.from(stream.bytes(32)).toString('base64url')
  return exactLine({ eid, exact: exact?.(n) ?? { time: '0' }, seal_salt: salt })
}

const custodyOf = (files: Manifest['files']): Custody => ({
  format: 'sallyport-custody/1',
  export: exportId,
  statutes: ['18 U.S.C. 1030'],
  officer: 'Agent Lin',
  agency: 'Bureau',
  selection: { client: 'client_1' },
  asked: {
    person: 'person_1',
    name: 'Ada',
    organisation: 'cedar',
    at: '2026-11-27T09:00:00.000Z',
    entry: 'entry_a',
  },
  approved: [],
  files: files.map(({ name, sha256 }) => ({ name, sha256 })),
  downloads: [],
})

export const listed = (files: Files): Manifest['files'] =>
  [...files].map(([name, text]) => ({
    name: name as Manifest['files'][number]['name'],
    bytes: Buffer.byteLength(text),
    sha256: hash('sha256', text),
  }))

/** As whoever changes a file writes it anew: every digest fits. */
export const sealed = ({ manifest, files }: Pick<MadeBundle, 'manifest' | 'files'>): Files =>
  new Map([...files, [fileNames.manifest, formatManifest({ ...manifest, files: listed(files) })]])

/** As a stream writes it: sizes follow the bytes of a file. */
export function zipOf(files: Iterable<readonly [string, string]>): Uint8Array {
  const parts: Uint8Array[] = []
  const zip = new Zip((error, part) => {
    if (error) throw error
    parts.push(part)
  })
  for (const [name, text] of files) {
    const file = new ZipDeflate(name, { level: 6 })
    file.mtime = '2026-11-27T12:00:00'
    zip.add(file)
    file.push(Buffer.from(text), true)
  }
  zip.end()
  return Buffer.concat(parts)
}

export const bundleZip = (bundle: Pick<MadeBundle, 'manifest' | 'files'>): Uint8Array => zipOf(sealed(bundle))

export const readAt = (bytes: Uint8Array): ReadAt => ({
  size: bytes.length,
  read: async (from, to) => bytes.slice(from, to),
})
