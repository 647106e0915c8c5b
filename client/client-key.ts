import { calculateThumbprint } from 'dpop'
import type { CryptoKey, CryptoKeyPair } from 'oauth4webapi'

/** A private key as RFC 7517 and RFC 8037 write it: P-256, P-384 or Ed25519. */
export interface PrivateJwk {
  readonly kty: string
  readonly crv: string
  readonly x: string
  readonly y?: string | undefined
  readonly d: string
  readonly kid?: string | undefined
}

/** What a client authenticates with. A bare `CryptoKey` does not tell its `kid`: state that beside it. */
export type ClientKey = PrivateJwk | CryptoKey | CryptoKeyPair

export interface SigningKey {
  readonly key: CryptoKey
  /** Of the registered public key: as stated, else in the JWK, else its RFC 7638 thumbprint. */
  readonly kid: string
}

export const namesItsKid = (key: ClientKey): boolean => 'd' in key || 'privateKey' in key

/** Throws a `TypeError` that tells nothing of the key where it is none that can sign here. */
export async function readClientKey(key: ClientKey, kid?: string): Promise<SigningKey> {
  if ('d' in key) return readJwk(key, kid)
  if ('privateKey' in key)
    return { key: key.privateKey, kid: kid ?? (await calculateThumbprint(key.publicKey)) }
  if (kid === undefined) throw new TypeError('The kid of the client key is missing.')
  return { key, kid }
}

async function readJwk({ d, ...rest }: PrivateJwk, kid: string | undefined): Promise<SigningKey> {
  const { kty, crv, x, y } = rest
  const jwk = { kty, crv, x, ...(y !== undefined && { y }) }
  const algorithm = crv === 'Ed25519' ? { name: crv } : { name: 'ECDSA', namedCurve: crv }
  try {
    return {
      key: await crypto.subtle.importKey('jwk', { ...jwk, d }, algorithm, false, ['sign']),
      kid:
        kid ??
        rest.kid ??
        (await calculateThumbprint(await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify']))),
    }
  } catch {
    throw new TypeError('The client key is no private JWK of P-256, P-384 or Ed25519.')
  }
}
