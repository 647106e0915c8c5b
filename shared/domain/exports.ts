/**
 * Exports of the log: jobs that collect what a query finds into a file, which is its reader's own copy. What a job is
 * made of does not change, so that whoever takes it up after a crash makes the same file.
 *
 *   queued ──claim──▶ running ──▶ done
 *                        └──────▶ failed
 *   done, failed ──thirty days──▶ expired
 */
import type { BundleKind } from '../bundle/files.ts'
import type { BundleKeys } from '../bundle/keys-file.ts'
import type { MonthReader } from '../bundle/manifest.ts'
import { type Listed, listed } from './keys.ts'
import type { Role } from './parties.ts'

export type ExportKind = BundleKind
export const exportStates = ['queued', 'running', 'done', 'failed', 'expired'] as const
export type ExportState = (typeof exportStates)[number]

/** Records of one export at most. */
export const maxExportRecords = 1_000_000
/** Bytes of `records.jsonl` at most: sizes in a ZIP file have 32 bits, and so has the file itself. */
export const maxExportBytes = 3_500_000_000
/** Exports of one organisation that are not made yet. */
export const maxOpenExports = 10
/** For how long the file can be fetched. Milliseconds. */
export const exportKeptMs = 30 * 86_400_000

export interface ExportJob {
  readonly id: string
  readonly kind: ExportKind
  readonly state: ExportState
  readonly organisation: string
  /** Who asked for it, and may fetch it; their slot it is. */
  readonly person: { readonly id: string; readonly name: string }
  readonly q: string
  /** What the organisation's people decided, in place of what is about it. */
  readonly by?: 'us'
  /** Milliseconds, absolute: fixed when it was asked for. */
  readonly from: number
  readonly to: number
  /** Leaves of the tree that was published then: no entry beyond is in it. */
  readonly size: number
  readonly purpose: string
  /** Milliseconds; relative times of the query go by it. */
  readonly requestedAt: number
  /** The entry that granted it. */
  readonly entry: string
  readonly evidence?: EvidenceExport

  /** Where looking ended: the id of an entry, or in an archive the name of an object. */
  readonly position?: string
  /** Everything was looked at. */
  readonly collected?: true
  /** Milliseconds. */
  readonly collectedAt?: number
  readonly parts: number
  readonly rows: number
  /** Of the rows collected. */
  readonly partBytes: number
  /** A pseudonym for each month of which there is a record. */
  readonly readers: readonly MonthReader[]
  /** What the requester was when they were shown it: whoever is less now does not get it. */
  readonly seenAs?: SeenAs
  readonly proving?: Proving
  /** Raised where chunks of an earlier program stand in the way of this one's. */
  readonly edition: number

  readonly chunks?: number
  readonly bytes?: number
  /** Of the whole file, hexadecimal. */
  readonly sha256?: string
  readonly madeAt?: number
  /** Until when it can be fetched, and what was collected is there. */
  readonly keptUntil?: number
  readonly failure?: ExportFailure
  /** The entry that tells how it ended. */
  readonly ended?: string
  /** Its reader has signed that the copy is theirs: nobody is given the file before. */
  readonly countersigned?: Countersigned

  /** Errors since it last came further. */
  readonly attempts: number
  readonly lease?: Lease
}

export interface SeenAs {
  readonly roles: readonly Role[]
  /** An auditor's engagement. */
  readonly audits: readonly string[]
}

/** Fixed when proving begins: a later checkpoint would give other proofs. */
export interface Proving {
  /** The signed note of the published tree. */
  readonly checkpoint: string
  readonly keys: BundleKeys
  /** The granting entry is in that tree, and stands in the file with its proof. */
  readonly granted?: true
}

export interface Countersigned {
  /** Milliseconds. */
  readonly at: number
  /** In which the signature stands. */
  readonly entry: string
  /** RFC 7638 thumbprint of the key that it is made with. */
  readonly key: string
}

export interface ExportFailure {
  /** A code of `refusal.ts`. */
  readonly code: string
  readonly detail: string
}

/** Who works on it, and until when nobody else does. After an error it is nobody's until then. */
export interface Lease {
  readonly by: string
  /** Milliseconds. */
  readonly until: number
}

/** What the decision on evidence says of it, for `custody.json`. */
export interface EvidenceExport {
  /** Nothing is in it that this developer could not see itself. */
  readonly developer: string
  readonly statutes: readonly string[]
  readonly officer: string
  readonly agency: string
  /** In the words of the decision. */
  readonly selection: Readonly<Record<string, string>>
  readonly asked: EvidenceStep
  readonly approved: readonly EvidenceStep[]
}

export interface EvidenceStep {
  readonly person: string
  readonly name: string
  readonly organisation: string
  readonly role?: string
  /** Milliseconds. */
  readonly at: number
  readonly entry: string
}

/** What a job is asked with. */
export type ExportAsked = Pick<
  ExportJob,
  | 'id'
  | 'kind'
  | 'organisation'
  | 'person'
  | 'q'
  | 'by'
  | 'from'
  | 'to'
  | 'size'
  | 'purpose'
  | 'requestedAt'
  | 'entry'
  | 'evidence'
>

/** As it stands in the registry: under its requester, due while there is work, and then until its objects are gone. */
export type ExportRecord = ExportJob &
  Listed & {
    readonly due?: typeof exportDue | typeof exportKept
    /** Not before then are its objects removed: a lock has kept one. Milliseconds. */
    readonly removeAt?: number
  }

export const exportDue = 'export'
export const exportKept = 'export-kept'

/** Whether it is still to be made. */
export const isOpen = (job: Pick<ExportRecord, 'due'> | undefined): boolean => job?.due === exportDue

/** A job that waits for the exporter. */
export const exportJobOf = (asked: ExportAsked): ExportRecord => ({
  ...asked,
  ...listed('export', asked.person.id, asked.id),
  state: 'queued',
  parts: 0,
  rows: 0,
  partBytes: 0,
  readers: [],
  edition: 0,
  attempts: 0,
  due: exportDue,
})

/** Which exports of an organisation are not made yet, by their ids, with when each was asked for. */
export interface OpenExports {
  readonly open: Readonly<Record<string, number>>
}

/** Objects of an export. */
export const exportFolder = 'export/'
export const folderOfExport = (id: string): string => `${exportFolder}${id}/`
export const partKey = (id: string, part: number): string => `${folderOfExport(id)}part/${part}`
export const grantedKey = (id: string): string => `${folderOfExport(id)}granted`
export const chunkKey = ({ id, edition }: Pick<ExportJob, 'id' | 'edition'>, chunk: number): string =>
  `${folderOfExport(id)}zip${edition === 0 ? '' : `-${edition}`}/${chunk}`

/** Bytes of each chunk but the last: what one answer of a function may hold. */
export const chunkBytes = 4 * 1024 * 1024

/** Whether somebody still is what they were when they were shown it. */
export const isStillSeenAs = (now: SeenAs, then: SeenAs): boolean =>
  then.roles.every(role => now.roles.includes(role)) && then.audits.every(model => now.audits.includes(model))
