/**
 * A bundle of records that an export made: each is in the log as it stands there, all by the one checkpoint, all of them one
 * reader's copy. By the ZIP alone: nobody is asked, and nothing in it is believed that is not proved.
 */
import { certificationText } from '../../shared/bundle/certification.ts'
import type { Custody } from '../../shared/bundle/custody.ts'
import { fileNames } from '../../shared/bundle/files.ts'
import type { Manifest } from '../../shared/bundle/manifest.ts'
import { verifyText } from '../../shared/bundle/verify-text.ts'
import { toBase64 } from '../../shared/tlog/base64.ts'
import type { Cosigned } from '../../shared/tlog/cosignature.ts'
import { type EventualSha256, webSha256 } from '../../shared/tlog/hash.ts'
import type { VerifierKey } from '../../shared/tlog/note.ts'
import { type Sha256Stream, webSha256Stream } from './bundle-files.ts'
import { proveGranted } from './bundle-granted.ts'
import { type OpenedBundle, openBundle } from './bundle-open.ts'
import { collected, createGathering, placesOf, proveRecords, refuseReaders } from './bundle-records.ts'
import type { ReadAt } from './bundle-zip.ts'
import {
  openCheckpoint,
  readLogKey,
  readWitnessKey,
  type Tree,
  verifyCheckpoint,
  verifyGrowth,
} from './checkpoint.ts'
import { type Compared, compare } from './compare.ts'
import { NotVerified, notVerified } from './fault.ts'
import type { ReadLogFile } from './log-files.ts'
import { type AddFault, createFaults, type Gathered } from './range.ts'

export interface VerifyBundleOptions {
  /** The log's verifier key, as its `/log/vkey` answers, and as you trust it. */
  readonly key: string
  /** Verifier keys of witnesses whose word you want. */
  readonly witnesses?: readonly string[]
  /** The bundle of another reader: which of both were shown the same is told. */
  readonly other?: ReadAt
  /** The log's tiles: they show that the trees of two bundles are one that has grown. */
  readonly files?: ReadLogFile
  /** For files that are larger than what a browser holds. */
  readonly sha256?: () => Sha256Stream
  /** Where there is a faster one than WebCrypto's. */
  readonly hash?: EventualSha256
}

export interface VerifiedBundle {
  readonly manifest: Manifest
  readonly tree: { readonly log: string; readonly size: number; readonly root: string }
  /** By the witnesses that were named. */
  readonly cosigned: readonly Cosigned[]
  readonly notCosigned: readonly string[]
  /** By further keys that the bundle itself names: they may be anybody's. */
  readonly claimed: readonly Cosigned[]
  readonly records: number
  /** Leaves of the first and of the last record; absent where there is none. */
  readonly first?: number
  readonly last?: number
  /** Leaves between these two of which the bundle has no record. */
  readonly between: number
  /** The first of them: runs of leaves, both ends included. */
  readonly gaps: readonly (readonly [from: number, to: number])[]
  readonly gapCount: number
  readonly withheld: number
  /** What stands there, and nothing vouches for: names of fields, and of texts. */
  readonly unproved: readonly string[]
  /** That this was asked for by this reader: by the entry that granted it. False: it is the word of whoever made the bundle. */
  readonly granted: boolean
  /** Exact times that are proved. */
  readonly exact: number
  readonly custody?: Custody
  readonly compared?: Compared
}

export interface ExaminedBundle {
  /** Absent: it is no bundle of this log, or nothing of it can be relied on. */
  readonly facts?: VerifiedBundle
  readonly faults: NotVerified['faults']
  readonly faultCount: number
}

/** Throws a `NotVerified` where any of it is not shown. */
export async function verifyBundle(file: ReadAt, options: VerifyBundleOptions): Promise<VerifiedBundle> {
  const { facts, faults } = await examineBundle(file, options)
  if (facts === undefined || faults.length > 0) throw new NotVerified(faults)
  return facts
}

export async function examineBundle(file: ReadAt, options: VerifyBundleOptions): Promise<ExaminedBundle> {
  const faults = createFaults()
  const key = await readLogKey(options.key)
  const own = await examineOne(file, key, options, faults.add)
  const other =
    options.other && (await examineOne(options.other, key, options, prefixed('the other bundle', faults.add)))
  const compared = own && other && compare(own.gathered, other.gathered, faults.add)
  if (own && other) await compareTrees(own.tree, other.tree, options.files, faults.add)
  return {
    ...(own && { facts: { ...own.facts, ...(compared && { compared }) } }),
    faults: faults.first,
    faultCount: faults.count,
  }
}

