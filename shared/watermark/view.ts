/** What a reader gets with a record: the opening of their own slot, by which it can be proved. Pure. */
import type { Withholdable } from './committed.ts'
import type { Bound, EpochKey } from './slots.ts'

/** Bytes are base64url. With the body as it is shown, it gives the leaf (`verifyView`). */
export interface View {
  /** The origin of the log's checkpoints. */
  readonly log: string
  readonly epoch: number
  readonly type: number
  readonly flags: number
  /** The place in the tree; null while the entry waits for one. */
  readonly index: number | null
  readonly body_salt: string
  /** The reader's pseudonym, 8 bytes, and the times that they are shown. */
  readonly carrier: string
  readonly salt: string
  readonly position: number
  readonly path: readonly string[]
  readonly attr_commit: string
  readonly seal_commit: string
  /** Of the shown fields that are withheld from others. */
  readonly field_salts?: Readonly<Partial<Record<Withholdable, string>>>
  /** Of the fields that are withheld from this reader. */
  readonly field_hashes?: Readonly<Partial<Record<Withholdable, string>>>
}

export interface Seen {
  readonly log: string
  readonly epoch: Pick<EpochKey, 'epoch'>
  /** The reader's. */
  readonly slot: number
  readonly index: number | undefined
  /** What of the body this reader is not shown, or not shown whole. */
  readonly withheld: readonly string[]
}

export function makeView(bound: Bound, { log, epoch, slot, index, withheld }: Seen): View {
  const { carrier, salt, position, path } = bound.opening(slot)
  const fields = Object.entries(bound.fields) as [Withholdable, { salt: Uint8Array; hash: string }][]
  const hidden = fields.filter(([path]) => withheld.includes(path))
  const shown = fields.filter(([path]) => !withheld.includes(path))
  return {
    log,
    epoch: epoch.epoch,
    type: bound.type,
    flags: 0,
    index: index ?? null,
    body_salt: text(bound.bodySalt),
    carrier: text(carrier),
    salt: text(salt),
    position,
    path: path.map(text),
    attr_commit: text(bound.attrCommit),
    seal_commit: text(bound.sealCommit),
    ...(shown.length > 0 && {
      field_salts: Object.fromEntries(shown.map(([path, { salt }]) => [path, text(salt)])),
    }),
    ...(hidden.length > 0 && {
      field_hashes: Object.fromEntries(hidden.map(([path, { hash }]) => [path, hash])),
    }),
  }
}

export const text = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
