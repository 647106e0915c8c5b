/**
 * Base64url without padding (RFC 7515 §2), or `undefined`. Each byte string has one accepted spelling:
 * set trailing bits (RFC 4648 §3.5), foreign characters and padding are refused, so that no token has a twin.
 */
export function decodeBase64url(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

export const encodeBase64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
