import type { KeyObject } from 'node:crypto'
import { signEs256 } from './token/ecdsa.ts'

export const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A compact JWT (RFC 7519 §3.1) of an encoded header, signed with ES256. */
export function signJwt(header: string, claims: object, key: KeyObject): string {
  const input = `${header}.${encoded(claims)}`
  return `${input}.${signEs256(Buffer.from(input), key).toString('base64url')}`
}
