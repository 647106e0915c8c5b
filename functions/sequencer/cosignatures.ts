import type { Objects } from '../../shared/ports/objects.ts'
import { formatNote, type NoteSignature, parseNote } from '../../shared/tlog/note.ts'
import { checkpointKey } from './published.ts'

/** Others append and publish at the same time: each time somebody was faster, it is read again. */
const attempts = 8

/**
 * Appends cosignatures to the published checkpoint, only while that is still this one: `checkpoint` is a signed note of
 * its text. Those that it has stay, whoever's they are. False where another one has been published, or nothing was new.
 */
export async function appendCosignatures(
  objects: Objects,
  checkpoint: string,
  cosignatures: readonly NoteSignature[],
): Promise<boolean> {
  const { text } = parseNote(checkpoint)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const found = await objects.get(checkpointKey)
    if (found === undefined) return false
    const note = parseNote(Buffer.from(found.bytes).toString('utf8'))
    if (note.text !== text) return false
    const added = cosignatures.filter(one => !note.signatures.some(other => sameSigner(one, other)))
    if (added.length === 0) return false
    const whole = formatNote({ text, signatures: [...note.signatures, ...added] })
    // What cannot be read back must not stand in its place.
    parseNote(whole)
    if ((await objects.put(checkpointKey, Buffer.from(whole), { ifMatch: found.etag })).ok) return true
  }
  return false
}

const sameSigner = (one: NoteSignature, other: NoteSignature): boolean =>
  one.name === other.name && one.id === other.id
