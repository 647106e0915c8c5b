/** Of which files a bundle consists, in the order in which they stand in it. Pure. */

/** `archive` is a bundle of entries that the table has let go of; `evidence` has exact times and the chain of custody. */
export const bundleKinds = ['bundle', 'evidence', 'archive'] as const
export type BundleKind = (typeof bundleKinds)[number]

export const fileNames = {
  /** An entry a line as the API shows it, without its proof (`records.ts`). */
  records: 'records.jsonl',
  /** The same for a spreadsheet (`csv.ts`). */
  csv: 'records.csv',
  /** That each is in the tree, in their order (`proofs.ts`). */
  proofs: 'proofs.json',
  /** The signed note of the tree, with its cosignatures. */
  checkpoint: 'checkpoint',
  /** The keys by which it is signed (`keys-file.ts`): to be compared with those that you trust. */
  keys: 'keys.json',
  /** The entry that granted the export, with its proof: who asked for what. Absent where it had no place in the tree yet. */
  granted: 'granted.json',
  /** The exact times, and the salts that open them (`exact.ts`). */
  exact: 'exact.jsonl',
  custody: 'custody.json',
  verify: 'VERIFY.md',
  certification: 'certification-draft.md',
  /** The digests of all others, and therefore the last. */
  manifest: 'manifest.json',
} as const
export type BundleFileName = (typeof fileNames)[keyof typeof fileNames]

const always: readonly BundleFileName[] = [
  fileNames.records,
  fileNames.csv,
  fileNames.proofs,
  fileNames.checkpoint,
  fileNames.keys,
]
const last: readonly BundleFileName[] = [fileNames.verify, fileNames.certification, fileNames.manifest]
const ofEvidence: readonly BundleFileName[] = [fileNames.exact, fileNames.custody]

/** Those that a bundle of a kind must have, in their order; `granted` stands before what is of evidence alone. */
export const requiredFiles = (kind: BundleKind): readonly BundleFileName[] => [
  ...always,
  ...(kind === 'evidence' ? ofEvidence : []),
  ...last,
]

/** All that one may have. */
export const knownFiles = (kind: BundleKind): readonly BundleFileName[] => [
  ...always,
  fileNames.granted,
  ...(kind === 'evidence' ? ofEvidence : []),
  ...last,
]
