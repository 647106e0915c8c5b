/** Keys for notes, from seeds, so that every signature comes out the same. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { cosignature, cosignatureInput } from '../../../shared/tlog/cosignature.ts'
import {
  formatVerifierKey,
  type KeyType,
  keyType,
  type NoteSignature,
  parseVerifierKey,
  type VerifierKey,
} from '../../../shared/tlog/note.ts'
import { fromHex, utf8 } from './naive-tree.ts'

export interface SigningKey {
  readonly key: VerifierKey
  /** Over the text itself. */
  sign(text: string): NoteSignature
  cosign(text: string, at: number): NoteSignature
}

const pkcs8 = fromHex('302e020100300506032b657004220420')

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
}

export async function signingKey(
  name: string,
  seed: Uint8Array = new Uint8Array(32).fill(7),
  type: KeyType = keyType.ed25519,
): Promise<SigningKey> {
  const secret = privateKey(seed)
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  const key = await parseVerifierKey(await formatVerifierKey(name, type, new Uint8Array(spki.subarray(-32))))
  const over = (input: Uint8Array): Uint8Array => new Uint8Array(sign(null, input, secret))
  return {
    key,
    sign: text => ({ name: key.name, id: key.id, bytes: over(utf8(text)) }),
    cosign: (text, at) => cosignature(key, at, over(cosignatureInput(text, at))),
  }
}
