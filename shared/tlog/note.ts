/** Signed notes (c2sp.org/signed-note): a text, an empty line, signature lines of whoever signed it. */
import { fromBase64, toBase64 } from './base64.ts'
import { webSha256 } from './hash.ts'

/** The first byte of a key: what its signatures are over, and how. */
export const keyType = { ed25519: 0x01, cosignature: 0x04 } as const
export type KeyType = (typeof keyType)[keyof typeof keyType]

export interface VerifierKey {
  readonly name: string
  /** 8 hexadecimal digits: with the name it says whose a signature is. */
  readonly id: string
  readonly type: KeyType
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array
}

export interface NoteSignature {
  readonly name: string
  readonly id: string
  /** Without the four bytes of the id. */
  readonly bytes: Uint8Array
}

export interface Note {
  /** With its final newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** Room for 16 signatures of the largest kind, of 5 kB each before base64, which every verifier has to accept. */
const maxNote = 256 * 1024
const maxSignatures = 32

const utf8 = new TextEncoder()
const nameShape = /^[^\p{White_Space}+]+$/u

/** Whether it is a name of a key (§ “Format”): not empty, no spaces of Unicode, no plus. */
export const isKeyName = (name: string): boolean => nameShape.test(name) && name.isWellFormed()

/** SHA-256(name ‖ newline ‖ type ‖ public key), of which the first four bytes (§ “Signatures”), in hexadecimal. */
export async function keyId(name: string, type: number, publicKey: Uint8Array): Promise<string> {
  const named = utf8.encode(`${name}\n`)
  const input = new Uint8Array(named.length + 1 + publicKey.length)
  input.set(named)
  input[named.length] = type
  input.set(publicKey, named.length + 1)
  return hex((await webSha256(input)).subarray(0, 4))
}

/** `<name>+<id>+<base64 of type and public key>` (§ “Verifier keys”). */
export async function formatVerifierKey(name: string, type: KeyType, publicKey: Uint8Array): Promise<string> {
  return `${name}+${await keyId(name, type, publicKey)}+${toBase64(Uint8Array.of(type, ...publicKey))}`
}

/** Throws a `NoteError` where it is no key, its id is not that of its key, or its type is not known here. */
export async function parseVerifierKey(text: string): Promise<VerifierKey> {
  const [, name, id, key] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? []
  const bytes = key === undefined ? undefined : fromBase64(key)
  if (name === undefined || id === undefined || bytes === undefined || !isKeyName(name))
    throw new NoteError('a verifier key reads <name>+<8 hexadecimal digits>+<base64>')
  const [type] = bytes
  if ((type !== keyType.ed25519 && type !== keyType.cosignature) || bytes.length !== 33)
    throw new NoteError(
      `the key of ${name} is not of a type that is verified here: 1 (Ed25519) or 4 (cosignature)`,
    )
  const publicKey = bytes.slice(1)
  if ((await keyId(name, type, publicKey)) !== id)
    throw new NoteError(`the id of ${name} is not that of its key`)
  return { name, id, type, publicKey }
}

/** It is no note, no key, or nobody who is trusted has signed it. */
export class NoteError extends Error {
  override readonly name = 'NoteError'
}

/** Throws a `NoteError` where it is none (§ “Format”). Nothing of it has been verified. */
export function parseNote(note: string): Note {
  if (note.length > maxNote) throw new NoteError(`a note has at most ${maxNote} characters`)
  if (!note.isWellFormed()) throw new NoteError('a note is a text of UTF-8')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note has none but newlines.
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw new NoteError('a note has no control characters')
  const at = note.lastIndexOf('\n\n')
  if (at < 0 || !note.endsWith('\n'))
    throw new NoteError('a note is a text, an empty line, and lines of signatures')
  const lines = note.slice(at + 2, -1).split('\n')
  if (lines.length > maxSignatures) throw new NoteError(`a note has at most ${maxSignatures} signatures`)
  return { text: note.slice(0, at + 1), signatures: lines.map(parseSignature) }
}

function parseSignature(line: string): NoteSignature {
  const [, name, encoded] = /^— ([^ ]+) ([^ ]+)$/.exec(line) ?? []
  const bytes = encoded === undefined ? undefined : fromBase64(encoded)
  if (name === undefined || bytes === undefined || bytes.length < 5 || !isKeyName(name))
    throw new NoteError('a signature reads: — <name> <base64 of the key’s id and the signature>')
  return { name, id: hex(bytes.subarray(0, 4)), bytes: bytes.slice(4) }
}

/** One line, with its newline. */
export function formatSignature({ name, id, bytes }: NoteSignature): string {
  const idBytes = [0, 2, 4, 6].map(i => Number.parseInt(id.slice(i, i + 2), 16))
  return `— ${name} ${toBase64(Uint8Array.of(...idBytes, ...bytes))}\n`
}

export const formatNote = ({ text, signatures }: Note): string =>
  `${text}\n${signatures.map(formatSignature).join('')}`

/** Whether this signature is this key's, by name and id: then it must verify. */
export const isOf = (key: VerifierKey, { name, id }: NoteSignature): boolean =>
  key.name === name && key.id === id

/** By WebCrypto (RFC 8032 §5.1.7). What is no key has signed nothing. */
export async function verifyEd25519(
  publicKey: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  const owned = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes)
  const key = await crypto.subtle
    .importKey('raw', owned(publicKey), 'Ed25519', false, ['verify'])
    .catch(() => undefined)
  return key !== undefined && crypto.subtle.verify('Ed25519', key, owned(signature), owned(message))
}

/**
 * The text, as its log signed it (§ “Signatures”). Throws a `NoteError` where that is not so: no signature of this key,
 * or one that does not verify. Those of other keys, of the same name or the same id too, say nothing.
 */
export async function openNote(note: string, key: VerifierKey): Promise<Note> {
  // A cosignature is over more than the text.
  if (key.type !== keyType.ed25519) throw new NoteError(`the key of ${key.name} signs no notes by itself`)
  const parsed = parseNote(note)
  const own = parsed.signatures.filter(signature => isOf(key, signature))
  if (own.length === 0) throw new NoteError(`it has no signature of ${key.name} (${key.id})`)
  for (const { bytes } of own)
    if (!(await verifyEd25519(key.publicKey, bytes, utf8.encode(parsed.text))))
      throw new NoteError(`the signature of ${key.name} does not verify`)
  return parsed
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
