/**
 * What the log has of words that are kept from some of its readers. Few words could be guessed by a digest of them
 * alone; with a salt, which stands in no entry, only those can try who are shown the words and the salt with them.
 */
import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { decodeBase64url, encodeBase64url } from '../../../shared/oauth/base64url.ts'
import type { Random } from '../../../shared/ports/world.ts'

/** Bytes: as many as nobody tries. */
const saltLength = 16

export interface SaltedWords {
  /** 16 random bytes, base64url. */
  readonly salt: string
  readonly title?: string
  readonly text: string
}

export const newSalt = (random: Random): string => encodeBase64url(random.bytes(saltLength))

/** SHA-256 of the canonical JSON (RFC 8785) of salt, title and text, base64url. */
export function wordsDigest({ salt, title, text }: SaltedWords): string {
  if (decodeBase64url(salt)?.length !== saltLength) throw new Error('words are digested with a salt')
  const words = canonicalize({ salt, ...(title !== undefined && { title }), text })
  if (words === undefined) throw new TypeError('the words have no canonical form')
  return hash('sha256', words, 'base64url')
}
