/** `.tlog-proof` files (c2sp.org/tlog-proof): that a leaf is in a tree, and by whose word, in one text. */
import { fromBase64, toBase64 } from './base64.ts'
import { hashBytes } from './hash.ts'
import { NoteError } from './note.ts'
import type { Proof } from './proof.ts'

const head = 'c2sp.org/tlog-proof@v1'
/** More siblings than a tree of 2^53 leaves has. */
const maxProof = 64

export interface ProofFile {
  /** For whoever knows what it means; nothing vouches for it. */
  readonly extra?: Uint8Array
  readonly index: number
  readonly proof: Proof
  /** A signed note. */
  readonly checkpoint: string
}

/** “Format”: what `parseProofFile` reads. */
export const formatProofFile = ({ extra, index, proof, checkpoint }: ProofFile): string =>
  [
    head,
    ...(extra ? [`extra ${toBase64(extra)}`] : []),
    `index ${index}`,
    ...proof.map(toBase64),
    '',
    checkpoint,
  ].join('\n')

/** Throws a `NoteError` that says which line is wrong. */
export function parseProofFile(text: string): ProofFile {
  const end = text.indexOf('\n\n')
  if (end < 0) throw new NoteError('a proof ends with an empty line, after which the checkpoint follows')
  const lines = text.slice(0, end).split('\n')
  if (lines.shift() !== head) throw new NoteError(`line 1: a proof begins with ${head}`)
  const extra = lines[0]?.startsWith('extra ') ? fromBase64((lines.shift() ?? '').slice(6)) : null
  if (extra === undefined) throw new NoteError('line 2: extra is followed by base64')
  const index = /^index (0|[1-9]\d*)$/.exec(lines.shift() ?? '')?.[1]
  if (index === undefined || !Number.isSafeInteger(Number(index)))
    throw new NoteError(`line ${extra ? 3 : 2}: index is followed by a whole number below 2^53`)
  if (lines.length > maxProof) throw new NoteError(`a proof has at most ${maxProof} hashes`)
  const proof = lines.map((line, i) => {
    const hash = fromBase64(line)
    if (hash?.length !== hashBytes)
      throw new NoteError(`hash ${i + 1} of the proof is not base64 of 32 bytes`)
    return hash
  })
  return { ...(extra && { extra }), index: Number(index), proof, checkpoint: text.slice(end + 2) }
}
