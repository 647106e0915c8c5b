/** JWS algorithms of RFC 7518 and RFC 8037 (by its RFC 9864 name) that this system uses. */
export type SigningAlgorithm = 'ES256' | 'ES384' | 'Ed25519'

export interface PublicJwk {
  readonly kty: 'EC' | 'OKP'
  readonly crv: string
  readonly x: string
  readonly y?: string
}

/** A private key that never leaves its holder (KMS; embedded: a file of mode 0600). */
export interface Signer {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string
  readonly alg: SigningAlgorithm
  readonly publicJwk: PublicJwk
  /** A JWS signature: R‖S for ECDSA (RFC 7518 §3.4). Throws `SignerUnavailable`. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

export class SignerUnavailable extends Error {
  override readonly name = 'SignerUnavailable'
}

/** One HMAC root a domain, so that a function derives only what its role allows. */
export const secretDomains = ['nonce', 'seal', 'watermark', 'log', 'webhook'] as const
export type SecretDomain = (typeof secretDomains)[number]

/** Every operation may throw `SecretsUnavailable`. */
export interface Secrets {
  /** 32 bytes, the same for the same domain and label, unrelated for any other. */
  derive(domain: SecretDomain, label: string): Promise<Uint8Array>
  /** Authenticated encryption under a wrapping key; `unwrap` throws on anything that `wrap` did not make. */
  wrap(bytes: Uint8Array): Promise<Uint8Array>
  unwrap(bytes: Uint8Array): Promise<Uint8Array>
}

/** The holder of the secrets did not answer, or refused. */
export class SecretsUnavailable extends Error {
  override readonly name = 'SecretsUnavailable'
}
