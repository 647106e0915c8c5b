/** Cosignatures of witnesses (c2sp.org/tlog-cosignature), of the type that Ed25519 makes. */
import {
  isOf,
  keyType,
  type Note,
  NoteError,
  type NoteSignature,
  type VerifierKey,
  verifyEd25519,
} from './note.ts'

export interface Cosigned {
  readonly witness: string
  /** Seconds since the epoch, as the witness says. */
  readonly at: number
}

const timeBytes = 8
const signatureBytes = 64

/** What a witness signs (“Ed25519 signed message”): that at this time this was the largest tree of this log that it had seen. */
export const cosignatureInput = (text: string, at: number): Uint8Array =>
  new TextEncoder().encode(`cosignature/v1\ntime ${at}\n${text}`)

/** The line of a note that says so: the time, 8 bytes, and the 64 of the signature (“Format”). */
export function cosignature(
  key: { name: string; id: string },
  at: number,
  signature: Uint8Array,
): NoteSignature {
  const bytes = new Uint8Array(timeBytes + signatureBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(at))
  bytes.set(signature, timeBytes)
  return { name: key.name, id: key.id, bytes }
}

/**
 * Which of these witnesses have cosigned, each named once, by its latest word. Throws a `NoteError` where a signature of
 * one of them does not verify: such a note is to be refused as a whole (c2sp.org/signed-note, “Signatures”).
 */
export async function cosignedBy(
  note: Note,
  witnesses: readonly VerifierKey[],
): Promise<readonly Cosigned[]> {
  const found: Cosigned[] = []
  for (const key of witnesses) {
    if (key.type !== keyType.cosignature) throw new NoteError(`the key of ${key.name} makes no cosignatures`)
    const times: number[] = []
    for (const own of note.signatures.filter(signature => isOf(key, signature))) {
      const at = timeOf(own)
      const signature = own.bytes.subarray(timeBytes)
      if (
        at === undefined ||
        !(await verifyEd25519(key.publicKey, signature, cosignatureInput(note.text, at)))
      )
        throw new NoteError(`the cosignature of ${key.name} does not verify`)
      times.push(at)
    }
    if (times.length > 0) found.push({ witness: key.name, at: Math.max(...times) })
  }
  return found
}

/** A witness never leaves it out (c2sp.org/tlog-witness): zero says nothing. */
function timeOf({ bytes }: NoteSignature): number | undefined {
  if (bytes.length !== timeBytes + signatureBytes) return undefined
  const at = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0))
  return at > 0 && Number.isSafeInteger(at) ? at : undefined
}
