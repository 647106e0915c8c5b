/** The files of an export, in their order, made of its parts: each is read as it is packed, and none is held whole. */
import { certificationText } from '../../shared/bundle/certification.ts'
import { csvHeader, csvLine } from '../../shared/bundle/csv.ts'
import { type Custody, type CustodyStep, custodyFormat, formatCustody } from '../../shared/bundle/custody.ts'
import { fileNames } from '../../shared/bundle/files.ts'
import { formatKeys } from '../../shared/bundle/keys-file.ts'
import { type BundleFile, bundleFormat, formatManifest, type Manifest } from '../../shared/bundle/manifest.ts'
import { proofsBetween, proofsEnd, proofsHead, proofsLine } from '../../shared/bundle/proofs.ts'
import type { BundleRecord } from '../../shared/bundle/records.ts'
import { verifyText } from '../../shared/bundle/verify-text.ts'
import {
  type EvidenceExport,
  type EvidenceStep,
  type ExportJob,
  type Proving,
  partKey,
} from '../../shared/domain/exports.ts'
import { time } from '../../shared/domain/time.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import { parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { parseNote } from '../../shared/tlog/note.ts'
import { linesOf, type Part, parsePart } from './part.ts'
import { createProver } from './prove.ts'
import type { ChunkedZip } from './zip.ts'

export interface Packing {
  readonly objects: Objects
  readonly log: string
  readonly job: ExportJob
  readonly proving: Proving
  /** The text of `granted.json`. */
  readonly granted?: string
}

/** Puts every file into the archive. */
export async function packFiles(packing: Packing, zip: ChunkedZip): Promise<void> {
  const { job, proving, granted } = packing
  const files: BundleFile[] = []
  const add = async (
    name: BundleFile['name'],
    content: AsyncIterable<Uint8Array> | string,
  ): Promise<void> => {
    const packed = await zip.add(name, typeof content === 'string' ? [Buffer.from(content)] : content)
    files.push({ name, ...packed })
  }
  const checkpoint = parseCheckpoint(parseNote(proving.checkpoint).text)
  const root = Buffer.from(checkpoint.root).toString('base64')
  const tree = { size: checkpoint.size, root }
  const facts = factsOf(packing)
  await add(fileNames.records, recordsOf(packing))
  await add(fileNames.csv, csvOf(packing))
  await add(fileNames.proofs, proofsOf(packing, tree))
  await add(fileNames.checkpoint, proving.checkpoint)
  await add(fileNames.keys, formatKeys(proving.keys))
  if (granted !== undefined) await add(fileNames.granted, granted)
  if (job.evidence) {
    await add(fileNames.exact, exactOf(packing))
    await add(fileNames.custody, formatCustody(custodyOf(facts, job.evidence, files)))
  }
  // The digests of what is evidence; the other texts only tell of it.
  const certified = [...files]
  await add(fileNames.verify, verifyText(facts))
  await add(fileNames.certification, certificationText({ ...facts, files: certified, checkpoint: tree }))
  await zip.add(fileNames.manifest, [Buffer.from(formatManifest({ ...facts, files }))])
}

/** It is of when it was asked for, so that it is the same whenever it is made. */
const factsOf = ({ log, job }: Packing): Omit<Manifest, 'files'> => ({
  format: bundleFormat,
  log,
  export: job.id,
  kind: job.kind,
  query: job.q,
  ...(job.by && { decided_by: job.by }),
  from: time(job.from),
  to: time(job.to),
  size: job.size,
  readers: job.readers,
  by: { person: job.person.id, name: job.person.name, organisation: job.organisation },
  purpose: job.purpose,
  asked_at: time(job.requestedAt),
  entry: job.entry,
  records: job.rows,
})

async function* partsOf({ objects, job }: Packing): AsyncGenerator<Part> {
  for (let n = 0; n < job.parts; n++) {
    const key = partKey(job.id, n)
    const found = await objects.get(key)
    if (found === undefined) throw new Error(`${key} of an export is not there`)
    yield parsePart(found.bytes)
  }
}

async function* recordsOf(packing: Packing): AsyncGenerator<Uint8Array> {
  for await (const { records } of partsOf(packing)) yield records
}

async function* exactOf(packing: Packing): AsyncGenerator<Uint8Array> {
  for await (const { exact } of partsOf(packing)) yield exact
}

function* recordsIn({ records }: Part): Generator<BundleRecord> {
  for (const line of linesOf(records)) yield JSON.parse(line) as BundleRecord
}

async function* csvOf(packing: Packing): AsyncGenerator<Uint8Array> {
  yield Buffer.from(csvHeader)
  for await (const part of partsOf(packing)) {
    let lines = ''
    for (const record of recordsIn(part)) lines += csvLine(record)
    yield Buffer.from(lines)
  }
}

async function* proofsOf(
  packing: Packing,
  tree: { readonly size: number; readonly root: string },
): AsyncGenerator<Uint8Array> {
  const prove = createProver(packing.objects, tree.size)
  yield Buffer.from(proofsHead(tree))
  let any = false
  for await (const part of partsOf(packing)) {
    const lines: string[] = []
    for (const { eid, view } of recordsIn(part)) {
      const { index } = view
      if (index === null) throw new Error(`${eid} of an export has no place in the tree`)
      lines.push(proofsLine({ index, hashes: await prove(index) }))
    }
    if (lines.length === 0) continue
    yield Buffer.from(`${any ? proofsBetween : ''}${lines.join(proofsBetween)}`)
    any = true
  }
  yield Buffer.from(proofsEnd(any))
}

const custodyOf = (
  { export: id }: Pick<Manifest, 'export'>,
  { statutes, officer, agency, selection, asked, approved }: EvidenceExport,
  files: readonly BundleFile[],
): Custody => ({
  format: custodyFormat,
  export: id,
  statutes,
  officer,
  agency,
  selection,
  asked: stepOf(asked),
  approved: approved.map(stepOf),
  files: files.map(({ name, sha256 }) => ({ name, sha256 })),
  downloads: [],
})

const stepOf = ({ at, ...step }: EvidenceStep): CustodyStep => ({ ...step, at: time(at) })
