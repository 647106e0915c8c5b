import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { encodeObject } from '../../shared/oauth/compact-jws.ts'
import { thumbprint } from '../../shared/oauth/public-jwk.ts'
import type { PublicJwk, Signer } from '../../shared/ports/keys.ts'

/** Ed25519, because its signatures are the same in every run (RFC 8032 §5.1.6). */
const alg = 'Ed25519'

export interface SimulatedKey {
  readonly jwk: PublicJwk
  readonly kid: string
  readonly signer: Signer
  /** A compact JWS. */
  jws(header: object, payload: object): string
}

/** The key pair of 32 bytes that `fill` repeats. */
export function simulatedKey(fill: number): SimulatedKey {
  const key = privateKey(Buffer.alloc(32, fill))
  const { kty, crv, x } = createPublicKey(key).export({ format: 'jwk' })
  if (kty !== 'OKP' || crv === undefined || x === undefined) throw new Error('no Ed25519 key')
  const jwk: PublicJwk = { kty, crv, x }
  const kid = thumbprint(jwk)
  return {
    jwk,
    kid,
    signer: { kid, alg, publicJwk: jwk, sign: async bytes => sign(null, bytes, key) },
    jws(header, payload) {
      const input = `${encodeObject({ alg, ...header })}.${encodeObject(payload)}`
      return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`
    },
  }
}

/** PKCS #8 (RFC 8410 §7) around the 32 bytes. */
const privateKey = (bytes: Buffer): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), bytes]),
    format: 'der',
    type: 'pkcs8',
  })
