/** Checkpoints (c2sp.org/tlog-checkpoint): origin, size and root of a tree, without extensions. */
import { fromBase64, toBase64 } from './base64.ts'
import { hashBytes, type TreeHash } from './hash.ts'
import { NoteError } from './note.ts'

export interface Checkpoint {
  /** Which log: its address without a scheme. */
  readonly origin: string
  readonly size: number
  readonly root: TreeHash
}

/** The text of the note (“Note text”), with its final newline. The origin has no newline, and is not empty. */
export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${toBase64(root)}\n`

/** Throws a `NoteError`, also where there are lines of extensions: no log of ours writes any. */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', size = '', root = '', ...rest] = text.split('\n')
  const hash = fromBase64(root)
  if (rest.length !== 1 || rest[0] !== '' || origin === '')
    throw new NoteError('a checkpoint has three lines: origin, size, root')
  if (!/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(Number(size)))
    throw new NoteError('the size of a checkpoint is a whole number below 2^53')
  if (hash?.length !== hashBytes) throw new NoteError('the root of a checkpoint is base64 of 32 bytes')
  return { origin, size: Number(size), root: hash }
}
