import { hash } from 'node:crypto'
import type { PublicJwk, SigningAlgorithm } from '../ports/keys.ts'
import { decodeBase64url } from './base64url.ts'
import { isObject } from './compact-jws.ts'

interface Curve {
  readonly kty: PublicJwk['kty']
  readonly crv: string
  /** Bytes of a coordinate; half of a signature. */
  readonly size: number
  readonly digest: 'sha256' | 'sha384' | undefined
}

/** RFC 7518 §3.4, RFC 9864 §2. What is not here is not accepted: neither RS256 nor `none`. */
export const curves: Readonly<Record<SigningAlgorithm, Curve>> = {
  ES256: { kty: 'EC', crv: 'P-256', size: 32, digest: 'sha256' },
  ES384: { kty: 'EC', crv: 'P-384', size: 48, digest: 'sha384' },
  Ed25519: { kty: 'OKP', crv: 'Ed25519', size: 32, digest: undefined },
}

export const algorithms: readonly SigningAlgorithm[] = ['ES256', 'ES384', 'Ed25519']

export const isAlgorithm = (alg: unknown): alg is SigningAlgorithm =>
  typeof alg === 'string' && Object.hasOwn(curves, alg)

/** Private and symmetric members (RFC 7518 §6.2.2, §6.3.2, §6.4.1). */
const secrets = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * The public key of a JWK that fits `alg`, reduced to the members that identify it; `undefined` for any
 * other key and for one that carries a secret. Whether the point lies on its curve shows at the import.
 */
export function readPublicJwk(value: unknown, alg: SigningAlgorithm): PublicJwk | undefined {
  if (!isObject(value) || secrets.some(member => Object.hasOwn(value, member))) return undefined
  const { kty, crv, size } = curves[alg]
  const { x, y } = value
  if (value.kty !== kty || value.crv !== crv || !isCoordinate(x, size)) return undefined
  if (kty === 'OKP') return { kty, crv, x }
  return isCoordinate(y, size) ? { kty, crv, x, y } : undefined
}

const isCoordinate = (value: unknown, size: number): value is string =>
  typeof value === 'string' && decodeBase64url(value)?.length === size

/** RFC 7638: SHA-256 over the required members in the order of their names, base64url. */
export function thumbprint({ kty, crv, x, y }: PublicJwk): string {
  const members = kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x }
  return hash('sha256', JSON.stringify(members), 'base64url')
}
