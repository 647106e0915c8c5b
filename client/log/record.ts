/** That a record is in the log as it is shown: by the reader's slot, a proof of inclusion, and the log's signature. */
import { toBase64 } from '../../shared/tlog/base64.ts'
import { leafInput, webSha256 } from '../../shared/tlog/hash.ts'
import { NoteError, type VerifierKey } from '../../shared/tlog/note.ts'
import { type Proof, proveInclusion, type ReadSubtree, verifyInclusion } from '../../shared/tlog/proof.ts'
import { type ProofFile, parseProofFile } from '../../shared/tlog/proof-file.ts'
import { type OpenedRecord, openRecord, RecordFault } from '../../shared/watermark/verify.ts'
import type { View } from '../../shared/watermark/view.ts'
import { openCheckpoint, readLogKey, type Tree, verifyTiles } from './checkpoint.ts'
import { notVerified } from './fault.ts'
import { type ReadLogFile, subtreesOf } from './log-files.ts'
import { type GivenRecord, readRecord } from './record-shape.ts'

export interface VerifyRecordOptions {
  /** The log's verifier key, as its `/log/vkey` answers, and as you trust it. */
  readonly key: string
  /** The log's files, for a record without a proof of its own: its checkpoint and its tiles. */
  readonly files?: ReadLogFile
}

export interface VerifiedRecord {
  readonly log: string
  readonly eid: string
  /** Its leaf in the tree. */
  readonly index: number
  /** The tree that the log has signed. */
  readonly size: number
  readonly root: string
  /** Milliseconds, floored to ten seconds. */
  readonly time: number
  /** The month that it is of, counted from the year 0. */
  readonly epoch: number
  /** D: the same for every reader of this entry. */
  readonly digest: string
  /** Whose copy it is: a pseudonym, which the log's operator can name. 16 hexadecimal digits. */
  readonly reader: string
  /** Fields that are in the log and not shown: withheld from that reader, or taken out by one who was shown them. */
  readonly withheld: readonly string[]
  /** What the file shows all the same, and nothing vouches for: fields of the body, and what stands beside it. */
  readonly unproved: readonly string[]
}

/**
 * `record`: an entry as the API answers with it, or the JSON text of one, which is read more strictly. Throws a
 * `NotVerified`.
 */
export async function verifyRecord(record: unknown, options: VerifyRecordOptions): Promise<VerifiedRecord> {
  const key = await readLogKey(options.key)
  const { facts } = await proveRecord(readRecord(record), createTrees(key, options.files))
  return facts
}

/** Where trees come from: each checkpoint is verified once, however many records bring it. */
export interface Trees {
  readonly key: VerifierKey
  /** That of a checkpoint. */
  of(note: string): Promise<Tree>
  /** That which the log's files hold, for whoever has no checkpoint; `undefined`: nobody has them. */
  published(): Promise<Tree | undefined>
  readonly files: ReadLogFile | undefined
  /** The hashes of that tree. */
  hashes(files: ReadLogFile, tree: Tree): ReadSubtree
}

export function createTrees(key: VerifierKey, files?: ReadLogFile): Trees {
  const known = new Map<string, Promise<Tree>>()
  let published: Promise<Tree> | undefined
  let last: { readonly size: number; readonly read: ReadSubtree } | undefined
  async function readPublished(read: ReadLogFile): Promise<Tree> {
    const bytes = await read('checkpoint')
    if (bytes === undefined) throw notVerified('unproved', 'the log’s files hold no checkpoint')
    return openCheckpoint(
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
      key,
      'the log’s checkpoint',
    )
  }
  return {
    key,
    async of(note) {
      const name = toBase64(await webSha256(new TextEncoder().encode(note)))
      const tree = known.get(name) ?? openCheckpoint(note, key)
      known.set(name, tree)
      return tree
    },
    async published() {
      published ??= files && readPublished(files)
      return published
    },
    files,
    hashes(files, { size }) {
      if (last?.size !== size) last = { size, read: subtreesOf(files, size) }
      return last.read
    },
  }
}

export async function proveRecord(
  given: GivenRecord,
  trees: Trees,
): Promise<{ readonly facts: VerifiedRecord; readonly tree: Tree }> {
  const { eid, digest, body, withheld, beside } = given
  const { view, index } = placedView(given, trees.key)

  // 1. Body, salts and slot give the leaf.
  const opened = await open({ ...given, view })
  // 2. The log's key has signed a tree.
  const proof = readProof(given)
  const tree = proof ? await trees.of(proof.checkpoint) : await trees.published()
  if (tree === undefined)
    throw notVerified(
      'unproved',
      'it has no proof of its own, and the log’s files, of which one can be made, are not named',
      'proof',
    )
  // 3. The leaf is in that tree, at the place that the record says.
  if (proof && proof.index !== index)
    throw notVerified('contradicted', `it is of leaf ${proof.index}, and the record says ${index}`, 'proof')
  const hash = await webSha256(leafInput(opened.leaf))
  const path = proof?.proof ?? (await pathOf(trees, tree, index))
  if (!(await verifyInclusion({ leaf: hash, index, size: tree.size, root: tree.root, proof: path }))) {
    if (!proof && trees.files) await verifyTiles(trees.files, tree)
    throw notVerified(
      'contradicted',
      `it is not leaf ${index} of the tree of ${tree.size} that the log has signed`,
    )
  }

  const facts = {
    log: tree.log,
    eid,
    index,
    size: tree.size,
    root: toBase64(tree.root),
    time: body.time as number,
    epoch: view.epoch,
    digest,
    reader: opened.reader,
    withheld,
    unproved: [...opened.unproved, ...beside],
  }
  return { facts, tree }
}

function placedView(
  { view }: GivenRecord,
  key: VerifierKey,
): { readonly view: View; readonly index: number } {
  if (view === undefined)
    throw notVerified('unproved', 'it has no slot of a reader, without which no record can be proved', 'view')
  if (view.log !== key.name)
    throw notVerified(
      'malformed',
      `the record is of ${view.log}, and the key is that of ${key.name}`,
      'view.log',
    )
  if (view.index === null)
    throw notVerified('unproved', 'it had no place in the tree yet when it was read', 'view.index')
  return { view, index: view.index }
}

const open = (record: GivenRecord & { readonly view: View }): Promise<OpenedRecord> =>
  openRecord(record).catch((error: unknown) => {
    throw error instanceof RecordFault ? notVerified('contradicted', error.message) : error
  })

function readProof({ proof }: GivenRecord): ProofFile | undefined {
  try {
    return proof === undefined ? undefined : parseProofFile(proof)
  } catch (error) {
    throw error instanceof NoteError ? notVerified('contradicted', error.message, 'proof') : error
  }
}

async function pathOf(trees: Trees, tree: Tree, index: number): Promise<Proof> {
  if (index >= tree.size)
    throw notVerified(
      'unproved',
      `leaf ${index} is not in the tree of ${tree.size} that the log’s files hold`,
    )
  return trees.files ? proveInclusion(trees.hashes(trees.files, tree), index, tree.size) : []
}
