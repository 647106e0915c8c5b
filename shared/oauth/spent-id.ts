import { hash } from 'node:crypto'

/**
 * Seconds by which an id is kept beyond the last moment at which it would be accepted: instances do not
 * share one clock.
 */
export const keptBeyond = 20

/** Of an id that its sender chose: SHA-256, base64url, so that the length of a key is ours. */
export const hashId = (jti: string): string => hash('sha256', jti, 'base64url')
