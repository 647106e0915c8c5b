/** The log's key: signs its checkpoints, and knows one that it has signed. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { Signer } from '../../shared/ports/keys.ts'
import type { Objects } from '../../shared/ports/objects.ts'
import { type Checkpoint, parseCheckpoint } from '../../shared/tlog/checkpoint.ts'
import { sameHash } from '../../shared/tlog/hash.ts'
import {
  formatNote,
  formatVerifierKey,
  keyId,
  keyType,
  NoteError,
  parseNote,
} from '../../shared/tlog/note.ts'
import { readLogOrigin, verifierKeyObject } from '../log-origin.ts'

export interface LogKey {
  /** Which log it is: the name in its checkpoints and of its key. */
  readonly origin: string
  /** `<origin>+<id>+<key>`, as a verifier takes it. */
  readonly verifierKey: string
  /** The text of a checkpoint as a signed note. Throws `SignerUnavailable`. */
  sign(text: string): Promise<string>
  /** Throws a `NoteError` where a note is no checkpoint that this key has signed. */
  open(note: string): Checkpoint
}

/**
 * Also publishes the key to verify with, for everybody: once, under the name that the log then keeps. Throws where
 * another key stands there, or this one is not Ed25519.
 */
export async function openLogKey(objects: Objects, issuer: string, signer: Signer): Promise<LogKey> {
  const { alg, publicJwk } = signer
  if (alg !== 'Ed25519') throw new TypeError('checkpoints are signed with Ed25519')
  const raw = Buffer.from(publicJwk.x, 'base64url')
  const origin = await readLogOrigin(objects, issuer)
  const verifierKey = await formatVerifierKey(origin, keyType.ed25519, raw)
  const bytes = new TextEncoder().encode(`${verifierKey}\n`)
  if (!(await objects.put(verifierKeyObject, bytes, { ifAbsent: true })).ok) {
    const there = await objects.get(verifierKeyObject)
    if (there === undefined || !sameHash(there.bytes, bytes))
      throw new Error('another key is published than the one that checkpoints would be signed with')
  }
  const id = await keyId(origin, keyType.ed25519, raw)
  const key: KeyObject = createPublicKey({ key: { ...publicJwk }, format: 'jwk' })
  return {
    origin,
    verifierKey,
    async sign(text) {
      const bytes = await signer.sign(new TextEncoder().encode(text))
      return formatNote({ text, signatures: [{ name: origin, id, bytes }] })
    },
    open(note) {
      const { text, signatures } = parseNote(note)
      const own = signatures.filter(signature => signature.name === origin && signature.id === id)
      if (own.length === 0) throw new NoteError(`it has no signature of ${origin} (${id})`)
      const message = new TextEncoder().encode(text)
      if (!own.every(({ bytes }) => verify(null, message, key, bytes)))
        throw new NoteError(`the signature of ${origin} does not verify`)
      const checkpoint = parseCheckpoint(text)
      if (checkpoint.origin !== origin) throw new NoteError(`it is a checkpoint of ${checkpoint.origin}`)
      return checkpoint
    },
  }
}
