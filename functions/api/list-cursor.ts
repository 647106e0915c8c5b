/**
 * Where a page of a list ended, as its caller is given it. The position names the last record that was looked at, also one
 * that the caller is not shown: it is sealed, for this caller and this list alone, so that it tells nothing of what there
 * is.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import { type Refusal, refuse } from '../../shared/domain/refusal.ts'
import { decodeBase64url, encodeBase64url } from '../../shared/oauth/base64url.ts'

/** Bytes. */
const [ivLength, tagLength] = [12, 16]
/** Bytes that a position is filled up to a multiple of: ids differ in length, and the names that people choose tell. */
const block = 256

/** Whose cursor it is, and of which list. */
export interface CursorOf {
  readonly caller: string
  readonly operation: string
}

const keysOf = (secret: Uint8Array, of: CursorOf): { readonly seal: Buffer; readonly iv: Buffer } => {
  const derived = Buffer.from(
    hkdfSync('sha256', secret, '', `list cursor\n${of.operation}\n${of.caller}`, 64),
  )
  return { seal: derived.subarray(0, 32), iv: derived.subarray(32) }
}

/** The same for the same position, so that a request that is repeated is answered the same. */
export function sealCursor(secret: Uint8Array, of: CursorOf, position: string): string {
  const { seal, iv: ivKey } = keysOf(secret, of)
  const text = Buffer.from(position)
  const filled = Buffer.alloc(Math.ceil((text.length + 4) / block) * block)
  filled.writeUInt32BE(text.length)
  text.copy(filled, 4)
  const iv = createHmac('sha256', ivKey).update(filled).digest().subarray(0, ivLength)
  const cipher = createCipheriv('aes-256-gcm', seal, iv)
  const sealed = Buffer.concat([iv, cipher.update(filled), cipher.final(), cipher.getAuthTag()])
  return encodeBase64url(sealed)
}

/** The position; refused is what was not sealed here, for this caller and this list. */
export function openCursor(secret: Uint8Array, of: CursorOf, cursor: string): string | Refusal {
  const wrong = (): Refusal =>
    refuse('body_malformed', 'after is the next of an earlier page.', { field: 'after' })
  const bytes = decodeBase64url(cursor)
  if (bytes === undefined || bytes.length < ivLength + tagLength + block) return wrong()
  const sealed = Buffer.from(bytes)
  try {
    const open = createDecipheriv('aes-256-gcm', keysOf(secret, of).seal, sealed.subarray(0, ivLength), {
      authTagLength: tagLength,
    })
    open.setAuthTag(sealed.subarray(-tagLength))
    const filled = Buffer.concat([open.update(sealed.subarray(ivLength, -tagLength)), open.final()])
    return filled.subarray(4, 4 + filled.readUInt32BE()).toString()
  } catch {
    return wrong()
  }
}