const prefixed =
  (name: string, add: AddFault): AddFault =>
  fault =>
    add({ ...fault, place: [name, fault.place].filter(Boolean).join(', ') })

interface ExaminedOne {
  readonly facts: VerifiedBundle
  readonly tree: Tree
  readonly gathered: Gathered
}

async function examineOne(
  file: ReadAt,
  key: VerifierKey,
  options: VerifyBundleOptions,
  add: AddFault,
): Promise<ExaminedOne | undefined> {
  const { sha256 = webSha256Stream, hash = webSha256 } = options
  try {
    // 1. It holds the files of its manifest, and no others.
    const bundle = await openBundle({ file, sha256 })
    const { manifest } = bundle
    if (manifest.log !== key.name)
      throw notVerified(
        'malformed',
        `the bundle is of ${manifest.log}, and the key is that of ${key.name}`,
        'view.log',
      )
    // 2. The log has signed the tree that all is proved by.
    const { tree, ...witnessed } = await openTree(bundle, key, options)
    // 3. Each record is in that tree, and of the reader that the manifest names.
    const gathering = createGathering()
    await proveRecords(bundle, { tree, hash, sha256, gathering, add })
    refuseReaders(manifest, gathering, add)
    // 4. The log itself tells who asked for it.
    const granted = await proveGranted(bundle, key, gathering, add)
    const unproved = [...gathering.unproved, ...foreignTexts(bundle, tree)]
    return {
      facts: {
        manifest,
        tree: { log: tree.log, size: tree.size, root: toBase64(tree.root) },
        ...witnessed,
        records: gathering.byEid.size,
        ...placesOf(gathering),
        withheld: gathering.withheld,
        unproved,
        granted,
        exact: gathering.exact,
        ...(bundle.custody && { custody: bundle.custody }),
      },
      tree,
      gathered: { ...gathering, readers: new Set([...gathering.readers.values()].flatMap(one => [...one])) },
    }
  } catch (error) {
    if (!(error instanceof NotVerified)) throw error
    error.faults.forEach(add)
    return undefined
  }
}

async function openTree(
  { checkpoint, keys, manifest }: OpenedBundle,
  key: VerifierKey,
  options: VerifyBundleOptions,
) {
  const given = options.key.trim()
  if (keys.log.trim() !== given)
    throw notVerified(
      'contradicted',
      'its key of the log is another than the one that you trust',
      fileNames.keys,
    )
  const named = (options.witnesses ?? []).map(one => one.trim())
  const further = keys.witnesses.map(one => one.trim()).filter(one => !named.includes(one))
  // By its name a key of the bundle's own would pass for that of a witness who is trusted.
  const foreign = further.find(one => named.some(other => nameOf(other) === nameOf(one)))
  if (foreign !== undefined)
    throw notVerified('contradicted', `its key of ${nameOf(foreign)} is another than yours`, fileNames.keys)
  // What its reader names is not the bundle's fault.
  for (const one of named) await readWitnessKey(one)
  const verify = (witnesses: readonly string[], file: string) =>
    verifyCheckpoint(checkpoint, { key: given, witnesses }).catch((error: unknown) => {
      throw error instanceof NotVerified ? notVerified('contradicted', error.message, file) : error
    })
  const found = await verify(named, fileNames.checkpoint)
  const { cosigned: claimed } = await verify(further, fileNames.keys)
  if (found.size < manifest.size)
    throw notVerified(
      'contradicted',
      `it is of ${found.size} leaves, and the export of ${manifest.size}`,
      fileNames.checkpoint,
    )
  const { cosigned, notCosigned } = found
  return { tree: await openCheckpoint(checkpoint, key), cosigned, notCosigned, claimed }
}

const nameOf = (vkey: string): string => vkey.split('+', 1)[0] ?? ''

/** Texts for people follow from the manifest; another version of the program may have other words. */
function foreignTexts(
  { manifest, verify, certification }: OpenedBundle,
  { size, root }: Tree,
): readonly string[] {
  const at = manifest.files.findIndex(({ name }) => name === fileNames.verify)
  const certified = certificationText({
    ...manifest,
    files: manifest.files.slice(0, at),
    checkpoint: { size, root: toBase64(root) },
  })
  return [
    ...(verify === verifyText(manifest) ? [] : [fileNames.verify]),
    ...(certification === certified ? [] : [fileNames.certification]),
  ]
}

async function compareTrees(
  one: Tree,
  other: Tree,
  files: ReadLogFile | undefined,
  add: AddFault,
): Promise<void> {
  const [older, newer] = one.size <= other.size ? [one, other] : [other, one]
  await collected(add, () => verifyGrowth(older, newer, files))
}
