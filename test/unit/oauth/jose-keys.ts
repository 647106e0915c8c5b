import { CompactSign, type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import type { PublicJwk, Signer, SigningAlgorithm } from '../../../shared/ports/keys.ts'

/** A key pair of jose: our verifiers are judged by somebody else's signatures, and the other way round. */
export interface JoseKey {
  readonly alg: SigningAlgorithm
  readonly jwk: PublicJwk
  readonly kid: string
  readonly privateKey: CryptoKey
}

export async function joseKey(alg: SigningAlgorithm = 'ES256'): Promise<JoseKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = (await exportJWK(publicKey)) as PublicJwk
  return { alg, jwk, kid: await calculateJwkThumbprint({ ...jwk }), privateKey }
}

/** Signs any header, also one that no verifier may accept. */
export const joseSign = (key: JoseKey, header: object, payload: object): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: key.alg, ...header })
    .sign(key.privateKey, { crit: { custom: true } })

export const joseSigner = (key: JoseKey): Signer => ({
  kid: key.kid,
  alg: key.alg,
  publicJwk: key.jwk,
  sign: async bytes => {
    const { subtle } = globalThis.crypto
    const algorithm = key.alg === 'Ed25519' ? 'Ed25519' : { name: 'ECDSA', hash: `SHA-${key.alg.slice(2)}` }
    return new Uint8Array(await subtle.sign(algorithm, key.privateKey, Uint8Array.from(bytes)))
  },
})

/** The same compact JWS with another header in front: its signature no longer fits. */
export const withHeader = (token: string, header: object): string =>
  [Buffer.from(JSON.stringify(header)).toString('base64url'), ...token.split('.').slice(1)].join('.')

export const without = (claims: object, name: string): object =>
  Object.fromEntries(Object.entries(claims).filter(([each]) => each !== name))
