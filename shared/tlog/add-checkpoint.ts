/** What is sent to a witness (c2sp.org/tlog-witness, “add-checkpoint”), and what it has to find in it. */
import { fromBase64, toBase64 } from './base64.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { hashBytes } from './hash.ts'
import { NoteError } from './note.ts'
import type { Proof } from './proof.ts'

/** Lines of a proof. No tree below 2^63 needs more. */
export const maxProofLines = 63

/** Bytes of a request: a note of the most signatures, the longest proof, and its lines. */
export const maxSubmission = 96 * 1024

/** Characters of a checkpoint's text: with the signatures that are kept of it, it stays a note that can be read. */
const maxText = 8 * 1024

/** The content type of an answer that says how large the last cosigned tree is. */
export const sizeType = 'text/x.tlog.size'

export interface Submission {
  /** The size of the tree that the witness cosigned last, as the log takes it. */
  readonly older: number
  /** From that tree to the one of the checkpoint. */
  readonly proof: Proof
  /** A signed note. */
  readonly checkpoint: string
}

export const formatSubmission = ({ older, proof, checkpoint }: Submission): string =>
  [`old ${older}`, ...proof.map(toBase64), '', checkpoint].join('\n')

/** Throws a `NoteError` that says what is wrong. The note in it is not looked at. */
export function parseSubmission(text: string): Submission {
  const end = text.indexOf('\n\n')
  if (end < 0) throw new NoteError('an empty line stands between the proof and the checkpoint')
  const [first = '', ...lines] = text.slice(0, end).split('\n')
  const older = parseSize(/^old (.*)$/.exec(first)?.[1])
  if (older === undefined) throw new NoteError('the first line is: old <size below 2^53>')
  if (lines.length > maxProofLines) throw new NoteError(`a proof has at most ${maxProofLines} lines`)
  const proof = lines.map((line, i) => {
    const hash = fromBase64(line)
    if (hash?.length !== hashBytes)
      throw new NoteError(`line ${i + 1} of the proof is not base64 of 32 bytes`)
    return hash
  })
  return { older, proof, checkpoint: text.slice(end + 2) }
}

/** A decimal without leading zeros that a number holds exactly; `undefined` for everything else. */
export function parseSize(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return undefined
  const size = Number(text)
  return Number.isSafeInteger(size) ? size : undefined
}

/**
 * What a witness reads of a checkpoint: its first three lines. Further ones are the log's own (tlog-checkpoint, “Note
 * text”); a cosignature says nothing of them. Throws a `NoteError`.
 */
export function witnessedPart(text: string): Checkpoint {
  const lines = text.split('\n')
  if (text.length > maxText) throw new NoteError(`a checkpoint has at most ${maxText} characters`)
  if (lines.slice(3, -1).includes('')) throw new NoteError('a checkpoint has no empty line')
  return parseCheckpoint([...lines.slice(0, 3), ''].join('\n'))
}
