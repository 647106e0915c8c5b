import { createHmac } from 'node:crypto'
import { type Refusal, refuse } from '../domain/refusal.ts'
import { equalTexts } from './equal-texts.ts'

/** One nonce for everybody, changed each minute and kept nowhere: it only shows that a proof is fresh. */
const bucketMs = 60_000

/** The nonce to send as `DPoP-Nonce` (RFC 9449 §8). `key` has 32 bytes, `now` is in milliseconds. */
export const issueNonce = (key: Uint8Array, now: number): string => bucketNonce(key, bucketAt(now))

/** Nothing when the nonce is that of this minute or of the one before. */
export function requireNonce(nonce: string | undefined, key: Uint8Array, now: number): Refusal | undefined {
  if (nonce === undefined) return refuse('nonce_required', 'The proof carries no nonce.')
  const bucket = bucketAt(now)
  const known = equalTexts(nonce, bucketNonce(key, bucket)) || equalTexts(nonce, bucketNonce(key, bucket - 1))
  return known ? undefined : refuse('nonce_required', 'The nonce of the proof is not, or no longer, valid.')
}

const bucketAt = (now: number): number => Math.floor(now / bucketMs)

/** The nonces made last, by key: every request issues one and compares with two, and they change once a minute. */
const made = new WeakMap<Uint8Array, Map<number, string>>()

function bucketNonce(key: Uint8Array, bucket: number): string {
  const known = made.get(key) ?? new Map<number, string>()
  const nonce =
    known.get(bucket) ??
    createHmac('sha256', key).update(`dpop-nonce ${bucket}`).digest().toString('base64url', 0, 16)
  if (known.size > 8) known.clear()
  made.set(key, known.set(bucket, nonce))
  return nonce
}
