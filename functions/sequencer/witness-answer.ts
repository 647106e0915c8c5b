/** One exchange with a witness. What comes back was written by another party: it is judged before anything is taken. */

import type { Http } from '../../shared/ports/http.ts'
import { formatSubmission, parseSize, type Submission, sizeType } from '../../shared/tlog/add-checkpoint.ts'
import { cosignedBy } from '../../shared/tlog/cosignature.ts'
import { isOf, NoteError, type NoteSignature, parseNote } from '../../shared/tlog/note.ts'
import type { Witness } from '../../shared/tlog/witness-list.ts'

export type WitnessAnswer =
  | { readonly cosignature: NoteSignature }
  /** What it has cosigned last is of another size than was said. */
  | { readonly conflict: number }
  | { readonly status: number; readonly detail: string }

/** An answer is as long as a few signatures. Bytes. */
const maxAnswer = 64 * 1024

/** Throws what the port throws where there is no answer, or none in time. */
export async function ask(
  http: Http,
  { url, key }: Witness,
  submission: Submission,
  signal: AbortSignal,
): Promise<WitnessAnswer> {
  const { status, headers, bytes } = await http.open(
    {
      method: 'POST',
      url: `${url}/add-checkpoint`,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: new TextEncoder().encode(formatSubmission(submission)),
    },
    signal,
  )
  const body = await readText(bytes)
  if (body === undefined) return { status, detail: `its answer has more than ${maxAnswer} bytes` }
  if (status === 409 && headers['content-type']?.split(';')[0]?.trim() === sizeType) {
    const size = parseSize(/^(.*)\n$/.exec(body)?.[1])
    return size === undefined
      ? { status, detail: 'it says no size that its tree could have' }
      : { conflict: size }
  }
  if (status !== 200) return { status, detail: plain(body) }
  return taken(submission.checkpoint, body, key)
}

/** Its cosignature of this very checkpoint. Whatever else it has sent is left. */
async function taken(checkpoint: string, lines: string, key: Witness['key']): Promise<WitnessAnswer> {
  try {
    const { text } = parseNote(checkpoint)
    const answered = parseNote(`${text}\n${lines}`)
    // An empty line in what it sends would make a note of another text, under which it could sign anything.
    if (answered.text !== text) throw new NoteError('it sent more than lines of signatures')
    const cosignature = answered.signatures.find(signature => isOf(key, signature))
    if (cosignature === undefined) throw new NoteError(`it sent no cosignature of ${key.name} (${key.id})`)
    await cosignedBy({ text, signatures: [cosignature] }, [key])
    return { cosignature }
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    return { status: 200, detail: error.message }
  }
}

/** `undefined` where it goes on and on. */
async function readText(bytes: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytes) {
    length += chunk.length
    if (length > maxAnswer) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The beginning of its first line, in printable ASCII: it is shown to people, and stands in the log of this system. */
const plain = (body: string): string =>
  (body.split('\n')[0] ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, 200) || 'it did not say why'
