/**
 * How a witness judges what it is sent (c2sp.org/tlog-witness, “add-checkpoint”). Pure: what it has seen is given, and
 * whoever keeps that must compare and keep it in one step.
 */
import { maxSubmission, parseSubmission, type Submission, witnessedPart } from './add-checkpoint.ts'
import type { Checkpoint } from './checkpoint.ts'
import { type EventualSha256, sameHash, type TreeHash, webSha256 } from './hash.ts'
import { isOf, type Note, NoteError, openNote, parseNote, type VerifierKey } from './note.ts'
import { verifyConsistency } from './proof.ts'

/** The tree that was cosigned last of one log. */
export interface Witnessed {
  readonly size: number
  readonly root: TreeHash
}

/** An answer that is no cosignature: the status, and what there is to say. */
export type WitnessRefusal =
  | { readonly status: 400 | 403 | 404 | 413 | 422; readonly why: string }
  /** `size` is that of the tree that was cosigned last. */
  | { readonly status: 409; readonly size: number }

/** A submission whose checkpoint is signed by the log. */
export interface Signed extends Pick<Submission, 'older' | 'proof'> {
  readonly checkpoint: Checkpoint
  /** With one signature of each key of the log that signed it: of others, nothing is known. */
  readonly note: Note
}

/** What needs no memory: the form, whose log it is, and that the log has signed it. */
export async function readSubmission(
  body: Uint8Array,
  logs: readonly VerifierKey[],
): Promise<Signed | WitnessRefusal> {
  if (body.length > maxSubmission) return refusal(413, `a request has at most ${maxSubmission} bytes`)
  let submission: Submission
  let note: Note
  let checkpoint: Checkpoint
  try {
    submission = parseSubmission(textOf(body))
    note = parseNote(submission.checkpoint)
    checkpoint = witnessedPart(note.text)
  } catch (error) {
    return refusal(400, wordsOf(error))
  }
  const keys = logs.filter(key => key.name === checkpoint.origin)
  if (keys.length === 0) return refusal(404, 'this log is not witnessed here')
  const own = keys.filter(key => note.signatures.some(signature => isOf(key, signature)))
  if (own.length === 0) return refusal(403, 'no key that is known of this log has signed it')
  try {
    // A signature by the name and id of a known key that does not verify spoils the note, whoever else signed it.
    for (const key of own) await openNote(submission.checkpoint, key)
  } catch (error) {
    return refusal(403, wordsOf(error))
  }
  const { older, proof } = submission
  if (older > checkpoint.size) return refusal(400, 'the old size is larger than that of the checkpoint')
  const signatures = own.flatMap(key => note.signatures.find(signature => isOf(key, signature)) ?? [])
  return { older, proof, checkpoint, note: { text: note.text, signatures } }
}

/** Whether it continues what was seen; absent: nothing of this log was cosigned before. */
export async function judgeSubmission(
  { older, proof, checkpoint }: Signed,
  seen: Witnessed | undefined,
  sha256: EventualSha256 = webSha256,
): Promise<WitnessRefusal | undefined> {
  const empty = { size: 0, root: await sha256(new Uint8Array()) }
  const last = seen ?? empty
  if (older !== last.size) return { status: 409, size: last.size }
  if (checkpoint.size === 0 && !sameHash(checkpoint.root, empty.root))
    return refusal(422, 'the root of an empty tree is the hash of nothing')
  if (checkpoint.size === last.size && !sameHash(checkpoint.root, last.root))
    return refusal(422, 'another tree of this size was cosigned before')
  const grown = await verifyConsistency({ older: last, newer: checkpoint, proof }, sha256)
  return grown ? undefined : refusal(422, 'the proof does not show that the tree has only grown')
}

/** Two checkpoints that one log signed, of one size and two roots: whoever has both can show that it told two stories. */
export const contradicts = ({ checkpoint }: Signed, seen: Witnessed | undefined): boolean =>
  seen !== undefined && checkpoint.size === seen.size && !sameHash(checkpoint.root, seen.root)

type Worded = Exclude<WitnessRefusal, { status: 409 }>
const refusal = (status: Worded['status'], why: string): Worded => ({ status, why })

/** A byte order mark stays: it is no part of any of these texts. */
function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new NoteError('it is not UTF-8')
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof NoteError) return error.message
  throw error
}
