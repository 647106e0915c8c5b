import { hash } from 'node:crypto'

/**
 * Names a user of a provider in a key: SHA-256, base64url, over both parts in JSON, so that no other pair has the same
 * text. A subject alone means nothing: another provider may give out the same (OpenID Connect Core §5.7).
 */
export const identityHash = (issuer: string, subject: string): string =>
  hash('sha256', JSON.stringify([issuer, subject]), 'base64url')
