import { hash } from 'node:crypto'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { equalTexts } from './equal-texts.ts'

export interface RefreshToken {
  readonly session: string
  /** What shows that it was given to whoever sends it, base64url of 32 bytes. */
  readonly secret: string
}

const grammar = /^rt_(session_[0-9a-hjkmnp-tv-z]{26})\.([A-Za-z0-9_-]{43})$/

/** `secret` has 32 random bytes. */
export const makeRefreshToken = (session: string, secret: Uint8Array): string =>
  `rt_${session}.${encodeBase64url(secret)}`

/** `rt_<session>.<secret>`, or nothing: anything else is no token of ours. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  const [, session, secret] = grammar.exec(text) ?? []
  if (session === undefined || secret === undefined) return undefined
  return decodeBase64url(secret)?.length === 32 ? { session, secret } : undefined
}

/** What is kept of it: SHA-256 of the secret's spelling, base64url. It is random, so no salt is needed. */
export const refreshHashOf = ({ secret }: RefreshToken): string => hash('sha256', secret, 'base64url')

export const isRefreshTokenOf = (token: RefreshToken, session: { readonly refreshHash: string }): boolean =>
  equalTexts(refreshHashOf(token), session.refreshHash)
